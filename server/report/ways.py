"""How each way to answer looks in every chart, and what it is in a sentence.

Colours are names of CSS variables, so that one page serves light, dark and paper; a dash tells apart
what shares a colour. The colours are those of Okabe and Ito, which colour-blind people can tell.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...nodes.learning.study import Way

Dash = tuple[float, tuple[float, ...]]
SOLID: Dash = (0, ())
DASHED: Dash = (0, (4, 2))
DOTTED: Dash = (0, (1, 1.6))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a way is drawn and named."""

    label: str
    """Short, for charts."""
    ink: str
    dash: Dash = SOLID
    width: float = 1.6
    """Of its line, in pixels."""
    words: str


LOOKS: dict[Way, Look] = {
    "best-of-N weighted": Look(
        label="best-of-N",
        ink="baseline",
        width=2.4,
        words="draws all N at once; each answer's weight is the sum of its verifier scores. What"
        " the others are held against.",
    ),
    "best-of-N weighted, early stop": Look(
        label="best-of-N, early stop",
        ink="stop",
        dash=DASHED,
        words="as best-of-N weighted, in waves, until the vote is decided.",
    ),
    "majority": Look(
        label="majority",
        ink="majority",
        words="draws all N at once and counts votes; no verifier, whose tokens it saves.",
    ),
    "majority, early stop": Look(
        label="majority, early stop",
        ink="majority",
        dash=DASHED,
        words="as majority, in waves, until the vote is decided.",
    ),
    "continuous controller": Look(
        label="controller",
        ink="ours",
        width=2.4,
        words="the policy: weighs after every wave what more samples of this question are worth.",
    ),
    "five levels, predicted": Look(
        label="levels, predicted",
        ink="levels",
        words="the paper's scheme: each difficulty level has its own strategy and N.",
    ),
    "five levels, oracle": Look(
        label="levels, oracle",
        ink="levels",
        dash=DOTTED,
        words="the same scheme with levels read off the gold answers: cannot be had at run time.",
    ),
}
