"""Compares programs by what they do on given tests, every other kind as before.

For one question, since its tests belong to it. A program that passes no test is known to be wrong
and takes no part in a vote.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from ..values import Kind
from .base import Equality


class Behaviour(Protocol):
    """Tells which given tests a program passes. Implementation: `verifiers/code_tests.py`."""

    async def passes(self, program: str) -> tuple[bool, ...]:
        """Return one entry a test, in their order."""
        ...


class BehaviourKeys:
    """Keys of programs from their behaviour; each distinct program is run once a call."""

    def __init__(self, others: Equality, behaviour: Behaviour) -> None:
        self._others = others
        self._behaviour = behaviour

    async def keys(self, answers: Sequence[str], kind: Kind) -> list[str | None]:
        """Return one key an answer, in their order; None for one that takes no part in a vote."""
        if kind != "code":
            return await self._others.keys(answers, kind)
        once = list(dict.fromkeys(answers))
        passed = await asyncio.gather(*map(self._behaviour.passes, once))
        keys = {
            program: f"b:{''.join('+' if one else '-' for one in tests)}" if any(tests) else None
            for program, tests in zip(once, passed, strict=True)
        }
        return [keys[answer] for answer in answers]
