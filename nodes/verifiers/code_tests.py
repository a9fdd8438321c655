"""Scores programs by the share of given tests that they pass, run locked up (`locked.py`).

A test is a piece of Python that raises nothing when it passes, and sees what the program defined. The
program runs once, under a name that is not `__main__`, and each test in a copy of its names; what is not
passed when a limit ends it has failed. Off unless the caller says so, since it runs what a model wrote.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Sequence

from ..equality.blocks import last_program
from ..values import Question, Usage
from .base import Granularity, Scored
from .locked import Limits, run_locked

AT_ONCE = 2
_HARNESS = """
import json, os, sys
source, tests, sign = json.loads({given!r})
out = os.dup(1)
os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
names = {{"__name__": "program"}}
exec(compile(source, "program.py", "exec"), names)
for number, test in enumerate(tests):
    try:
        exec(compile(test, "test.py", "exec"), dict(names))
    except BaseException:
        continue
    os.write(out, f"{{sign}} {{number}}\\n".encode())
"""


class CodeTests:
    """Runs programs against the tests of one question; what was run once is remembered.

    It is a verifier of whole solutions, and the `Behaviour` by which programs are equal.
    """

    def __init__(
        self,
        tests: Sequence[str],
        *,
        may_run_code: bool = False,
        limits: Limits | None = None,
        at_once: int = AT_ONCE,
    ) -> None:
        """Take at least one test.

        Raises:
            ValueError: there is none, or running code is not switched on.
        """
        if not tests:
            raise ValueError("tests must be at least one, not none")
        if not may_run_code:
            raise ValueError("may_run_code must be True before a model's programs are run")
        self._tests = tuple(tests)
        self._limits = limits or Limits()
        self._places = asyncio.Semaphore(at_once)
        self._passed: dict[str, tuple[bool, ...]] = {}

    @property
    def model(self) -> str:
        """What scores."""
        return "code-tests"

    @property
    def granularity(self) -> Granularity:
        """A solution gets one score."""
        return "solution"

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Score the last program of each solution; one without any passes nothing.

        Raises:
            NotLocked: programs cannot be locked up here.
        """
        programs = [last_program("\n\n".join(steps)) for steps in solutions]
        once = list(dict.fromkeys(program for program in programs if program is not None))
        shares = dict(zip(once, await asyncio.gather(*map(self._share, once)), strict=True))
        return Scored(
            scores=tuple((0.0 if one is None else shares[one],) for one in programs),
            usage=Usage(),
        )

    async def passes(self, program: str) -> tuple[bool, ...]:
        """Return which tests a program passes, in their order.

        Raises:
            NotLocked: it cannot be locked up here.
        """
        if program not in self._passed:
            async with self._places:
                self._passed[program] = await self._run(program)
        return self._passed[program]

    async def _share(self, program: str) -> float:
        passed = await self.passes(program)
        return sum(passed) / len(passed)

    async def _run(self, program: str) -> tuple[bool, ...]:
        sign = secrets.token_hex(16)  # so that no program passes by what it prints
        given = json.dumps([program, self._tests, sign])
        ran = await run_locked(_HARNESS.format(given=given), self._limits)
        lines = set(ran.output.decode(errors="replace").splitlines())
        return tuple(f"{sign} {number}" in lines for number in range(len(self._tests)))
