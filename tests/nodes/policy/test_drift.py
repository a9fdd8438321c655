import random

import pytest

from forethought.nodes.algorithms.best_of_n import BestOfN
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.difficulty.base import Difficulty
from forethought.nodes.policy.base import Situation
from forethought.nodes.policy.document import Familiar
from forethought.nodes.policy.drift import LEAST, MOST, Drift, SteppedBack

KNOWN = Familiar(questions=500, probability_mean=0.4, probability_deviation=0.2)


def seen(*probabilities: float) -> Drift:
    drift = Drift()
    for probability in probabilities:
        drift = drift.after(probability)
    return drift


def test_too_few_questions_say_nothing() -> None:
    assert not seen(*[1.0] * (LEAST - 1)).is_strange_to(KNOWN)
    assert seen(*[1.0] * LEAST).is_strange_to(KNOWN)


def test_four_standard_errors_are_still_familiar() -> None:
    off = 4 * 0.2 / 100**0.5
    assert not seen(*[0.4 + off - 0.001] * 100).is_strange_to(KNOWN)
    assert seen(*[0.4 + off + 0.001] * 100).is_strange_to(KNOWN)
    assert seen(*[0.4 - off - 0.001] * 100).is_strange_to(KNOWN)


def test_a_fit_without_any_spread_knows_no_strange_ones() -> None:
    flat = Familiar(questions=3, probability_mean=0.4, probability_deviation=0.0)
    assert not seen(*[1.0] * 100).is_strange_to(flat)


def test_it_ends_when_the_questions_are_back() -> None:
    drift = seen(*[0.4] * 1000, *[0.9] * 60)
    assert drift.is_strange_to(KNOWN)
    for _ in range(MOST):
        drift = drift.after(0.4)
    assert not drift.is_strange_to(KNOWN)
    assert len(drift.predicted) == MOST


@pytest.mark.parametrize("seed", range(20))
def test_questions_like_those_of_the_fit_are_familiar(seed: int) -> None:
    chance = random.Random(seed)
    drift = Drift()
    for _ in range(300):
        drift = drift.after(min(max(chance.gauss(0.4, 0.2), 0.0), 1.0))
        assert not drift.is_strange_to(KNOWN)


def situation(*, verifier: bool) -> Situation:
    return Situation(
        kind="math",
        difficulty=Difficulty(probability=0.5, level=3, method="told", samples=4),
        room=60,
        verifier=verifier,
        continuation=True,
    )


def test_stepping_back_is_best_of_n_with_all_there_is() -> None:
    plan = SteppedBack(reference="tiny@1 0123abcd").choose(situation(verifier=True))
    assert plan.strategy == BestOfN(n=60, wave=4)
    assert plan.policy == "tiny@1 0123abcd"
    assert "questions unlike those the policy was fitted on" in plan.why


def test_stepping_back_without_a_verifier_is_what_is_built_in() -> None:
    plan = SteppedBack(reference="tiny@1 0123abcd").choose(situation(verifier=False))
    assert (plan.strategy, plan.policy) == (Majority(n=60, wave=4), "builtin-1")
    assert "questions unlike those" in plan.why and "tiny@1" in plan.why
