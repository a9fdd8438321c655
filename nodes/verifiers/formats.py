"""How the families of verifiers behind vLLM's pooling server are asked and read.

`qwen-prm`: Qwen2.5-Math-PRM and its kin, two probabilities a step tag. `math-shepherd`: two
probabilities or logits, or one logit, a step tag. `step-head`: a language model converted to a
classifier of one or two classes (the second is good), served with STEP pooling at the tag of
`qwen-prm`. `last-head`: the same served for `/classify`, which scores the end of a text: a text for
every beginning of a solution, so that the server's prefix cache has all but the newest step. STEP
servers read no prefix cache (vLLM 0.32 and 0.33).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..values import Question
from . import shepherd_format
from .prm_format import plain, render_solution


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFormat:
    """One family."""

    route: Literal["/pooling", "/classify"]
    texts: Callable[[Question, Sequence[str]], list[str]]
    """What to send for one solution. `/pooling` gives a score a tag of each text, `/classify` one."""
    good: Callable[[Sequence[float]], float]
    """From the values at one place to P(good).

    Raises:
        ValueError: these are not the values of this family.
    """
    logits: bool = True
    """Ask for logits, so that they cannot be taken for probabilities."""


def probability(values: Sequence[float], *, good: int) -> float:
    """Return P(good) from one logit of good, or from two logits or probabilities, `good` in place.

    Raises:
        ValueError: there are more, or they are no numbers.
    """
    if not values or not all(map(math.isfinite, values)):
        raise ValueError(f"values must be finite numbers, not {values!r}")
    if len(values) == 1:
        return _sigmoid(values[0])
    if len(values) != 2:
        raise ValueError(f"values must be one or two, not {len(values)}")
    if all(0 <= value <= 1 for value in values) and math.isclose(sum(values), 1, abs_tol=2e-3):
        return values[good]  # 2e-3: probabilities in bfloat16
    return _sigmoid(values[good] - values[1 - good])


def open_texts(question: Question, steps: Sequence[str]) -> list[str]:
    """Return a ChatML text for every beginning of a solution, its last turn left open."""
    turns = "".join(
        f"<|im_start|>{m.role}\n{plain(m.content)}<|im_end|>\n" for m in question.messages
    )
    begun = [plain(step) for step in steps]
    return [
        f"{turns}<|im_start|>assistant\n" + "\n\n".join(begun[: k + 1]) for k in range(len(begun))
    ]


def _sigmoid(logit: float) -> float:
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    return math.exp(logit) / (1 + math.exp(logit))


def _second(values: Sequence[float]) -> float:
    return probability(values, good=1)


def _pair(values: Sequence[float]) -> float:
    if len(values) != 2:
        raise ValueError(f"values must be a pair, not {len(values)}")
    return probability(values, good=1)


TEXT_FORMATS: dict[str, TextFormat] = {
    "qwen-prm": TextFormat(
        route="/pooling", texts=lambda q, s: [render_solution(q, s)], good=_pair, logits=False
    ),
    "math-shepherd": TextFormat(
        route="/pooling",
        texts=lambda q, s: [shepherd_format.render_solution(q, s)],
        good=lambda values: probability(values, good=0),
    ),
    "step-head": TextFormat(
        route="/pooling", texts=lambda q, s: [render_solution(q, s)], good=_second
    ),
    "last-head": TextFormat(route="/classify", texts=open_texts, good=_second),
}
