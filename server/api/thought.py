"""What a Python caller gets: the answer with its numbers, and what is told on the way to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `nodes.state` brings half the package, and only names are needed
    from ...nodes.events import NodeName
    from ...nodes.state import StopReason


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensSpent:
    """Tokens of a run, as the model servers counted them."""

    prompt: int
    """Read by the generator, cached ones included."""
    cached: int
    """The part of what was read that came from a prefix cache."""
    verifier: int
    """Read by verifiers."""
    completion: int
    """Generated, thrown away or not."""
    thinking: int
    """The part of `completion` that is not in the answer's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """An answer, and how it was found."""

    text: str
    """The chosen candidate, whole."""
    answer: str | None
    """The final answer in it, as written; None where the kind of question has none."""
    confidence: float | None
    """Share of the vote, in [0, 1]; not calibrated."""
    probability: float | None
    """P(it is right) by the policy's calibrated model; None without one."""
    stop_reason: StopReason
    generations: int
    usage: TokensSpent
    seconds: float
    trace_id: str
    """Where the run is stored: `forethought traces show ID`."""
    whole: bool
    """False when the text was cut: a marked partial result."""
    faults: tuple[str, ...]
    """What went wrong on the way and was survived."""
    needs_met: bool | None
    """Whether all that was stated as needed was met; None where nothing was."""
    level: int | None
    """Of difficulty, 1 to 5; None where it was not estimated."""
    strategy: str | None
    """What was planned last; None where nothing had to be."""
    thinking: str
    """What was told on the way, as people read it; empty when the model was asked once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinking:
    """A piece of a draft, while it is written."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEnded:
    """A stage has ended. Only in this process: a server tells the same words as `Thinking`."""

    node: NodeName
    text: str
    """What it found, in plain words, after the drafts that were not told yet."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """A piece of the answer's text; together they are `Thought.text`."""

    text: str


ThoughtEvent = Thinking | NodeEnded | Answering | Thought
"""In order: what is thought, the text of the answer, and last the whole `Thought`, once."""
