"""What is done to many stored traces at once: counted, pruned, redacted, written out, taken in.

Apart from `store.py` because none of it happens while a question is answered: it needs no writer and may
run beside servers that have the same database open.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from ..nodes.errors import StoreError
from . import removal
from .database import open_engine
from .export.layout import FileKind
from .export.take_in import Taken, take_in
from .export.write_out import Written, write_out
from .migrations import upgrade
from .recorder import utc_now
from .removal import Counts
from .tally_rows import ENDED, fill_tallies
from .trace_filter import TraceFilter


class Archive:
    """A database of traces. Made by `open`, left as a context; belongs to its event loop."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @classmethod
    async def open(cls, url: str | None = None) -> Archive:
        """Open the database at `url`, by default `default_url()`, and bring its schema up.

        Raises:
            StoreError: it cannot be opened, or is newer than this package.
        """
        engine = open_engine(url)
        try:
            await upgrade(engine)
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine)

    async def __aenter__(self) -> Self:
        """Nothing is opened: `open` has."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the database."""
        await self._engine.dispose()

    async def count(self, wanted: TraceFilter, *, told: bool = False) -> Counts:
        """Return how much there is of the wanted traces that ended; `told` are those with texts.

        Raises:
            StoreError: it cannot be read.
        """
        async with self._used("read"), self._engine.connect() as connection:
            return await removal.count(connection, wanted, told=told)

    async def prune(self, wanted: TraceFilter) -> int:
        """Delete the wanted traces that have ended, and return how many there were.

        Raises:
            StoreError: the database failed; those before that are gone.
        """
        async with self._used("written"):
            return await removal.prune(self._engine, wanted)

    async def redact(self, wanted: TraceFilter) -> int:
        """Take the texts out of the wanted traces that have ended; return how many had any.

        Raises:
            StoreError: the database failed; those before that are done.
        """
        async with self._used("written"):
            return await removal.redact(self._engine, wanted)

    async def write_out(self, folder: Path, kind: FileKind) -> Written:
        """Add to the export in `folder` what is new since it was written to last.

        Raises:
            StoreError: the database or the folder failed; the export is as it was.
        """
        async with self._used("exported"), self._engine.connect() as connection:
            return await write_out(connection, folder, kind, utc_now())

    async def take_in(self, folder: Path) -> dict[str, Taken]:
        """Add the traces of an export that are not here yet; return what was added, by table.

        Raises:
            StoreError: there is no export, it is of a newer version, or the database failed.
        """
        async with self._used("imported"):
            taken = await take_in(self._engine, folder)
            await fill_tallies(self._engine, ENDED)
            return taken

    @asynccontextmanager
    async def _used(self, how: str) -> AsyncIterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as exc:
            said = exc.orig if isinstance(exc, DBAPIError) else exc
            raise StoreError(f"traces cannot be {how}: {said}") from exc
