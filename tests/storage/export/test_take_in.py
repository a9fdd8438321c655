import json
from pathlib import Path

import pytest
from sqlalchemy import select, text

from analysed_runs import RUNS, store_runs
from documented_questions import ANSWERS, QUESTIONS, rounded
from forethought.nodes.errors import StoreError
from forethought.storage.archive import Archive
from forethought.storage.database import open_engine
from forethought.storage.export.layout import TABLES, FileKind, part_file, table_named
from forethought.storage.grades import NewGrade
from forethought.storage.store import Store
from forethought.storage.trace_filter import TraceFilter
from recorded_runs import INFO, tell_run

pytestmark = pytest.mark.anyio
KINDS: tuple[FileKind, ...] = ("parquet", "jsonl")


async def rows_of(url: str) -> dict[str, list[tuple[object, ...]]]:
    engine = open_engine(url)
    async with engine.connect() as connection:
        found = {}
        for name in TABLES:
            table = table_named(name)
            query = select(table).order_by(*table.primary_key)
            found[name] = [tuple(row) for row in await connection.execute(query)]
    await engine.dispose()
    return found


@pytest.mark.parametrize("kind", KINDS)
async def test_an_export_comes_back_whole_in_another_store(
    url: str, tmp_path: Path, kind: FileKind
) -> None:
    await store_runs(url)
    store = await Store.open(url)
    recorder = store.begin(INFO)
    await tell_run(recorder)
    await store.close()
    other = f"sqlite:///{tmp_path / 'other.db'}"
    folder = tmp_path / "out"
    async with await Archive.open(url) as archive:
        engine = open_engine(url)
        async with engine.begin() as connection:  # as if it had ended long ago
            await connection.execute(text("UPDATE trace SET writer = 'gone\\:1\\:1'"))
            await connection.execute(text("UPDATE trace SET finished_at = created_at"))
            past = "UPDATE trace SET finished_at = '2026-11-02 00:00:00' WHERE id = :id"
            await connection.execute(text(past), {"id": recorder.trace_id})
        await engine.dispose()
        assert (await archive.write_out(folder, kind)).rows["trace"] == 7
    async with await Archive.open(other) as archive:
        first = await archive.take_in(folder)
        again = await archive.take_in(folder)
    assert first["trace"].new == first["trace"].rows == 7
    assert sum(taken.new for taken in again.values()) == 0
    assert await rows_of(other) == await rows_of(url)
    store = await Store.open(other)
    detail = await store.read_trace(recorder.trace_id)
    await store.close()
    assert (len(detail.steps), len(detail.candidates), len(detail.calls)) == (5, 6, 3)
    assert detail.tally is not None and detail.tally.answer_key == "42"


async def test_a_later_part_adds_to_what_was_taken_in(url: str, tmp_path: Path) -> None:
    source, folder = f"sqlite:///{tmp_path / 'source.db'}", tmp_path / "out"
    await store_runs(source, RUNS[:3])
    async with await Archive.open(source) as from_, await Archive.open(url) as to:
        await from_.write_out(folder, "parquet")
        await to.take_in(folder)
        await to.redact(TraceFilter(text="Question a"))
        await store_runs(source, RUNS[3:])
        store = await Store.open(source)
        await store.add_grades([NewGrade(trace_id="f", grader="person:anna", score=0.0)])
        await store.close()
        await from_.write_out(folder, "parquet")
        taken = await to.take_in(folder)
    assert (taken["trace"].rows, taken["trace"].new, taken["grade"].new) == (6, 3, 3)
    engine = open_engine(url)
    async with engine.connect() as connection:
        sql = QUESTIONS["How accurate is each strategy, and what does it take?"]
        answers = rounded((await connection.execute(text(sql))).all())
        texts = (
            await connection.execute(text("SELECT texts, question FROM trace ORDER BY id"))
        ).all()
    await engine.dispose()
    assert answers == rounded(ANSWERS["How accurate is each strategy, and what does it take?"])
    assert tuple(texts[0]) == ("redacted", "")


async def test_a_failed_item_that_has_an_answer_now_is_replaced(tmp_path: Path) -> None:
    source, other = (f"sqlite:///{tmp_path / name}" for name in ("source.db", "other.db"))
    folder = tmp_path / "out"
    await store_runs(source)

    async def say(url: str, values: str) -> None:
        engine = open_engine(url)
        async with engine.begin() as connection:
            await connection.execute(text(f"UPDATE evaluation_item SET {values}"))
        await engine.dispose()

    await say(source, "error = 'lost', answer = NULL")
    async with await Archive.open(source) as from_, await Archive.open(other) as to:
        await from_.write_out(folder, "jsonl")
        await to.take_in(folder)
        await say(source, "error = NULL, answer = '42'")
        await from_.write_out(folder, "jsonl")
        await to.take_in(folder)
        assert await rows_of(other) == await rows_of(source)


async def test_what_cannot_be_taken_in_is_said(sqlite_url: str, tmp_path: Path) -> None:
    await store_runs(sqlite_url)
    folder = tmp_path / "out"
    other = f"sqlite:///{tmp_path / 'other.db'}"
    store = await Store.open(other)
    await store.open_evaluation("made-d", "made.jsonl", "ab", {})
    await store.close()
    async with await Archive.open(sqlite_url) as from_, await Archive.open(other) as to:
        with pytest.raises(StoreError, match="holds no export"):
            await to.take_in(tmp_path)
        await from_.write_out(folder, "jsonl")
        with pytest.raises(StoreError, match="another evaluation called 'made-d'"):
            await to.take_in(folder)
        path = part_file(folder, "trace", 1, "jsonl")
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        newer = "".join(json.dumps(line | {"mood": 1}) + "\n" for line in lines)
        path.write_text(newer, encoding="utf-8")
        with pytest.raises(StoreError, match=r"newer forethought.*mood"):
            await to.take_in(folder)
        path.unlink()
        with pytest.raises(StoreError, match="cannot be read"):
            await to.take_in(folder)
