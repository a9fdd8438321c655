"""What a server counts, for Prometheus: an observer of runs with a registry of its own.

Every number is of this process alone (`together.py` adds up several) and begins at 0 with it. Labels take few values: never a trace,
a key, or anything that a caller may choose freely.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from ...nodes.backends.base import Sampled
from ...nodes.events import Event
from ...nodes.state import Answer
from ...nodes.values import Usage
from ...nodes.verifiers.base import Scored
from ...storage.recorder import RunInfo
from .base import Call, RunStatus, ServerRole

UPSTREAM_S = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)
RUN_S = (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000)


class Metrics:
    """The counters of one process."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.registry = CollectorRegistry()
        self.shown = self.registry
        """What `/metrics` tells: where several processes serve one port, the sums of all."""
        self._clock = clock
        ProcessCollector(registry=self.registry)
        self._runs = Counter(
            "forethought_runs",
            "Runs that have ended.",
            ("status", "effort", "face"),
            registry=self.registry,
        )
        self._stops = Counter(
            "forethought_stop_reasons",
            "Why runs that gave an answer stopped.",
            ("reason",),
            registry=self.registry,
        )
        self._run_s = Histogram(
            "forethought_run_seconds",
            "From the beginning of a run to its end, waiting for its turn left out.",
            ("effort",),
            buckets=RUN_S,
            registry=self.registry,
        )
        self._tokens = Counter(
            "forethought_tokens",
            "Tokens as model servers counted them; `cached` ones are among `prompt`.",
            ("kind", "role"),
            registry=self.registry,
        )
        self._upstream_s = Histogram(
            "forethought_upstream_seconds",
            "Requests to model servers that gave a result, retries included.",
            ("role",),
            buckets=UPSTREAM_S,
            registry=self.registry,
        )
        self._upstream_errors = Counter(
            "forethought_upstream_errors",
            "Requests to model servers that gave none; `cancelled` where nobody wanted it any more.",
            ("role", "error"),
            registry=self.registry,
        )
        self.requests = Counter(
            "forethought_http_requests",
            "HTTP requests that were answered, by path of the route.",
            ("method", "route", "status"),
            registry=self.registry,
        )

    def begin(self, info: RunInfo, trace_id: str) -> RunMetrics:
        """Begin to count for a run."""
        return RunMetrics(self, info, self._clock)

    def ended(self, info: RunInfo, seconds: float, outcome: Answer | BaseException) -> None:
        """Count a run."""
        self._runs.labels(status_of(outcome), info.effort, info.face).inc()
        self._run_s.labels(info.effort).observe(seconds)
        if isinstance(outcome, Answer):
            self._stops.labels(outcome.stop_reason).inc()

    def answered(self, role: ServerRole, seconds: float) -> None:
        """Count a request to a model server that gave a result."""
        self._upstream_s.labels(role).observe(seconds)

    def spent(self, role: ServerRole, usage: Usage) -> None:
        """Count tokens."""
        for kind, tokens in (
            ("prompt", usage.prompt_tokens),
            ("cached", usage.cached_tokens),
            ("completion", usage.completion_tokens),
            ("verifier", usage.verifier_tokens),
        ):
            if tokens:
                self._tokens.labels(kind, role).inc(tokens)

    def failed(self, role: ServerRole, exc: BaseException) -> None:
        """Count one that gave none."""
        cancelled = isinstance(exc, asyncio.CancelledError)
        error = "cancelled" if cancelled else type(exc).__name__
        self._upstream_errors.labels(role, error).inc()


class RunMetrics:
    """Counts for one run."""

    def __init__(self, metrics: Metrics, info: RunInfo, clock: Callable[[], float]) -> None:
        self._metrics = metrics
        self._info = info
        self._clock = clock
        self._began = clock()

    def call(self, call: Call) -> CallMetrics:
        """Begin to count for a request."""
        return CallMetrics(self._metrics, call.role, self._clock)

    def on(self, event: Event) -> None:
        """Count nothing: what nodes do is in the trace."""

    def ended(self, outcome: Answer | BaseException) -> None:
        """Count the run."""
        self._metrics.ended(self._info, self._clock() - self._began, outcome)


class CallMetrics:
    """Counts for one request to a model server."""

    def __init__(self, metrics: Metrics, role: ServerRole, clock: Callable[[], float]) -> None:
        self._metrics = metrics
        self._role: ServerRole = role
        self._clock = clock
        self._began = clock()

    def first_text(self) -> None:
        """Count nothing."""

    def abandoned(self, usage: Usage) -> None:
        """Count what was spent for nothing."""
        self._metrics.spent(self._role, usage)

    def returned(self, result: Sampled | Scored) -> None:
        """Count it with what it used."""
        self._metrics.answered(self._role, self._clock() - self._began)
        self._metrics.spent(self._role, result.usage)

    def raised(self, exc: BaseException) -> None:
        """Count it as an error."""
        self._metrics.failed(self._role, exc)


def status_of(outcome: Answer | BaseException) -> RunStatus:
    """Return how a run ended."""
    if isinstance(outcome, Answer):
        return "finished"
    return "cancelled" if isinstance(outcome, asyncio.CancelledError) else "failed"
