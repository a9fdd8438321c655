import pytest
from sqlalchemy import text

from analysed_runs import RUNS, store_runs
from documented_questions import ANSWERS, QUESTIONS, rounded
from forethought.storage.analysis import VIEWS
from forethought.storage.database import open_engine

pytestmark = pytest.mark.anyio


async def test_every_documented_question_gets_the_answer_counted_by_hand(url: str) -> None:
    await store_runs(url)
    engine = open_engine(url)
    async with engine.connect() as connection:
        found = {
            heading: rounded((await connection.execute(text(sql))).all())
            for heading, sql in QUESTIONS.items()
        }
    await engine.dispose()
    assert found == {heading: rounded(rows) for heading, rows in ANSWERS.items()}


async def test_every_view_is_asked_in_the_docs() -> None:
    asked = " ".join([*QUESTIONS.values(), *(sql for sql in VIEWS.values())])
    assert [name for name in VIEWS if name not in asked.split()] == []


async def test_a_summary_is_one_row_a_run_graded_or_not(url: str) -> None:
    await store_runs(url)
    engine = open_engine(url)
    async with engine.connect() as connection:
        sql = "SELECT trace_id, strategy, day, is_right FROM run_summary ORDER BY trace_id"
        rows = [tuple(row) for row in await connection.execute(text(sql))]
    await engine.dispose()
    assert rows == [
        ("a", "best_of_n", "2026-11-01", 1),
        ("b", "beam_search", "2026-11-01", 0),
        ("c", "direct", "2026-11-02", None),
        ("d", "best_of_n", "2026-11-02", 1),
        ("e", "best_of_n", "2026-11-02", 0),
        ("f", "pilot", "2026-11-02", None),
    ]
    assert len(rows) == len(RUNS)
