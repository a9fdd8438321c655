"""The text that process reward models of the Qwen2.5-Math-PRM format read.

ChatML: a fixed system line, the question as the user's turn, the solution as the assistant's, each
step followed by the tag whose position carries the score. Format: model card of Qwen2.5-Math-PRM-7B.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..values import Question

STEP_TAG = "<extra_0>"
SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."


def render_solution(question: Question, steps: Sequence[str]) -> str:
    """Return the text with one tag a step, and no other tag, whatever the steps hold."""
    turns = [("system", SYSTEM)]
    turns += [(m.role, plain(m.content)) for m in question.messages if m.role != "system"]
    tagged = "".join(f"{plain(step)}{STEP_TAG}" for step in steps)
    turns.append(("assistant", tagged))
    return "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in turns)


def plain(text: str) -> str:
    """Return `text` without what the tokenizer would read as control tokens."""
    # Replaced, not removed: what is left and right of a tag could make another one.
    return text.replace(STEP_TAG, "(extra_0)").replace("<|", "< |")
