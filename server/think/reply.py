"""The reply of `POST /v1/think`: everything about a run but its single steps, which its trace has."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from ...nodes.algorithms.base import Selection
from ...nodes.budget import Effort
from ...nodes.difficulty.base import Level
from ...nodes.state import StopReason


class _Edge(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Alternative(_Edge):
    """One of the answers that were found: equal ones are one."""

    answer: str | None
    """The final answer as its best text wrote it; null where none was found in it."""
    chosen: bool
    """It is the one that answers."""
    votes: int
    """How many texts end in it."""
    weight: float | None
    """What they weigh together: their number, or the sum of their scores; null where nothing was
    compared."""
    share: float | None
    """Of the weight of all, in [0, 1]."""
    score: float | None
    """The verifier's best score of one of them, in [0, 1]; null where none was scored."""
    text: str
    """The best of them, whole."""
    candidates: list[str]
    """Their keys in the trace, best first."""


class VoteReply(_Edge):
    """How the answer was chosen."""

    selection: Selection
    confidence: float | None
    """Share of the weight that the answer has; not calibrated."""
    margin: float | None
    """That share less the share of the next answer."""
    decided: bool
    """More of the same would hardly change it."""


class DifficultyReply(_Edge):
    """How hard the question was found to be."""

    probability: float
    """P(one sample is right), in [0, 1]."""
    level: Level
    """1 is the easiest, 5 the hardest."""
    method: str
    """How it was found."""
    samples: int
    """How many samples it rests on."""


class PlanReply(_Edge):
    """What a policy chose, and why."""

    strategy: str
    numbers: dict[str, JsonValue]
    """The strategy's own, by its name for them; a request may ask for it by these."""
    revisions: dict[str, JsonValue] | None
    """What was to be done while the vote stays in doubt."""
    selection: Selection
    generations: int
    """What it costs when it runs to its end."""
    policy: str
    why: str
    level: Level
    """Of difficulty, for which it was chosen."""


class UsageReply(_Edge):
    """Tokens, as the model servers counted them."""

    calls: int
    prompt_tokens: int
    """Read by the generator, cached ones included."""
    cached_tokens: int
    completion_tokens: int
    """Generated, thrown away or not."""
    thinking_tokens: int
    """The part of `completion_tokens` that is not in `text`."""
    verifier_tokens: int
    """Read by verifiers."""
    total_tokens: int


class ThinkReply(_Edge):
    """An answer, and how it was found."""

    object: Literal["thought"] = "thought"
    trace_id: str
    """Where the run is stored: `GET /v1/traces/{id}`."""
    model: str
    effort: Effort
    text: str
    """The chosen text."""
    answer: str | None
    """The final answer in it, as written."""
    whole: bool
    """False when the text was cut: a marked partial result."""
    confidence: float | None
    """Share of the vote, in [0, 1]; not calibrated."""
    probability: float | None
    """P(it is right) by the policy's calibrated model; null without one."""
    needs_met: bool | None
    """Whether all that was stated as needed was met; null where nothing was."""
    stop_reason: StopReason
    alternatives: list[Alternative]
    """The answers that were found, the chosen one first, then by weight."""
    left_out: int
    """Answers that are not in `alternatives`, which is bounded."""
    vote: VoteReply | None
    """Null where no vote was taken."""
    difficulty: DifficultyReply | None
    """Null where it was not estimated."""
    strategy: str | None
    """Of the last plan; null where nothing was planned."""
    policy: str | None
    """Which one chose it."""
    plans: list[PlanReply]
    """Oldest first."""
    thinking: list[str]
    """What the run told, in plain words, a text a stage; sampled texts are excerpts."""
    generations: int
    """Whole sampled answers that were spent."""
    usage: UsageReply
    seconds: float
    faults: list[str]
    """What went wrong on the way and was survived."""
