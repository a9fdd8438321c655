from collections.abc import Sequence
from pathlib import Path

import pytest

from forethought.nodes.algorithms.base import Strategy
from forethought.nodes.algorithms.beam_search import BeamSearch
from forethought.nodes.algorithms.best_of_n import BestOfN
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.algorithms.marginal_gain import MarginalGain
from forethought.nodes.algorithms.registry import numbers_of, strategy_from
from forethought.nodes.algorithms.revisions import Revisions
from forethought.nodes.errors import FitError, StoreError
from forethought.nodes.learning.graded_runs import Cost, Graded
from forethought.server.graded import graded_from, graded_options
from forethought.storage.graded_runs import GradedRun
from forethought.storage.store import Store
from graded_traces import drawn, store_item, store_trace

pytestmark = pytest.mark.anyio
PILOT = [drawn("pilot-0", "It is 42.", answer="42")]


async def opened(tmp_path: Path) -> Store:
    return await Store.open(f"sqlite:///{tmp_path / 'traces.db'}")


async def evaluated(
    store: Store,
    name: str,
    strategies: Sequence[Strategy],
    right: Sequence[bool],
    *,
    data_hash: str = "ab",
    revisions: Revisions | None = None,
) -> list[GradedRun]:
    """Store an evaluation whose questions are q0, q1, ..., and return its runs."""
    record = await store.open_evaluation(name, "dev", data_hash, {})
    for i, one in enumerate(right):
        trace_id = await store_trace(store, pilot=PILOT, strategies=strategies, revisions=revisions)
        await store_item(store, record, f"q{i}", trace_id, right=one)
    return await store.graded_runs(name)


async def test_what_a_run_was_is_read_off_its_trace(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    (run,) = await evaluated(store, "beams", [BeamSearch(n=12, m=4)], [True])
    await store.close()
    assert graded_from(run) == Graded(
        question="q0",
        right=True,
        level=3,
        budget=16,
        plans=({"name": "beam_search", **numbers_of(BeamSearch(n=12, m=4))},),
        cost=Cost(generations=7, tokens=70, verifier_tokens=60, rounds=1),
    )


@pytest.mark.parametrize(
    "strategy",
    [BestOfN(n=12), BeamSearch(n=8), MarginalGain(n=12, price=0.01), Majority(n=3, wave=1)],
)
async def test_a_strategy_is_read_off_a_trace_as_it_was(tmp_path: Path, strategy: Strategy) -> None:
    store = await opened(tmp_path)
    (run,) = await evaluated(store, "one", [strategy], [True])
    await store.close()
    assert [strategy_from(theta) for theta in graded_from(run).plans] == [strategy]


async def test_a_run_that_failed_tells_no_cost_and_may_have_no_trace(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    record = await store.open_evaluation("beams", "dev", "ab", {})
    await store_item(store, record, "q0", None, error="BackendTimeout")
    await store_item(store, record, "q1", await store_trace(store), error="BackendTimeout")
    lost, failed = map(graded_from, await store.graded_runs("beams"))
    await store.close()
    assert lost == Graded(question="q0", right=False, level=None, budget=None, plans=(), cost=None)
    assert (failed.level, failed.budget, failed.cost) == (3, 16, None)


async def test_stored_evaluations_become_options(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await evaluated(store, "best", [BestOfN(n=12)], [False] * 12)
    await evaluated(store, "beams", [BeamSearch(n=12)], [True] * 11 + [False])
    (found,) = await graded_options(store, ["best", "beams", "beams"])
    await store.close()
    assert (found.level, found.budget, found.source, found.chosen) == (3, 16, "beams", True)
    assert found.questions == 12
    assert found.gain == pytest.approx(11 / 12)
    assert strategy_from(found.theta) == BeamSearch(n=12)


async def test_evaluations_of_different_data_are_not_compared(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await evaluated(store, "best", [BestOfN(n=12)], [True])
    await evaluated(store, "beams", [BeamSearch(n=12)], [True], data_hash="cd")
    with pytest.raises(
        FitError, match=r"asked different data .*'beams' \(dev\) and 'best' \(dev\)"
    ):
        await graded_options(store, ["best", "beams"])
    await store.close()


async def test_plans_of_several_strategies_are_mixed_and_so_are_revisions(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await evaluated(store, "twice", [BestOfN(n=4), BeamSearch(n=8)], [True])
    await evaluated(store, "revised", [BestOfN(n=4)], [True], revisions=Revisions(chains=2))
    for name in ("twice", "revised"):
        with pytest.raises(FitError, match=f"'{name}' mixed strategies"):
            await graded_options(store, [name])
    with pytest.raises(StoreError, match="there is no evaluation 'none'"):
        await graded_options(store, ["none"])
    await store.close()
