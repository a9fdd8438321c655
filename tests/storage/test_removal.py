from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from analysed_runs import RUNS, MadeRun, sample, store_runs
from documented_questions import ANSWERS, QUESTIONS, rounded
from forethought.storage import tables
from forethought.storage.archive import Archive
from forethought.storage.database import open_engine
from forethought.storage.learning_tables import METADATA
from forethought.storage.removal import Counts
from forethought.storage.store import Store
from forethought.storage.trace_filter import TraceFilter

pytestmark = pytest.mark.anyio
SECOND = datetime(2026, 11, 2, tzinfo=UTC)
GOES_ON = MadeRun(id="g", status="running", candidates=[sample("pilot-0", "42")])


async def numbers(url: str) -> dict[str, int]:
    engine = open_engine(url)
    async with engine.connect() as connection:
        found = {
            name: int(await connection.scalar(select(func.count()).select_from(table)) or 0)
            for name, table in METADATA.tables.items()
        }
    await engine.dispose()
    return found


async def test_old_traces_go_with_all_that_hangs_on_them(url: str) -> None:
    await store_runs(url, (*RUNS, GOES_ON))
    before = await numbers(url)
    async with await Archive.open(url) as archive:
        old = TraceFilter(until=SECOND)
        counts = await archive.count(old)
        assert counts == Counts(traces=2, steps=3, candidates=6, calls=2, grades=2)
        assert await numbers(url) == before
        assert await archive.prune(old) == 2
        assert await archive.count(old) == Counts(
            traces=0, steps=0, candidates=0, calls=0, grades=0
        )
        assert await archive.prune(old) == 0
    after = await numbers(url)
    assert (after["trace"], after["step"], after["call"]) == (5, 0, before["call"] - 2)
    assert after["candidate"] == before["candidate"] - 6
    assert after["grade"] == before["grade"] - 2
    assert after["evaluation_item"] == before["evaluation_item"]


async def test_a_run_that_goes_on_stays_and_an_item_outlives_its_trace(url: str) -> None:
    await store_runs(url, (*RUNS, GOES_ON))
    async with await Archive.open(url) as archive:
        assert await archive.prune(TraceFilter()) == len(RUNS)
    left = await numbers(url)
    assert (left["trace"], left["candidate"], left["evaluation_item"]) == (1, 1, 2)
    engine = open_engine(url)
    async with engine.connect() as connection:
        sql = "SELECT DISTINCT trace_id FROM evaluation_item"
        assert (await connection.execute(text(sql))).all() == [(None,)]
    await engine.dispose()


async def test_redaction_takes_every_text_and_leaves_every_number(url: str) -> None:
    await store_runs(url)
    before = await numbers(url)
    async with await Archive.open(url) as archive:
        assert (await archive.count(TraceFilter(), told=True)).traces == 6
        assert await archive.redact(TraceFilter()) == 6
        assert (await archive.count(TraceFilter(), told=True)).traces == 0
        assert await archive.redact(TraceFilter()) == 0
    assert await numbers(url) == before
    engine = open_engine(url)
    said = ""
    async with engine.connect() as connection:
        for name in (*(m.__tablename__ for m in tables.WRITE_ORDER), "grade", "evaluation_item"):
            rows = (await connection.execute(select(METADATA.tables[name]))).all()
            said += repr([tuple(row) for row in rows])
        answers = {
            heading: rounded((await connection.execute(text(sql))).all())
            for heading, sql in QUESTIONS.items()
        }
    await engine.dispose()
    for word in ("Question", "It is", "'42'", "'41'", "'7'", "So.", "as the data set", "\\n\\n"):
        assert word not in said
    # Which revisions were right is known from another run's answer, which is gone.
    expected = {heading: rounded(rows) for heading, rows in ANSWERS.items()}
    expected["Do revisions help?"] = [("best_of_n", 2, 2, 1, 0, 0, 0, 1)]
    assert answers == expected


async def test_equal_answers_of_a_run_stay_equal_through_all_tables(url: str) -> None:
    await store_runs(url)
    async with await Archive.open(url) as archive:
        assert await archive.redact(TraceFilter(graded="right")) == 2
    store = await Store.open(url)
    redacted, other = await store.read_trace("a"), await store.read_trace("b")
    await store.close()
    assert [c.answer_key for c in redacted.candidates] == ["answer-1"] * 3 + ["answer-2"]
    assert [v.answer_key for v in redacted.votes] == ["answer-1", "answer-2"]
    assert redacted.tally is not None and redacted.tally.answer_key == "answer-1"
    assert redacted.calls[0].request == {
        "prompts": 1,
        "n": 4,
        "sampling": {"max_tokens": 64, "stop": []},
    }
    assert (redacted.trace.texts, other.trace.texts) == ("redacted", "kept")
    assert (redacted.trace.error, other.trace.question) == (None, "Question b?")
