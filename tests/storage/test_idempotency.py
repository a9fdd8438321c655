"""Idempotency keys in SQL: who has one, and when it is free again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from forethought.nodes.values import Usage
from forethought.storage import tables
from forethought.storage.database import open_engine
from forethought.storage.idempotency import BEGINS_WITHIN, KEPT, Claim, Held, claim_key
from forethought.storage.idempotency_tables import IdempotencyKey
from forethought.storage.keys import NewKey
from forethought.storage.recorder import RunInfo
from forethought.storage.rows import table_of
from forethought.storage.store import Store
from recorded_runs import ANSWER, INFO

pytestmark = pytest.mark.anyio
CLAIM = Claim(id="a" * 64, request_hash="b" * 64)
KEYS, TRACES = table_of(IdempotencyKey), table_of(tables.Trace)
ELSEWHERE = "another-host:1:1"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = await Store.open(url)
    yield store
    await store.close()


@pytest.fixture
async def engine(url: str, store: Store) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(url)
    yield engine
    await engine.dispose()


async def change(engine: AsyncEngine, **values: object) -> None:
    async with engine.execution_options(immediate=True).begin() as connection:
        await connection.execute(update(KEYS).values(values))


async def claim_at(engine: AsyncEngine, now: datetime) -> Held:
    async with engine.execution_options(immediate=True).begin() as connection:
        return await claim_key(connection, CLAIM, now)


async def test_a_key_is_taken_once_until_its_run_has_ended(store: Store) -> None:
    assert await store.claim_key(CLAIM) == Held(outcome="ours")
    assert await store.claim_key(CLAIM) == Held(outcome="in_flight")
    run = store.begin(INFO)
    await store.bind_key(CLAIM, run.trace_id)
    assert await store.claim_key(CLAIM) == Held(outcome="in_flight", trace_id=run.trace_id)
    run.finish(ANSWER)
    assert await store.claim_key(CLAIM) == Held(outcome="answered", trace_id=run.trace_id)


async def test_a_key_goes_with_one_body(store: Store) -> None:
    await store.claim_key(CLAIM)
    other = replace(CLAIM, request_hash="c" * 64)
    assert await store.claim_key(other) == Held(outcome="reused")
    assert (await store.claim_key(replace(other, id="d" * 64))).outcome == "ours"


@pytest.mark.parametrize("end", ["cancel", "interrupt", "fail"])
async def test_a_run_without_an_answer_is_gone_on_from(store: Store, end: str) -> None:
    await store.claim_key(CLAIM)
    run = store.begin(INFO)
    await store.bind_key(CLAIM, run.trace_id)
    run.fail(ValueError("broken")) if end == "fail" else getattr(run, end)()
    assert await store.claim_key(CLAIM) == Held(outcome="ours", trace_id=run.trace_id)
    assert (await store.claim_key(CLAIM)).outcome == "in_flight"
    await store.release_key(CLAIM)
    assert await store.claim_key(CLAIM) == Held(outcome="ours", trace_id=run.trace_id)
    again = store.begin(replace(INFO, resumes=run.trace_id))
    await store.bind_key(CLAIM, again.trace_id)
    await store.release_key(CLAIM)
    again.finish(ANSWER)
    assert await store.claim_key(CLAIM) == Held(outcome="answered", trace_id=again.trace_id)
    assert (await store.read_trace(again.trace_id)).trace.resumes == run.trace_id


async def test_a_key_that_became_no_run_is_free_when_it_is_given_back(store: Store) -> None:
    await store.claim_key(CLAIM)
    await store.release_key(CLAIM)
    assert await store.claim_key(CLAIM) == Held(outcome="ours")


async def test_a_run_of_a_process_that_is_gone_is_gone_on_from_before_it_is_marked(
    store: Store, engine: AsyncEngine
) -> None:
    await store.claim_key(CLAIM)
    run = store.begin(INFO)
    await store.bind_key(CLAIM, run.trace_id)
    mine = (await store.read_trace(run.trace_id)).trace.writer if await drained(store) else ""
    gone = mine.rpartition(":")[0] + ":0"  # this host and process id, started at another time
    await change(engine, writer=gone)
    assert await store.claim_key(CLAIM) == Held(outcome="ours", trace_id=run.trace_id)


async def drained(store: Store) -> bool:
    await store.drain()
    return True


async def test_a_try_on_another_host_that_never_began_is_waited_for_a_while(
    store: Store, engine: AsyncEngine
) -> None:
    await store.claim_key(CLAIM)
    await change(engine, writer=ELSEWHERE)
    now = datetime.now(UTC)
    assert (await claim_at(engine, now + BEGINS_WITHIN / 2)).outcome == "in_flight"
    assert (await claim_at(engine, now + BEGINS_WITHIN + timedelta(seconds=9))).outcome == "ours"


async def test_a_key_is_forgotten_after_a_day(store: Store, engine: AsyncEngine) -> None:
    await store.claim_key(CLAIM)
    run = store.begin(INFO)
    await store.bind_key(CLAIM, run.trace_id)
    run.finish(ANSWER)
    await store.drain()
    now = datetime.now(UTC)
    assert (await claim_at(engine, now + KEPT / 2)).outcome == "answered"
    assert await claim_at(engine, now + KEPT + timedelta(minutes=1)) == Held(outcome="ours")


async def test_an_answer_whose_text_is_not_kept_is_found_anew(store: Store) -> None:
    await store.claim_key(CLAIM)
    run = store.begin(replace(INFO, texts=False))
    await store.bind_key(CLAIM, run.trace_id)
    run.finish(ANSWER)
    assert await store.claim_key(CLAIM) == Held(outcome="ours")


async def test_of_many_at_once_one_has_the_key(store: Store, url: str) -> None:
    other = await Store.open(url)
    each = await asyncio.gather(*(s.claim_key(CLAIM) for s in (store, other) for _ in range(4)))
    await other.close()
    assert sorted(held.outcome for held in each) == ["in_flight"] * 7 + ["ours"]


async def test_tokens_of_a_run_that_was_gone_on_from_are_counted_once(store: Store) -> None:
    key = (await store.create_key(NewKey(name="anna"))).key
    info: RunInfo = replace(INFO, key_id=key.id)
    broken = store.begin(info)
    broken.cancel()
    resumed = store.begin(replace(info, resumes=broken.trace_id))
    resumed.finish(replace(ANSWER, usage=Usage(completion_tokens=100)))
    await store.drain()
    since = datetime.now(UTC) - timedelta(hours=1)
    assert await store.tokens_since(key.id, since) == 100
