"""Cuts a text into steps of reasoning: at blank lines, stripped, empty ones dropped."""

from __future__ import annotations

import re

from .candidate import Step

STEP_END = "\n\n"
_BLANK_LINES = re.compile(r"\n[ \t\r]*\n")


def split_steps(text: str) -> list[str]:
    """Return the steps of `text`; empty for an empty text.

    The newline split of arXiv 2408.03314, appendix D, with a blank line as the mark, since chat
    models break lines inside a step.
    """
    return [piece for part in _BLANK_LINES.split(text) if (piece := part.strip())]


def chain_steps(texts: list[str], key: str) -> tuple[Step, ...]:
    """Return steps with these texts, each the parent of the next, keyed under `key`."""
    steps: list[Step] = []
    for number, text in enumerate(texts):
        parent = steps[-1].key if steps else None
        steps.append(Step(key=f"{key}.{number}", parent=parent, text=text))
    return tuple(steps)
