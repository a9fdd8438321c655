import pytest
from sqlalchemy import delete, text

from forethought.storage.database import open_engine
from forethought.storage.rows import table_of
from forethought.storage.store import Store
from forethought.storage.tables import Tally
from forethought.storage.tally_rows import fill_tallies
from recorded_runs import INFO, tell_beginning, tell_run

pytestmark = pytest.mark.anyio


async def test_a_stored_run_adds_up_to_what_its_recorder_made_of_it(url: str) -> None:
    store = await Store.open(url)
    recorder = store.begin(INFO)
    await tell_run(recorder)
    await store.drain()
    told = (await store.read_trace(recorder.trace_id)).tally
    assert told is not None
    assert (told.steps, told.candidates, told.pruned, told.revisions) == (5, 6, 1, 1)
    assert (told.answer_key, told.winner_score, told.first_answer_key) == ("42", 0.95, "42")
    assert (told.pilot_samples, told.pilot_agreeing, told.verifier_agrees) == (2, 1, True)
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.execute(delete(table_of(Tally)))
    assert await fill_tallies(engine) == 1
    assert await fill_tallies(engine) == 0
    assert (await store.read_trace(recorder.trace_id)).tally == told
    await engine.dispose()
    await store.close()


async def test_a_run_that_was_killed_is_added_up_at_the_next_start(url: str) -> None:
    store = await Store.open(url)
    recorder = store.begin(INFO)
    await tell_beginning(recorder)
    await store.drain()
    assert (await store.read_trace(recorder.trace_id)).tally is None
    engine = open_engine(url)
    async with engine.begin() as connection:
        host = "substr(writer, 1, instr(writer, ':') - 1)"
        if engine.dialect.name == "postgresql":
            host = "split_part(writer, ':', 1)"
        gone = f"UPDATE trace SET writer = {host} || '\\:999999999\\:1'"
        await connection.execute(text(gone))
    await engine.dispose()
    other = await Store.open(url)
    detail = await other.read_trace(recorder.trace_id)
    await other.close()
    await store.close()
    assert detail.trace.status == "interrupted"
    assert detail.tally is not None
    assert (detail.tally.candidates, detail.tally.answer_key) == (3, None)
