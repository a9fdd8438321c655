"""Reads the final answers off candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..candidate import Candidate
from ..values import Kind
from .base import Equality, Finder
from .extract import extract_answer


async def read_answers(
    candidates: Sequence[Candidate], kind: Kind, equality: Equality
) -> tuple[Candidate, ...]:
    """Return the candidates in their order, the whole ones with answer and key where they state one."""
    found: dict[str, str] = {}
    own = equality.find if isinstance(equality, Finder) else None
    for c in candidates:
        if c.whole and c.answer is None:
            answer = extract_answer(c.text, kind) if own is None else own(c.text)
            if answer is not None:
                found[c.key] = answer
    keys = await equality.keys(list(found.values()), kind)
    read = dict(zip(found, keys, strict=True))
    return tuple(
        replace(c, answer=found[c.key], answer_key=read[c.key]) if c.key in found else c
        for c in candidates
    )
