from itertools import combinations, pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import found
from forethought.nodes.algorithms.base import Selection
from forethought.nodes.algorithms.selection import select
from forethought.nodes.replay.ballots import Ballots
from forethought.nodes.replay.outcome import COVERAGE, Outcomes, coverage
from forethought.nodes.replay.pool import Sample
from forethought.nodes.replay.run import available, budgets, replay_pool, replay_question
from forethought.nodes.replay.strategies import REPLAYED
from forethought.nodes.replay.tally import orders_of
from recorded_pools import ballots, sample

HAND = (
    sample("1", 0.9, 0.25, n_tokens=1),
    sample("2", 0.5, n_tokens=2),
    sample("2", 0.375, n_tokens=4),
    sample(None, 1.0, n_tokens=8),
)
SIXTEENTHS = st.integers(0, 16).map(lambda k: k / 16)
SAMPLES = st.builds(
    lambda answer, score, whole, n_tokens: sample(answer, score, whole=whole, n_tokens=n_tokens),
    st.sampled_from(["1", "2", "3", None]),
    SIXTEENTHS,
    st.sampled_from([True, True, True, False]),
    st.integers(1, 9),
)
POOLS = st.lists(SAMPLES, min_size=1, max_size=20).map(lambda samples: ballots(*samples))


def every_order(votes: Ballots) -> Outcomes:
    orders = orders_of(votes.answers, np.array(list(permutations(range(votes.n)))))
    return replay_question(votes, orders, votes.n, available([votes]))


def some_orders(votes: Ballots, *, subsets: int = 8, seed: int = 0, id: str = "q") -> Outcomes:
    return next(replay_pool([votes], [id], size=votes.n, subsets=subsets, seed=seed))


def test_all_orders_of_a_small_pool_give_the_exact_expectations() -> None:
    outcomes = every_order(ballots(*HAND))
    # N = 2, of 6 pairs: {1, none} votes 1; {1, 2} goes to the one found first, half of the time.
    assert outcomes["majority", 2].right == pytest.approx((1 + 0.5 * 2) / 6)
    assert outcomes["majority", 4].right == 0.0
    assert outcomes[COVERAGE, 2].right == pytest.approx(3 / 6)
    # By its last score, 0.25, the right one never beats a wrong one; by its mean, 0.575, it does.
    assert outcomes["best-of-N best, last", 2].right == pytest.approx(1 / 6)
    assert outcomes["best-of-N best, mean", 2].right == pytest.approx(3 / 6)
    assert outcomes["best-of-N weighted, mean", 4].right == 0.0
    assert outcomes["best-of-N best, mean", 4].right == 1.0


def test_costs_are_counted_in_samples_tokens_and_scored_steps() -> None:
    cell = every_order(ballots(*HAND))["best-of-N weighted, last", 2]
    assert cell.samples == 2
    assert cell.tokens == pytest.approx(15 / 2)
    assert cell.verified_steps == pytest.approx(5 / 2)
    assert cell.verified_tokens == pytest.approx(4 * 5 / 2)
    majority = every_order(ballots(*HAND))["majority", 2]
    assert (majority.verified_steps, majority.verified_tokens) == (0, 0)


def test_adaptive_consistency_stops_after_four_equal_answers() -> None:
    outcomes = every_order(ballots(*[sample("1", 1.0)] * 6))
    assert outcomes["Adaptive-Consistency, one at a time", 6].samples == 4
    assert outcomes["Adaptive-Consistency, pilot and waves", 6].samples == 4
    assert outcomes["ESC, w = 5", 6].samples == 5
    assert outcomes["majority", 6].samples == 6


def test_doubts_of_the_verifier_keep_the_vote_open() -> None:
    votes = ballots(*[sample("1", 0.25)] * 6)
    outcomes = every_order(votes)
    assert outcomes["weighted, pilot and waves", 6].samples == 6
    assert outcomes["Adaptive-Consistency, pilot and waves", 6].samples == 4


def test_confidence_outvotes_a_count() -> None:
    sure, unsure = (-0.01, -0.01), (-0.01, -9.0)
    outcomes = every_order(
        ballots(
            sample("1", step_logprobs=sure),
            sample("2", step_logprobs=unsure),
            sample("2", step_logprobs=unsure),
        )
    )
    assert outcomes["majority", 3].right == 0.0
    assert outcomes["confidence majority, lowest step", 3].right == 1.0
    assert outcomes["confidence majority, mean logprob", 3].right == 1.0


def test_without_scores_nothing_is_replayed_under_a_verifier() -> None:
    names = {name for name, _ in some_orders(ballots(sample("1"), sample("2")))}
    assert COVERAGE in names
    assert not any(REPLAYED[name].verifier for name in names - {COVERAGE})


def test_a_cut_sample_votes_only_where_that_is_asked_for() -> None:
    cut = sample("1", 0.5, whole=False)
    assert some_orders(ballots(cut))["majority", 1].right == 0.0
    assert some_orders(ballots(cut, cut_votes=True))["majority", 1].right == 1.0


@pytest.mark.parametrize(("size", "ns"), [(1, (1,)), (8, (1, 2, 4, 8)), (6, (1, 2, 4, 6))])
def test_budgets_double_up_to_the_size(size: int, ns: tuple[int, ...]) -> None:
    assert budgets(size) == ns


@given(st.integers(1, 8).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_coverage_is_the_share_of_subsets_with_a_right_one(pair: tuple[int, int]) -> None:
    n, right = pair
    for subset in range(1, n + 1):
        hits = [any(i < right for i in chosen) for chosen in combinations(range(n), subset)]
        assert coverage(n, right, subset) == pytest.approx(sum(hits) / len(hits))


@settings(max_examples=50)
@given(st.lists(SAMPLES, min_size=1, max_size=12))
def test_the_whole_pool_is_what_select_says(samples: list[Sample]) -> None:
    votes = ballots(*samples)
    order = orders_of(votes.answers, np.arange(votes.n)[None, :])
    replayed = replay_question(votes, order, votes.n, available([votes]))
    candidates = [
        found(
            f"k{i}",
            s.answer,
            s.scores[-1] if s.scores else None,
            ending="whole" if s.whole else "length",
        )
        for i, s in enumerate(samples)
    ]
    by_key = {candidate.key: candidate.answer for candidate in candidates}
    selections: dict[str, Selection] = {
        "majority": "majority",
        "best-of-N best, last": "best",
        "best-of-N weighted, last": "weighted",
    }
    for name, selection in selections.items():
        verdict = select(candidates, selection)
        right = bool(verdict.groups) and by_key[verdict.groups[0].members[0]] == "1"
        if (name, votes.n) in replayed:
            assert replayed[name, votes.n].right == right


@settings(max_examples=30)
@given(POOLS)
def test_an_early_stop_costs_no_more_and_more_budget_costs_no_less(votes: Ballots) -> None:
    outcomes = some_orders(votes)
    for strategy in available([votes]):
        cells = [outcomes[strategy.name, n] for n in budgets(votes.n)]
        for few, more in pairwise(cells):
            assert few.samples <= more.samples
            assert few.tokens <= more.tokens
            assert few.verified_steps <= more.verified_steps
        for n, cell in zip(budgets(votes.n), cells, strict=True):
            assert cell.samples <= n
            assert cell.right <= outcomes[COVERAGE, votes.n].right + 1e-9
            if strategy.stop is None:
                assert cell.samples == n


@settings(max_examples=30)
@given(POOLS)
def test_with_one_sample_all_votes_are_alike(votes: Ballots) -> None:
    outcomes = some_orders(votes)
    first = {outcomes[strategy.name, 1].right for strategy in available([votes])}
    assert len(first) == 1


def test_a_question_has_its_own_chance() -> None:
    votes = ballots(*HAND)
    alone = some_orders(votes, id="b")
    beside = list(replay_pool([votes, votes], ["a", "b"], size=4, subsets=8, seed=0))
    assert beside[1]["majority", 2].right == alone["majority", 2].right
    assert beside[1]["majority", 2].tokens == alone["majority", 2].tokens
    other = some_orders(votes, id="b", seed=1)
    assert other["majority", 2].tokens != alone["majority", 2].tokens
