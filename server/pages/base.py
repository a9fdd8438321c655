"""What the pages ask of a store."""

from __future__ import annotations

from typing import Protocol

from ...storage.overview import Overview, OverviewFilter
from ...storage.progress import Progress
from ...storage.trace_choices import TraceChoices
from ..trace_grades import GradedTraces


class PageStore(GradedTraces, Protocol):
    """Reads runs and takes grades. Implementation: `storage.store.Store`."""

    async def trace_choices(self, key_id: str | None = None) -> TraceChoices:
        """Return the values that traces can be chosen by."""
        ...

    async def progress_of(self, trace_id: str) -> Progress | None:
        """Return how far the run with this whole id has come; None where there is none."""
        ...

    async def read_overview(self, wanted: OverviewFilter) -> Overview:
        """Return what the wanted runs add up to."""
        ...
