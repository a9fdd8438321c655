"""An export as analysts open it: the documented questions in DuckDB, the examples of the docs run."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysed_runs import store_runs
from documented_questions import ANSWERS, DOC, QUESTIONS, rounded
from forethought.storage.analysis import VIEWS
from forethought.storage.archive import Archive
from forethought.storage.export.duckdb_views import VIEWS_FILE

pytestmark = pytest.mark.anyio
EXAMPLES = re.findall(r"```python\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
async def export(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    await store_runs(sqlite_url)
    async with await Archive.open(sqlite_url) as archive:
        await archive.write_out(tmp_path / "traces", "parquet")
    monkeypatch.chdir(tmp_path / "traces")
    return tmp_path / "traces"


async def test_every_documented_question_has_the_same_answer_in_duckdb(export: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute((export / VIEWS_FILE).read_text(encoding="utf-8"))
        found = {
            heading: rounded(connection.execute(sql).fetchall())
            for heading, sql in QUESTIONS.items()
        }
        for name in VIEWS:
            connection.execute(f"SELECT * FROM {name}").fetchall()
    assert found == {heading: rounded(rows) for heading, rows in ANSWERS.items()}


async def test_days_are_those_of_utc_wherever_the_session_is(export: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        connection.execute((export / VIEWS_FILE).read_text(encoding="utf-8"))
        days = connection.execute("SELECT DISTINCT day FROM run_summary ORDER BY day").fetchall()
    assert days == [("2026-11-01",), ("2026-11-02",)]


@pytest.mark.parametrize("example", EXAMPLES)
async def test_the_examples_of_the_docs_run(export: Path, example: str) -> None:
    names: dict[str, object] = {}
    exec(example, names)  # noqa: S102
    result: Any = names["answer"]
    assert rounded(result.itertuples(index=False)) == rounded(
        [("beam_search", 0.0), ("best_of_n", 2 / 3), ("direct", 0.5)]
    )
