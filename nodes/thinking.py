"""The thinking phase of reasoning models, told from the answer by its tags.

A model closes its thinking with a tag; many chat templates open it in the prompt, so that the opening
tag is not in the text. What stands before the last closing tag is thinking, and so is what follows an
opening tag that nothing closes. What is left is the answer: the only part that is compared, shown
again to the model, or scored.
"""

from __future__ import annotations

from dataclasses import dataclass

OPEN = "<think>"
CLOSE = "</think>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """A text, parted; neither part holds a tag of the other, and both are stripped."""

    thinking: str
    answer: str


def part_thinking(text: str) -> Thought:
    """Return the thinking and the answer of `text`; the first is empty where there is none."""
    before, _, answer = text.rpartition(CLOSE)
    written, opened, unclosed = answer.partition(OPEN)
    pieces = (_untagged(before), unclosed.strip()) if opened else (_untagged(before),)
    return Thought(
        thinking="\n\n".join(piece for piece in pieces if piece),
        answer=(written if opened else answer).strip(),
    )


def without_thinking(text: str) -> str:
    """Return the answer in `text`; `text` itself, untouched, where it holds no tag."""
    return part_thinking(text).answer if OPEN in text or CLOSE in text else text


def is_thinking(text: str) -> bool:
    """Say whether a text that goes on goes on inside tags of its own."""
    return text.rfind(OPEN) > text.rfind(CLOSE)


def _untagged(text: str) -> str:
    return text.replace(OPEN, "").replace(CLOSE, "").strip()
