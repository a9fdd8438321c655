import pytest

from forethought.nodes.difficulty.base import Difficulty
from forethought.nodes.policy.base import Situation
from forethought.nodes.policy.room import Theta
from forethought.nodes.policy.runnable import CannotRun, Present, check_present, strategy_for

ALL = Present(verifier=True, judge=False, continuation=True, larger=True)
NONE = Present(verifier=False, judge=False, continuation=False, larger=False)
JUDGED = Present(verifier=False, judge=True, continuation=False, larger=False)


@pytest.mark.parametrize(
    ("name", "lacks"),
    [
        ("best_of_n", "a verifier"),
        ("mixed", "a verifier"),
        ("beam_search", "a generator that continues"),
        ("deepconf", "a generator that continues"),
        ("marginal_gain", "a verifier of steps"),
        ("escalation", "a larger model"),
    ],
)
def test_a_strategy_without_its_collaborators_is_refused_by_name(name: str, lacks: str) -> None:
    check_present({"name": name}, ALL)
    with pytest.raises(CannotRun, match=f"{name} needs {lacks}"):
        check_present({"name": name}, NONE)


@pytest.mark.parametrize("name", ["majority", "esc", "adaptive_consistency", "confidence_majority"])
def test_votes_need_nobody(name: str) -> None:
    check_present({"name": name}, NONE)


def test_a_judge_of_whole_solutions_scores_samples_but_leads_no_steps() -> None:
    check_present({"name": "best_of_n"}, JUDGED)
    with pytest.raises(CannotRun, match="a verifier of steps"):
        continued = Present(verifier=False, judge=True, continuation=True, larger=False)
        check_present({"name": "dvts"}, continued)


def test_a_mix_by_majority_needs_no_verifier() -> None:
    check_present({"name": "mixed", "selection": "majority"}, NONE)


def situation(larger: int | None = None) -> Situation:
    return Situation(
        kind="math",
        difficulty=Difficulty(probability=0.5, level=3, method="told", samples=4),
        room=12,
        verifier=True,
        larger=larger,
        continuation=True,
    )


def test_an_answer_of_the_larger_model_costs_what_it_costs_here() -> None:
    theta: Theta = {"name": "escalation", "n": 4, "price": 1}
    assert strategy_for(theta, situation(larger=5), 12).generations == 10
    with pytest.raises(CannotRun, match="more than the 12 generations left"):
        strategy_for(theta, situation(larger=13), 12)


@pytest.mark.parametrize("theta", [{"name": "wishing", "n": 4}, {"name": "rebase", "wave": 4}, {}])
def test_what_is_no_strategy_cannot_run(theta: Theta) -> None:
    with pytest.raises(CannotRun):
        strategy_for(theta, situation(), 12)
