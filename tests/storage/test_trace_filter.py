from datetime import UTC, datetime

import pytest

from analysed_runs import store_runs
from forethought.storage.store import Store
from forethought.storage.trace_filter import TraceFilter

pytestmark = pytest.mark.anyio
SECOND = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (TraceFilter(), "fedcba"),
        (TraceFilter(status="failed"), "f"),
        (TraceFilter(strategy="best_of_n", effort="medium"), "eda"),
        (TraceFilter(level=4), "b"),
        (TraceFilter(model="large"), ""),
        (TraceFilter(text="QUESTION b?"), "b"),
        (TraceFilter(text="_"), ""),
        (TraceFilter(graded="right"), "da"),
        (TraceFilter(graded="wrong"), "eb"),
        (TraceFilter(graded="undecided"), "c"),
        (TraceFilter(graded="ungraded"), "f"),
        (TraceFilter(grader="person:anna"), "c"),
        (TraceFilter(min_tokens=200, max_tokens=300), "ed"),
        (TraceFilter(min_seconds=2.5), ""),
        (TraceFilter(policy="gsm8k", kind="number", face="eval"), "fedcba"),
        (TraceFilter(since=SECOND), "fedc"),
        (TraceFilter(until=SECOND), "ba"),
        (TraceFilter(key_id="nobody"), ""),
    ],
)
async def test_only_what_is_wanted_is_listed(url: str, wanted: TraceFilter, ids: str) -> None:
    await store_runs(url)
    store = await Store.open(url)
    found = await store.list_traces(wanted=wanted)
    await store.close()
    assert "".join(trace.id for trace in found) == ids


async def test_a_page_begins_where_the_last_one_ended_whatever_was_removed(url: str) -> None:
    await store_runs(url)
    store = await Store.open(url)
    first = await store.list_traces(2)
    second = await store.list_traces(2, after=first[-1].id)
    beyond = await store.list_traces(9, after="bb")
    graded = await store.list_traces(9, wanted=TraceFilter(graded="right"), after="d")
    await store.close()
    assert [trace.id for trace in (*first, *second)] == ["f", "e", "d", "c"]
    assert [trace.id for trace in beyond] == ["b", "a"]
    assert [trace.id for trace in graded] == ["a"]
    assert [trace.score for trace in first] == [None, 0.0]
