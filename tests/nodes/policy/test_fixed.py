import pytest

from forethought.nodes.algorithms.beam_search import BeamSearch
from forethought.nodes.algorithms.best_of_n import BestOfN
from forethought.nodes.difficulty.base import Difficulty
from forethought.nodes.policy.base import Situation
from forethought.nodes.policy.fixed import FixedPolicy
from forethought.nodes.policy.runnable import CannotRun


def situation(*, room: int = 12, continuation: bool = True) -> Situation:
    return Situation(
        kind="math",
        difficulty=Difficulty(probability=0.5, level=3, method="told", samples=4),
        room=room,
        verifier=True,
        continuation=continuation,
    )


def test_the_strategy_is_the_one_that_was_asked_for_and_the_last() -> None:
    plan = FixedPolicy(strategy=BestOfN(n=8)).choose(situation())
    assert (plan.strategy, plan.policy, plan.final) == (BestOfN(n=8), "fixed", True)


def test_one_that_costs_more_than_is_left_is_cut_and_says_so() -> None:
    plan = FixedPolicy(strategy=BeamSearch(n=16, m=4)).choose(situation(room=15))
    assert plan.strategy == BeamSearch(n=12, m=4)
    assert "cut from 16 generations" in plan.why


def test_one_that_cannot_be_cut_is_refused() -> None:
    fixed = FixedPolicy(strategy=BeamSearch(n=16, m=4))
    with pytest.raises(CannotRun, match="continues an answer"):
        fixed.choose(situation(continuation=False))
