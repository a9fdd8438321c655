import pytest

from forethought.nodes.errors import StoreError
from forethought.storage.grades import NewGrade
from forethought.storage.store import Store
from recorded_runs import ANSWER, INFO

pytestmark = pytest.mark.anyio


async def test_grades_are_added_and_never_overwritten(url: str) -> None:
    store = await Store.open(url)
    recorder = store.begin(INFO)
    recorder.finish(ANSWER)
    trace_id = recorder.trace_id
    given = [
        NewGrade(trace_id=trace_id, grader="dataset:gsm8k", score=1.0),
        NewGrade(trace_id=trace_id, grader="person:anna", score=0.5, note="right, but why?"),
    ]
    added = await store.add_grades(given)
    again = await store.add_grades([NewGrade(trace_id=trace_id, grader="person:anna", score=0.0)])
    found = await store.grades_of(trace_id)
    assert await store.grades_of("another") == []
    assert await store.add_grades([]) == []
    await store.close()
    assert found == added + again
    assert [(g.grader, g.score, g.note) for g in found] == [
        ("dataset:gsm8k", 1.0, None),
        ("person:anna", 0.5, "right, but why?"),
        ("person:anna", 0.0, None),
    ]


async def test_grades_of_a_trace_that_is_not_there_are_refused_all_together(url: str) -> None:
    store = await Store.open(url)
    recorder = store.begin(INFO)
    known = NewGrade(trace_id=recorder.trace_id, grader="person:anna", score=1.0)
    unknown = NewGrade(trace_id="nothing", grader="person:anna", score=1.0)
    with pytest.raises(StoreError, match="of a trace that is not in the database"):
        await store.add_grades([known, unknown])
    assert await store.grades_of(recorder.trace_id) == []
    await store.close()


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
async def test_a_score_is_from_0_to_1(score: float) -> None:
    with pytest.raises(ValueError, match="score must be from 0 to 1"):
        NewGrade(trace_id="t", grader="person:anna", score=score)


async def test_a_grade_says_who_gave_it() -> None:
    with pytest.raises(ValueError, match="grader must say who"):
        NewGrade(trace_id="t", grader=" ", score=1.0)
