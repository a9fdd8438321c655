"""What the pages ask of a store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ...storage.grades import Grade, NewGrade
from ...storage.overview import Overview, OverviewFilter
from ...storage.progress import Progress
from ...storage.trace_choices import TraceChoices
from ..trace_views import StoredTraces


class PageStore(StoredTraces, Protocol):
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

    async def grades_of(self, trace_id: str) -> list[Grade]:
        """Return the grades of the trace with this whole id, oldest first."""
        ...

    async def add_grades(self, given: Sequence[NewGrade]) -> list[Grade]:
        """Add all of `given` or none."""
        ...
