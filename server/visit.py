"""Who asks: one HTTP request, as the engine behind its face sees it.

A context variable carries it, because a face hands an `Ask` to the engine and knows no keys; tasks
that a request starts inherit it. What the engine writes into `headers` is sent with the reply.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

from ..storage.keys import ApiKey


@dataclass(slots=True, kw_only=True)
class Visit:
    """One request."""

    key: ApiKey | None = None
    """Whose it is; None where keys are off."""
    path: str = ""
    idempotency_key: str | None = None
    """As it was sent; None without one."""
    body_hash: str | None = None
    """Of the body, where there is such a key and the body has been read."""
    headers: dict[str, str] = field(default_factory=dict)
    """For the reply; names in lower case."""
    trace_context: dict[str, str] = field(default_factory=dict)
    """`traceparent` and `tracestate` of the request, as far as it has them (w3.org/TR/trace-context)."""
    trace_id: str | None = None
    """The run that was opened for it last; None before that."""

    @property
    def key_id(self) -> str | None:
        """Id of the key."""
        return None if self.key is None else self.key.id

    @property
    def texts(self) -> bool:
        """Whether the texts of its runs are kept."""
        return self.key is None or self.key.texts

    @property
    def priority(self) -> int:
        """Of the key; 0 without one."""
        return 0 if self.key is None else self.key.priority


VISIT: ContextVar[Visit | None] = ContextVar("forethought_visit", default=None)
"""None outside of a request."""
RUN: ContextVar[str | None] = ContextVar("forethought_run", default=None)
"""The trace of the run that goes on in this task; None outside of one."""


def current_visit() -> Visit:
    """Return the request that is being answered; outside of one, a visit of nobody."""
    return VISIT.get() or Visit()
