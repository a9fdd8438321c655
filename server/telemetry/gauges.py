"""Numbers that are read when Prometheus asks: the line of runs, the model servers, and how far the
database is behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from ...storage.writer import Lag
from ..admission import Line
from ..upstreams import UpstreamState


class Lagging(Protocol):
    """Knows how far its database is behind. Implementation: `storage.store.Store`."""

    @property
    def lag(self) -> Lag:
        """How far."""
        ...


class UpstreamGauges(Collector):
    """The model servers of the roles that have several, by their addresses."""

    def __init__(self, states: Callable[[], Sequence[UpstreamState]]) -> None:
        self._states = states

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the numbers of now."""
        labels = ("role", "url")
        up = GaugeMetricFamily(
            "forethought_upstream_up",
            "1 while the server is sent requests, 0 while it is left out.",
            labels=labels,
        )
        sequences = GaugeMetricFamily(
            "forethought_upstream_sequences", "Samples under way there, of ours.", labels=labels
        )
        for state in self._states():
            place = (state.role, state.replica.url)
            up.add_metric(place, float(state.replica.state == "up"))
            sequences.add_metric(place, state.replica.sequences)
        yield up
        yield sequences


class LineGauges(Collector):
    """Who runs and who waits."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the numbers of now."""
        line = self._line
        yield GaugeMetricFamily("forethought_running", "Runs that go on.", value=len(line.running))
        yield GaugeMetricFamily(
            "forethought_running_limit", "Runs that may go on at once.", value=line.max_running
        )
        yield GaugeMetricFamily(
            "forethought_waiting", "Runs that wait for their turn.", value=len(line.waiting)
        )
        yield GaugeMetricFamily(
            "forethought_waiting_limit",
            "Runs that may wait; the next one is answered 503.",
            value=line.max_waiting,
        )


class StoreGauges(Collector):
    """How far the trace database is behind."""

    def __init__(self, store: Lagging) -> None:
        self._store = store

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """Return the numbers of now."""
        lag = self._store.lag
        yield GaugeMetricFamily(
            "forethought_store_rows_waiting",
            "Rows of traces that the database does not have yet.",
            value=lag.rows,
        )
        yield GaugeMetricFamily(
            "forethought_store_oldest_row_seconds", "Age of the oldest of them.", value=lag.oldest_s
        )
        yield GaugeMetricFamily(
            "forethought_store_journal_bytes",
            "Size of the journal in which they wait on disk.",
            value=lag.journal_bytes,
        )
        yield GaugeMetricFamily(
            "forethought_store_failing",
            "1 while the database takes no rows.",
            value=float(lag.failing),
        )
        yield CounterMetricFamily(
            "forethought_store_rows_refused",
            "Rows that the database would not take for what is in them; they are in refused.log.",
            value=lag.refused,
        )
        yield CounterMetricFamily(
            "forethought_store_rows_dropped",
            "Rows that are lost: neither database nor journal nor memory had room.",
            value=lag.dropped,
        )
