"""The store: opened once by a process, it begins recorders, reads traces back, and keeps policies,
grades, evaluations and API keys.

Any number of processes may have the same database open; readers do not wait for writers. When a store
is opened, rows that an ended process has left in its journal are written, then runs whose process is
gone are marked `interrupted`. Every method that reads or writes raises `StoreError` when the database
cannot be; what else it means is said where it is raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from weakref import WeakSet

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ..nodes.errors import StoreError
from ..nodes.policy.document import PolicyDocument, Scope
from . import (
    activations,
    cancellations,
    evaluations,
    grades,
    idempotency,
    keys,
    overview,
    policies,
    progress,
    trace_choices,
    traces,
)
from .accounts import Account, Changed, change_account
from .activations import Activation
from .backlog import Backlog
from .database import open_engine
from .evaluations import EvaluationItem, EvaluationRecord, EvaluationSummary
from .faces import change_face
from .graded_runs import GradedRun, graded_runs
from .grades import Grade, NewGrade
from .idempotency import Claim, Held
from .journal import MAX_BYTES
from .journal_folders import journals_of
from .keys import ApiKey, CreatedKey, NewKey, RunOwner
from .liveness import writer_id
from .migrations import upgrade
from .overview import Overview, OverviewFilter
from .policies import ActivePolicy, PolicyRecord, PolicySummary
from .progress import Progress
from .recorder import RunInfo, Status, TraceRecorder, utc_now
from .recovery import REFUSED, new_journal, recover
from .refused import RefusedLog
from .tally_rows import ENDED, KILLED, fill_tallies
from .trace_choices import TraceChoices
from .trace_filter import EVERY, TraceFilter
from .views import TraceDetail, TraceSummary
from .watch import end_watch, gone_writers, keep_watch, mark_interrupted
from .writer import Lag, Writer

CATCH_UP_S = 10.0
"""How long a read waits for the rows that were recorded before it."""


class Store:
    """A database. Made by `open`; belongs to the event loop it was opened in."""

    def __init__(self, engine: AsyncEngine, writer: Writer, journals: Path | None) -> None:
        self._engine = engine
        self._writer = writer
        self._journals = journals
        self._watching: asyncio.Task[None] | None = None
        self._recorders: WeakSet[TraceRecorder] = WeakSet()

    @classmethod
    async def open(
        cls,
        url: str | None = None,
        *,
        journal_dir: Path | None = None,
        journal_bytes: int = MAX_BYTES,
    ) -> Store:
        """Open the database at `url`, by default `default_url()`, and bring its schema up.

        Args:
            url: Of the database.
            journal_dir: Where rows wait for it (`journal_folders.py` has the default).
            journal_bytes: The most that may wait there.

        Raises:
            StoreError: it cannot be opened, or is newer than this package.
        """
        engine = open_engine(url)
        immediate = engine.execution_options(immediate=True)
        journals = journals_of(url, journal_dir)
        try:
            upgraded = await upgrade(engine)
            if journals is not None:
                await recover(immediate.begin, journals)
            await _mark_interrupted(engine)
            await _add_up(engine, ENDED if upgraded.before != upgraded.after else KILLED)
        except BaseException:
            await engine.dispose()
            raise
        if journals is None:
            return cls(engine, Writer(immediate.begin), None)
        make = partial(new_journal, journals, max_bytes=journal_bytes)
        refused = RefusedLog(journals / REFUSED)
        return cls(engine, Writer(immediate.begin, Backlog(make), refused=refused), journals)

    def watch(self) -> None:
        """Say from now on that this process is there, and look after what others leave behind."""
        if self._watching is None:
            watching = keep_watch(self._engine, self._journals)
            self._watching = asyncio.create_task(watching, name="forethought watch")

    @property
    def lag(self) -> Lag:
        """How far the database is behind."""
        return self._writer.lag

    def begin(self, info: RunInfo) -> TraceRecorder:
        """Begin the trace of a run."""
        recorder = TraceRecorder(info, self._writer, writer=writer_id())
        self._recorders.add(recorder)
        return recorder

    async def drain(self) -> None:
        """Return when everything recorded so far can be read."""
        await self._writer.drain()

    async def close(self, limit_s: float = 10.0) -> None:
        """Mark open runs interrupted, write what waits, and let go of the database.

        What the database does not take within `limit_s` seconds waits in the journal for the next
        start.

        Raises:
            StoreError: the journal did not take it either, so that it is lost.
        """
        for recorder in list(self._recorders):
            recorder.interrupt()
        try:
            await self._writer.aclose(limit_s)
            if self._watching is not None:
                await end_watch(self._engine, self._watching)
        finally:
            await self._engine.dispose()

    async def list_traces(
        self,
        limit: int = 20,
        status: Status | None = None,
        *,
        wanted: TraceFilter = EVERY,
        after: str | None = None,
    ) -> list[TraceSummary]:
        """Return up to `limit` of the wanted traces, newest first; `after` is the id of the last one
        of the page before (`traces.py`)."""
        wanted = wanted if status is None else replace(wanted, status=status)
        async with self._reading("traces") as connection:
            return await traces.list_traces(connection, limit, wanted, after)

    async def read_trace(self, trace_id: str) -> TraceDetail:
        """Return the trace whose id is or begins with `trace_id`; there must be one such."""
        async with self._reading(f"trace {trace_id}") as connection:
            return await traces.read_trace(connection, trace_id)

    async def progress_of(self, trace_id: str) -> Progress | None:
        """Return how far the run with this whole id has come; None where there is none."""
        await self._caught_up()
        async with self._reading(f"trace {trace_id}") as connection:
            return await progress.progress_of(connection, trace_id)

    async def read_overview(self, wanted: OverviewFilter) -> Overview:
        """Return what the wanted runs add up to."""
        await self._caught_up()
        async with self._reading("the overview") as connection:
            return await overview.read_overview(connection, wanted)

    async def trace_choices(self, key_id: str | None = None) -> TraceChoices:
        """Return the values that traces can be searched by."""
        async with self._reading("traces") as connection:
            return await trace_choices.trace_choices(connection, key_id)

    async def save_policy(self, document: PolicyDocument) -> PolicyRecord:
        """Return the record of `document`: a new version of its name, or the one it has already."""
        async with self._writing(f"policy {document.name!r}") as connection:
            return await policies.save_policy(connection, document, utc_now())

    async def list_policies(self) -> list[PolicySummary]:
        """Return every version of every policy, newest first."""
        async with self._reading("policies") as connection:
            active = {top.policy_id for top in await activations.serving(connection)}
            return await policies.list_policies(connection, active)

    async def read_policy(self, reference: str) -> PolicyRecord:
        """Return the policy called `name`, `name@3`, or by the beginning of its id or hash."""
        async with self._reading(f"policy {reference!r}") as connection:
            return await policies.read_policy(connection, reference)

    async def activate(self, reference: str, note: str | None = None) -> Activation:
        """Let the policy called `reference` serve the scope it was made for, from now on."""
        async with self._writing("the activation") as connection:
            record = await policies.read_policy(connection, reference)
            return await activations.activate(connection, record, note, utc_now())

    async def rollback(self, scope: Scope) -> Activation:
        """Let serve what served exactly `scope` before (`activations.py`)."""
        async with self._writing("the rollback") as connection:
            return await activations.rollback(connection, scope, utc_now())

    async def active_policies(self) -> tuple[ActivePolicy, ...]:
        """Return what serves each scope that the built-in policy does not, newest first."""
        async with self._reading("the active policies") as connection:
            return await activations.active_policies(connection)

    async def list_activations(self) -> list[Activation]:
        """Return every activation and rollback, oldest first."""
        async with self._reading("activations") as connection:
            return await activations.list_activations(connection)

    async def add_grades(self, given: Sequence[NewGrade]) -> list[Grade]:
        """Add all of `given` or none; their traces may still be on their way to the database."""
        await self._caught_up()
        async with self._writing("grades") as connection:
            return await grades.add_grades(connection, given, utc_now())

    async def grades_of(self, trace_id: str) -> list[Grade]:
        """Return the grades of the trace with this whole id, oldest first."""
        async with self._reading("grades") as connection:
            return await grades.grades_of(connection, trace_id)

    async def open_evaluation(
        self, name: str, data: str, data_hash: str, settings: Mapping[str, object]
    ) -> EvaluationRecord:
        """Return the evaluation called `name`, new or begun earlier with equal data and settings."""
        async with self._writing(f"evaluation {name!r}") as connection:
            return await evaluations.open_evaluation(
                connection, name, data, data_hash, settings, utc_now()
            )

    async def record_evaluation_item(self, evaluation_id: str, item: EvaluationItem) -> None:
        """Write `item` once its trace is in the database; a question with an answer keeps it."""
        await self._caught_up()
        async with self._writing("the item") as connection:
            await evaluations.record_item(connection, evaluation_id, item, utc_now())

    async def evaluation_items(self, evaluation_id: str) -> list[EvaluationItem]:
        """Return what is done, in the order it was recorded."""
        async with self._reading("evaluation items") as connection:
            return await evaluations.evaluation_items(connection, evaluation_id)

    async def list_evaluations(self) -> list[EvaluationSummary]:
        """Return every evaluation, newest first."""
        async with self._reading("evaluations") as connection:
            return await evaluations.list_evaluations(connection)

    async def graded_runs(self, name: str) -> list[GradedRun]:
        """Return the runs of the evaluation called `name`, by question id."""
        async with self._reading(f"evaluation {name!r}") as connection:
            return await graded_runs(connection, name)

    async def create_key(self, new: NewKey) -> CreatedKey:
        """Make a key; its secret is in what is returned and nowhere else."""
        async with self._writing(f"key {new.name!r}") as connection:
            return await keys.create_key(connection, new, utc_now())

    async def list_keys(self) -> list[ApiKey]:
        """Return every key, revoked ones too, oldest first."""
        async with self._reading("keys") as connection:
            return await keys.list_keys(connection)

    async def revoke_key(self, name: str) -> ApiKey:
        """Revoke the key called `name`; servers notice within seconds."""
        async with self._writing(f"key {name!r}") as connection:
            return await keys.revoke_key(connection, name, utc_now())

    async def find_key(self, secret: str) -> ApiKey | None:
        """Return the key that `secret` is; None for a wrong or a revoked one."""
        async with self._reading("keys") as connection:
            return await keys.find_key(connection, secret)

    async def tokens_since(self, key_id: str, moment: datetime) -> int:
        """Return all tokens of the key's runs that began at `moment` or later."""
        async with self._reading("usage") as connection:
            return await keys.tokens_since(connection, key_id, moment)

    async def change_account(self, key_id: str, midnight: datetime, changed: Changed) -> Account:
        """Return the account of the key after `changed`; no other process changes it meanwhile."""
        async with self._writing("the account of a key") as connection:
            return await change_account(connection, key_id, midnight, changed)

    async def ask_cancel(self, trace_id: str) -> None:
        """Ask the process that runs the trace with this whole id to end it."""
        async with self._writing(f"the end of {trace_id}") as connection:
            await cancellations.ask_cancel(connection, trace_id, utc_now())

    async def to_cancel(self, trace_ids: Collection[str]) -> list[str]:
        """Return those of `trace_ids` whose end was asked for."""
        async with self._reading("cancellations") as connection:
            return await cancellations.to_cancel(connection, trace_ids)

    async def owner_of_run(self, trace_id: str) -> RunOwner | None:
        """Return whose the run with this whole id is; None where there is none."""
        await self._caught_up()
        async with self._reading(f"trace {trace_id}") as connection:
            return await keys.owner_of_run(connection, trace_id)

    async def claim_key(self, claim: Claim) -> Held:
        """Take an idempotency key, or say who has it, by what the database knows now."""
        await self._caught_up()
        async with self._writing("the idempotency key") as connection:
            return await idempotency.claim_key(connection, claim, utc_now())

    async def bind_key(self, claim: Claim, trace_id: str) -> None:
        """Say which run a key that is ours has become."""
        async with self._writing("the idempotency key") as connection:
            await idempotency.bind_key(connection, claim, trace_id)

    async def release_key(self, claim: Claim) -> None:
        """Give back a key that is ours and became no run."""
        async with self._writing("the idempotency key") as connection:
            await idempotency.release_key(connection, claim)

    async def change_face(self, trace_id: str, face: str) -> None:
        """Say that the run with this whole id was asked by `face`, from now on."""
        await self._caught_up()
        async with self._writing(f"trace {trace_id}") as connection:
            await change_face(connection, trace_id, face)

    async def _caught_up(self) -> None:
        """Wait for the database to have what was recorded, but not for one that is away."""
        try:
            async with asyncio.timeout(CATCH_UP_S):
                await self.drain()
        except TimeoutError as exc:
            raise StoreError(f"the trace database is {self.lag.rows} rows behind") from exc

    @asynccontextmanager
    async def _reading(self, what: str) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as exc:
            raise StoreError(f"{what} cannot be read: {_reason(exc)}") from exc

    @asynccontextmanager
    async def _writing(self, what: str) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that has SQLite's write lock from its start."""
        try:
            async with self._engine.execution_options(immediate=True).begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as exc:
            raise StoreError(f"{what} cannot be written: {_reason(exc)}") from exc


def _reason(exc: Exception) -> str:
    """Return what the driver said, without the statement and its values."""
    return str(exc.orig if isinstance(exc, DBAPIError) else exc)


async def _mark_interrupted(engine: AsyncEngine) -> None:
    try:
        async with engine.connect() as connection:
            gone = await gone_writers(connection)
        if gone:
            async with engine.execution_options(immediate=True).begin() as connection:
                await mark_interrupted(connection, gone)
    except (SQLAlchemyError, OSError) as exc:
        raise StoreError(f"the trace database cannot be opened: {exc}") from exc


async def _add_up(engine: AsyncEngine, statuses: Sequence[str]) -> None:
    try:
        await fill_tallies(engine, statuses)
    except (SQLAlchemyError, OSError) as exc:
        raise StoreError(f"the trace database cannot be opened: {exc}") from exc
