"""One engine behind every face: starts runs, records them, gives their events and their answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from ..nodes.algorithms.base import Strategy
from ..nodes.budget import Budget, Effort
from ..nodes.earlier import Earlier
from ..nodes.events import Event
from ..nodes.needs import Needs
from ..nodes.state import Answer
from ..nodes.values import Kind, Message, ToolChoice, ToolSpec, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a face asks of the engine. Everything the caller left out is None."""

    messages: tuple[Message, ...]
    effort: Effort
    budget: Budget
    kind: Kind | None = None
    """None lets the engine infer it."""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    """Of one whole answer."""
    seed: int | None = None
    live: bool = False
    """Somebody listens to the text while it is sampled."""
    needs: Needs | None = None
    """What is enough; None leaves it to the effort."""
    policy: str | None = None
    """A stored policy (`NAME`, `NAME@VERSION`) or `builtin`, instead of the active one."""
    strategy: Strategy | None = None
    """Instead of what any policy would choose."""
    tools: tuple[ToolSpec, ...] = ()
    """What the model may call; names are unique."""
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    schema: str | None = None
    """JSON schema that the reply is to be a value of, as text; None wants no JSON."""
    stop: tuple[str, ...] = ()
    """The reply ends before the first of these; thinking is not cut."""
    n: int = 1
    """Different answers wanted. Only a run that asks the model once draws more for it."""
    earlier: Earlier | None = None
    """What an earlier run of the same request had found; `idempotency.py` fills it in."""
    face: str = "python"
    """Which face asked: `chat`, `cli`, `python`, `eval`."""
    kept: str | None = None
    """What the face wants to read back with the trace, a JSON object as text; None keeps nothing."""
    key_id: str | None = None
    """The API key it is asked with; `guard.py` fills it in, faces know none."""
    texts: bool = True
    """Whether texts are kept in its trace, by its key; `guard.py` fills it in."""


class Run(Protocol):
    """One question on its way to its answer."""

    @property
    def trace_id(self) -> str:
        """Where the run is stored."""
        ...

    @property
    def thinks(self) -> bool:
        """False when the model is asked once: then what it writes is the answer, not thinking."""
        ...

    @property
    def usage(self) -> Usage:
        """What it has spent so far, as the model servers counted it."""
        ...

    def hurry(self, seconds: float) -> None:
        """Let it end within `seconds`, with its best so far; a nearer deadline stays."""
        ...

    def events(self) -> AsyncIterator[Event]:
        """Run, and yield what happens; can be iterated once.

        Raises:
            ForethoughtError: the run could not give any answer. The trace says why.
        """
        ...

    @property
    def answer(self) -> Answer:
        """The answer, once `events` has ended."""
        ...


class Engine(Protocol):
    """Starts runs."""

    @property
    def model(self) -> str:
        """The name of the model that answers."""
        ...

    def start(self, ask: Ask) -> AbstractAsyncContextManager[Run]:
        """Open a run; leaving the block before its end cancels it and marks its trace so."""
        ...

    async def ready(self) -> list[str]:
        """Return what is not ready, one sentence each; empty when all is."""
        ...
