from dataclasses import replace

import pytest

from analysed_runs import RUNS, store_runs
from forethought.storage.overview import (
    ConfidenceTenth,
    OverviewFilter,
    StatusCount,
)
from forethought.storage.store import Store

pytestmark = pytest.mark.anyio


async def test_the_overview_says_what_the_views_say(url: str) -> None:
    await store_runs(url)
    store = await Store.open(url)
    try:
        found = await store.read_overview(OverviewFilter())
        assert await store.read_overview(OverviewFilter()) == found, "nothing is left behind"
    finally:
        await store.close()
    assert found.statuses == (
        StatusCount(status="failed", runs=1),
        StatusCount(status="finished", runs=5),
    )
    assert sum(cell.runs for cell in found.cells) == 5
    assert sum(cell.graded for cell in found.cells) == 5
    assert sum(cell.scores for cell in found.cells) == 2.5
    assert [(cell.effort, cell.level, cell.strategy, cell.runs) for cell in found.cells] == [
        ("high", 4, "beam_search", 1),
        ("medium", 2, "best_of_n", 3),
        ("none", None, "direct", 1),
    ]
    assert [(day.day, day.runs, day.scores) for day in found.days] == [
        ("2026-11-01", 2, 1.0),
        ("2026-11-02", 3, 1.5),
    ]
    assert [one for one in found.confidence if one.measure == "probability"] == [
        ConfidenceTenth(measure="probability", tenth=3, graded=1, said=0.35, came_true=0.0),
        ConfidenceTenth(measure="probability", tenth=9, graded=1, said=0.95, came_true=1.0),
    ]
    (beam,) = (row for row in found.waste if row.strategy == "beam_search")
    assert (beam.pruned, beam.cut_tokens) == (1, 50)
    assert {row.verifier_model for row in found.verifiers} == {"prm"}
    costs = {(row.effort, row.strategy): row for row in found.costs}
    assert (costs["high", "beam_search"].rights, costs["high", "beam_search"].graded) == (0, 1)
    assert costs["high", "beam_search"].seconds_per_right is None
    assert costs["medium", "best_of_n"].rights == 2


async def test_the_overview_is_of_the_runs_that_are_wanted(url: str) -> None:
    own_runs = {"key_id": "k1", "model": "large"}
    others = {"key_id": None, "model": "small"}
    runs = [replace(run, more=own_runs if run.id in "ab" else others) for run in RUNS]
    await store_runs(url, runs)
    store = await Store.open(url)
    try:
        own = await store.read_overview(OverviewFilter(key_id="k1"))
        large = await store.read_overview(OverviewFilter(model="large", since="2026-11-01"))
        late = await store.read_overview(OverviewFilter(since="2026-11-02"))
        none = await store.read_overview(OverviewFilter(key_id="k2"))
    finally:
        await store.close()
    assert own == large
    assert sum(cell.runs for cell in own.cells) == 2
    assert [day.day for day in late.days] == ["2026-11-02"]
    assert {one.measure for one in own.confidence} == {"confidence", "probability"}
    assert sum(row.runs for row in own.waste) == 2
    assert none.statuses == () and none.cells == () and none.costs == ()
