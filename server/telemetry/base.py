"""What watches runs from outside: told when one begins, what it does, what it asks and how it ends.

Observers change nothing about a run. Nodes and algorithms do not know them: the engine puts them
around the model servers and beside the trace (`observed.py`), which is the only place that tells them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ...nodes.backends.base import Prompt, Sampled
from ...nodes.events import Event
from ...nodes.state import Answer
from ...nodes.values import Sampling, Usage
from ...nodes.verifiers.base import Scored
from ...storage.recorder import RunInfo

ServerRole = Literal["generator", "larger", "verifier"]
"""Which model server."""
RunStatus = Literal["finished", "failed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingCall:
    """A request for completions."""

    role: ServerRole
    model: str
    chat: bool
    """It goes to chat completions, and not to text completions by token ids."""
    prompts: Sequence[Prompt]
    n: int
    """Completions of each prompt."""
    sampling: Sampling
    streamed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringCall:
    """A request for scores."""

    model: str
    solutions: Sequence[Sequence[str]]
    role: ServerRole = "verifier"


Call = SamplingCall | ScoringCall


class CallObserver(Protocol):
    """Told of one request to a model server; exactly one of the last two methods is called."""

    def first_text(self) -> None:
        """The first piece of a streamed text has come."""
        ...

    def abandoned(self, usage: Usage) -> None:
        """A part of it was given up, which had spent this; it may go on all the same."""
        ...

    def returned(self, result: Sampled | Scored) -> None:
        """It gave this."""
        ...

    def raised(self, exc: BaseException) -> None:
        """It gave nothing; `CancelledError` where nobody wanted it any more."""
        ...


class RunObserver(Protocol):
    """Told of one run; `ended` is called once, and nothing but ends of calls comes after it."""

    def call(self, call: Call) -> CallObserver:
        """Begin to watch a request that starts now."""
        ...

    def on(self, event: Event) -> None:
        """Take note of what happened."""
        ...

    def ended(self, outcome: Answer | BaseException) -> None:
        """The run has its answer, has failed, or (`CancelledError`) was cancelled."""
        ...


class Observer(Protocol):
    """Watches the runs of a process. Implementations: `metrics.py`, `spans.py`."""

    def begin(self, info: RunInfo, trace_id: str) -> RunObserver:
        """Begin to watch a run that starts now."""
        ...
