"""What a search finds: steps, and the candidates they end in.

A step knows its parent's key, so branches that share a beginning share its steps. Keys are unique
in a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Origin = Literal["pilot", "search", "revision", "direct"]
Ending = Literal["whole", "length", "empty", "repeated", "rounds", "pruned", "rollout", "stopped"]
"""How a branch ended. Only `whole` ones are answers.

`length`: cut at the token limit. `empty`, `repeated`: the model had no next step. `rounds`: the
search reached its last round. `pruned`: the search gave the branch up. `rollout`: a whole answer
that lookahead search met while ranking a step, kept as a last resort. `stopped`: the budget ran out,
or a model server failed, while it was open.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of reasoning."""

    key: str
    parent: str | None
    """Key of the step before it; None for the first."""
    text: str
    n_tokens: int | None = None
    """None when a whole answer was split into steps after it was sampled."""
    token_ids: tuple[int, ...] | None = None
    score: float | None = None
    """The process verifier's score of the answer up to and with this step."""
    confidences: tuple[float, ...] | None = None
    """As in `Completion`, while the branch is open and its search watches them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A branch that has ended: a whole answer, or what is left of one."""

    key: str
    origin: Origin
    ending: Ending
    text: str
    steps: tuple[Step, ...] = ()
    """First to last; their texts make up `text`, white space at the joints and thinking apart."""
    thinking: str = ""
    """What the model wrote between thinking tags: never compared, never sent back."""
    n_tokens: int
    """Generated for this candidate, shared steps included."""
    attempts: tuple[str, ...] = ()
    """Keys of the earlier attempts that were in its context, oldest first."""
    answer: str | None = None
    """The final answer as it was written; None when none was found."""
    answer_key: str | None = None
    """Equal for equal answers; None takes no part in a vote."""
    score: float | None = None
    """The verifier's score of the whole solution, in [0, 1]; None when it was not scored."""
    confidence: float | None = None
    """What its token log-probabilities say by the measure of its strategy, higher is surer."""
    vote: float | None = None
    """What it weighs where `confidence` selects; 0 or more. None is not weighed."""

    @property
    def whole(self) -> bool:
        """Whether the model ended it itself."""
        return self.ending == "whole"

    @property
    def votes(self) -> bool:
        """Whether it takes part in a vote."""
        return self.whole and self.answer_key is not None
