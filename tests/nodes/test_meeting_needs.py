import pytest

from fakes import FakeClock, found
from forethought.nodes.algorithms.selection import select
from forethought.nodes.budget import Budget, Meter
from forethought.nodes.candidate import Candidate
from forethought.nodes.meeting_needs import are_met, is_enough, limited, probability_of
from forethought.nodes.needs import Needs
from forethought.nodes.values import Usage
from policy_documents import logistic

THREE_OF_FOUR = tuple(found(f"p{i}", "7" if i else "8") for i in range(4))


def met(needs: Needs, *, seconds: float = 1.0, tokens: int = 100, p: float | None = None) -> bool:
    clock = FakeClock()
    meter = Meter(Budget(generations=16), clock)
    clock.now += seconds
    meter.spend(Usage(completion_tokens=tokens))
    return are_met(needs, select(THREE_OF_FOUR, "weighted"), p, meter)


@pytest.mark.parametrize(
    ("needs", "is_met"),
    [
        (Needs(confidence=0.75), True),
        (Needs(confidence=0.76), False),
        (Needs(seconds=1.0), True),
        (Needs(seconds=0.9), False),
        (Needs(tokens=100), True),
        (Needs(tokens=99), False),
        (Needs(confidence=0.5, seconds=2.0, tokens=200), True),
        (Needs(confidence=0.5, seconds=2.0, tokens=99), False),
    ],
)
def test_all_that_is_stated_has_to_be_met(needs: Needs, is_met: bool) -> None:
    assert met(needs) == is_met


def test_a_calibrated_probability_counts_where_there_is_one() -> None:
    assert not met(Needs(confidence=0.7), p=0.6)
    assert met(Needs(confidence=0.9), p=0.95)


def enough(needs: Needs | None, candidates: tuple[Candidate, ...] = THREE_OF_FOUR) -> bool:
    return is_enough(needs, select(candidates, "weighted"), None, Meter(Budget(generations=16)))


def test_only_a_confidence_that_is_reached_is_a_reason_to_stop() -> None:
    assert enough(Needs(confidence=0.7))
    assert not enough(Needs(confidence=0.8))
    assert not enough(Needs(seconds=1000.0, tokens=1000))
    assert not enough(None)


def test_a_vote_of_one_and_no_vote_are_no_confidence() -> None:
    assert not enough(Needs(confidence=0.1), (found("p0", "7"),))
    assert not enough(Needs(confidence=0.1), (found("p0"), found("p1")))


def test_what_is_needed_limits_the_budget_where_that_allows_more() -> None:
    budget = Budget(generations=16, tokens=1000, deadline_s=10.0)
    needs = Needs(seconds=20.0, tokens=500)
    assert limited(budget, needs) == Budget(generations=16, tokens=500, deadline_s=10.0)
    assert limited(Budget(generations=4), needs) == Budget(
        generations=4, tokens=500, deadline_s=20.0
    )
    assert limited(budget, Needs(confidence=0.5)) == budget
    assert limited(budget, None) == budget


def test_the_probability_is_that_of_the_model_on_what_the_vote_shows() -> None:
    verdict = select(THREE_OF_FOUR, "weighted")
    model = logistic(-1.5, winner_votes=2.0)
    assert probability_of(model, verdict, THREE_OF_FOUR) == pytest.approx(0.5)
    assert probability_of(None, verdict, THREE_OF_FOUR) is None


def test_without_a_vote_or_without_what_the_model_reads_there_is_no_probability() -> None:
    silent = (found("p0"), found("p1"))
    assert probability_of(logistic(0.0), select(silent, "weighted"), silent) is None
    reads_scores = logistic(0.0, winner_mean=1.0)
    verdict = select(THREE_OF_FOUR, "weighted")
    assert probability_of(reads_scores, verdict, THREE_OF_FOUR) is None
