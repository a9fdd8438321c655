"""What a run knows, stage by stage, and what it may use. Each key has one writer."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal, NotRequired, TypedDict

from .algorithms.base import Search, Selection
from .backends.base import Generator
from .budget import Meter
from .candidate import Candidate
from .difficulty.base import Difficulty
from .equality.base import Equality
from .logistic import LogisticModel
from .needs import Needs
from .policy.base import Plan, Policy
from .policy.document import DifficultyModel
from .values import Kind, Question, Sampling, ToolCall, Usage
from .verdict import Verdict
from .verifiers.base import ProcessVerifier

StopReason = Literal[
    "direct",
    "confident",
    "decided",
    "needs_met",
    "not_worth_more",
    "completed",
    "generations",
    "tokens",
    "deadline",
    "upstream",
    "no_whole_answer",
]
"""Why a run stopped looking.

`direct`: one call was asked for. `confident`: the pilot agreed. `decided`: the vote was closed
early. `needs_met`: all that the caller needs is met. `not_worth_more`: the strategy does not expect
more samples to pay. `completed`: the strategy ran to its end. `generations`, `tokens`, `deadline`: that part of
the budget ran out. `upstream`: a model server failed and the answer is the best before that.
`no_whole_answer`: every sample was cut, and the reply is one of those, marked.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """The first few samples."""

    candidates: tuple[Candidate, ...]
    faults: tuple[str, ...] = ()
    stopped: StopReason | None = None
    """Set when nothing after the pilot is to be done."""
    seconds: float | None = None
    """That it took to draw and to score; None where nobody measured it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunt:
    """The search, and what became of it."""

    search: Search
    epoch_of: int
    """Which plan it follows; counts from 1."""
    stopped: StopReason | None = None
    harder: bool = False
    """The question turned out harder than planned for, and there is budget for another plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revised:
    """Chains of revisions."""

    chains: tuple[tuple[Candidate, ...], ...]
    """Each starts with the candidate it revises."""
    faults: tuple[str, ...] = ()
    done: bool = False
    stopped: StopReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the caller gets."""

    text: str
    """The chosen candidate, whole."""
    candidate: str
    """Its key."""
    answer: str | None
    """The final answer in it, as written."""
    whole: bool
    """False when the text was cut: a marked partial result."""
    confidence: float | None
    """Share of the vote; not calibrated."""
    stop_reason: StopReason
    usage: Usage
    answer_tokens: int
    """Of `usage.completion_tokens`, those of `text`; the rest was thinking."""
    generations: int
    seconds: float
    faults: tuple[str, ...] = ()
    """What went wrong on the way and was survived."""
    probability: float | None = None
    """P(it is right) by the policy's calibrated model; None without one."""
    needs_met: bool | None = None
    """Whether all that the caller stated as needed was met; None where nothing was."""
    tool_calls: tuple[ToolCall, ...] = ()
    """What the caller is asked to call, with ids; `text` is then what was said beside the calls."""


class Asked(TypedDict):
    """What the caller gives. The budget is in `Deps.meter`."""

    question: Question


class Estimated(TypedDict):
    """What `estimate` writes."""

    pilot: Pilot
    kind: Kind
    """That of the question, refined by the pilot where it was a guess."""
    difficulty: Difficulty


class Planned(TypedDict):
    """What `plan` writes: every plan so far, the newest last."""

    plans: tuple[Plan, ...]


class Searched(TypedDict):
    """What `search` writes."""

    hunt: Hunt


class Verified(TypedDict):
    """What `verify` writes."""

    verdict: Verdict
    probability: float | None
    """P(the winner is right); None without a model for it."""
    enough: bool
    """The caller's needs are met by answering now."""


class Revising(TypedDict):
    """What `revise` writes."""

    revised: Revised


class Answered(TypedDict):
    """What `answer` writes."""

    answer: Answer


class AnsweredDirectly(Answered):
    """What `direct` writes: its one candidate stands where a pilot would."""

    pilot: Pilot


class ReadyToPlan(Asked, Estimated):
    """What `plan` reads."""

    plans: NotRequired[tuple[Plan, ...]]
    hunt: NotRequired[Hunt]


class ReadyToSearch(Asked, Estimated, Planned):
    """What `search` reads."""

    hunt: NotRequired[Hunt]


class ReadyToVerify(Asked, Estimated):
    """What `verify` reads."""

    plans: NotRequired[tuple[Plan, ...]]
    hunt: NotRequired[Hunt]
    revised: NotRequired[Revised]


class ReadyToRevise(ReadyToVerify, Verified):
    """What `revise` reads; there is at least one plan."""


class ReadyToAnswer(ReadyToVerify, Verified):
    """What `answer` reads."""


class ThinkState(TypedDict, total=False):
    """The whole state of the graph, or the part of it that a node wrote."""

    question: Question
    pilot: Pilot
    kind: Kind
    difficulty: Difficulty
    plans: tuple[Plan, ...]
    hunt: Hunt
    verdict: Verdict
    probability: float | None
    enough: bool
    revised: Revised
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """A run's collaborators, injected once by whoever starts the graph."""

    generator: Generator
    """Already bounded by `meter` (`backends/metered.py`)."""
    verifier: ProcessVerifier | None
    policy: Policy
    equality: Equality
    meter: Meter
    sampling: Sampling
    pilot: int = 4
    """Samples drawn before planning."""
    difficulty: DifficultyModel | None = None
    """Estimates difficulty; None leaves it to a guess."""
    confidence: LogisticModel | None = None
    """From what a vote shows to P(its answer is right); None without one."""
    needs: Needs | None = None
    """What the caller said is enough."""
    faults: tuple[str, ...] = ()
    """What was missing from the start, for the trace."""
    larger: Generator | None = None
    """A larger model, bounded by `meter` as well; None when none is set."""
    larger_price: int = 1
    """Generations that one of its answers counts for."""
    rng: random.Random = field(default_factory=random.Random)
    """The only source of chance."""
    selection: Selection = "weighted"
    """How the vote is weighed where nothing was planned: the pilot agreed, or was all there was."""
    earlier: tuple[Candidate, ...] = ()
    """What an earlier run of the same request had found, which `meter` carries already."""
    live: bool = False
    """Somebody listens, so text is told while it arrives."""
