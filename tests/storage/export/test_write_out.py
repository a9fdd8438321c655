import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from analysed_runs import RUNS, MadeRun, sample, store_runs
from forethought.nodes.errors import StoreError
from forethought.storage.archive import Archive
from forethought.storage.database import open_engine
from forethought.storage.export.files import format_of
from forethought.storage.export.layout import (
    IN_PARTS,
    TABLES,
    FileKind,
    part_file,
    read_manifest,
    table_named,
)
from forethought.storage.export.write_out import write_out
from forethought.storage.grades import NewGrade
from forethought.storage.liveness import writer_id
from forethought.storage.store import Store
from forethought.storage.trace_filter import TraceFilter

pytestmark = pytest.mark.anyio
KINDS: tuple[FileKind, ...] = ("parquet", "jsonl")


def ids(folder: Path, table: str, number: int, kind: FileKind) -> list[str]:
    column = "id" if table in ("trace", "grade") else "trace_id"
    return list(format_of(kind).read_column(part_file(folder, table, number, kind), column))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_second_export_has_only_what_is_new(
    url: str, tmp_path: Path, kind: FileKind
) -> None:
    await store_runs(url, RUNS[:2])
    folder = tmp_path / "out"
    async with await Archive.open(url) as archive:
        first = await archive.write_out(folder, kind)
        again = await archive.write_out(folder, kind)
        await store_runs(url, RUNS[2:3])
        store = await Store.open(url)
        await store.add_grades([NewGrade(trace_id="a", grader="person:ben", score=0.0)])
        await store.close()
        second = await archive.write_out(folder, kind)
    assert (first.part, again.part, second.part) == (1, None, 2)
    assert (first.rows["trace"], first.rows["candidate"], first.rows["grade"]) == (2, 6, 2)
    assert ids(folder, "trace", 1, kind) == ["a", "b"]
    assert ids(folder, "trace", 2, kind) == ["c"]
    assert (second.rows["candidate"], second.rows["grade"]) == (1, 4)
    assert "step" not in second.rows
    assert not part_file(folder, "step", 2, kind).exists()
    manifest = read_manifest(folder)
    assert manifest is not None
    assert [part.number for part in manifest.parts] == [1, 2]
    assert manifest.whole == {"policy": 0, "evaluation": 0, "evaluation_item": 0}


@pytest.mark.parametrize("kind", KINDS)
async def test_an_empty_store_has_a_file_for_every_table(
    sqlite_url: str, tmp_path: Path, kind: FileKind
) -> None:
    async with await Archive.open(sqlite_url) as archive:
        written = await archive.write_out(tmp_path / "out", kind)
    assert written.rows == dict.fromkeys(TABLES, 0)
    assert all(part_file(tmp_path / "out", name, 1, kind).exists() for name in IN_PARTS)


async def test_a_run_that_goes_on_or_has_just_ended_waits(sqlite_url: str, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    fresh = {"writer": writer_id(), "finished_at": now}
    runs = (
        MadeRun(id="g", status="running", candidates=[sample("pilot-0", "42")]),
        MadeRun(id="h", strategy=None, more=fresh),
        MadeRun(id="i", strategy=None, more={"finished_at": now}),  # of a process on another host
        MadeRun(id="j", strategy=None, more=fresh | {"finished_at": now - timedelta(minutes=1)}),
    )
    await store_runs(sqlite_url, runs)
    engine = open_engine(sqlite_url)
    folder = tmp_path / "out"
    async with engine.connect() as connection:
        first = await write_out(connection, folder, "jsonl", now)
        later = await write_out(connection, folder, "jsonl", now + timedelta(seconds=6))
    await engine.dispose()
    assert (ids(folder, "trace", 1, "jsonl"), first.waiting) == (["j"], 3)
    assert (ids(folder, "trace", 2, "jsonl"), later.waiting) == (["h", "i"], 1)


async def test_a_broken_export_leaves_the_one_before_and_is_cleared_away(
    sqlite_url: str, tmp_path: Path
) -> None:
    await store_runs(sqlite_url, RUNS[:1])
    folder = tmp_path / "out"
    async with await Archive.open(sqlite_url) as archive:
        await archive.write_out(folder, "jsonl")
        await store_runs(sqlite_url, RUNS[1:2])
        half = part_file(folder, "trace", 2, "jsonl")
        half.write_text('{"id": "b"', encoding="utf-8")
        half.with_name("000003.jsonl.new").write_text("x", encoding="utf-8")
        engine = open_engine(sqlite_url)
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE step SET trace_id = trace_id"))
        await engine.dispose()
        second = await archive.write_out(folder, "jsonl")
    assert second.part == 2
    assert ids(folder, "trace", 2, "jsonl") == ["b"]
    assert not half.with_name("000003.jsonl.new").exists()


async def test_what_is_no_export_is_left_alone(sqlite_url: str, tmp_path: Path) -> None:
    await store_runs(sqlite_url, RUNS[:1])
    folder = tmp_path / "out"
    async with await Archive.open(sqlite_url) as archive:
        await archive.write_out(folder, "jsonl")
        with pytest.raises(StoreError, match="holds an export as jsonl"):
            await archive.write_out(folder, "parquet")
        (folder / "manifest.json").write_text("[]", encoding="utf-8")
        with pytest.raises(StoreError, match="not of a format that this version knows"):
            await archive.write_out(folder, "jsonl")
        (folder / "manifest.json").write_text("{", encoding="utf-8")
        with pytest.raises(StoreError, match="cannot be read"):
            await archive.write_out(folder, "jsonl")


async def test_json_lines_are_objects_of_columns(sqlite_url: str, tmp_path: Path) -> None:
    await store_runs(sqlite_url, RUNS[:1])
    async with await Archive.open(sqlite_url) as archive:
        await archive.write_out(tmp_path, "jsonl")
        assert (await archive.count(TraceFilter())).traces == 1
    (line,) = part_file(tmp_path, "trace", 1, "jsonl").read_text(encoding="utf-8").splitlines()
    row = json.loads(line)
    assert set(row) == set(table_named("trace").columns.keys())
    assert row["messages"] == [{"role": "user", "content": "Question a?"}]
    assert row["created_at"] == "2026-11-01T23:30:00+00:00"
