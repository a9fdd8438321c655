import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.algorithms.registry import STRATEGIES, JsonScalar, strategy_from
from forethought.nodes.difficulty.base import Difficulty
from forethought.nodes.policy.base import Situation
from forethought.nodes.policy.room import fit_to_room, room_for

small = st.integers(1, 12)
thetas = st.sampled_from(sorted(STRATEGIES)).flatmap(
    lambda name: st.fixed_dictionaries(
        {"name": st.just(name)}
        | ({"chains": small, "length": small} if name == "mixed" else {"n": st.integers(1, 300)})
        | ({"m": small} if name in ("beam_search", "dvts", "lookahead") else {})
        | ({"k": st.integers(0, 6)} if name == "lookahead" else {})
        | ({"price": small} if name == "escalation" else {})
    )
)


@given(thetas, st.integers(1, 300))
def test_a_fitted_strategy_costs_at_most_the_room_and_is_still_one(
    theta: dict[str, JsonScalar], room: int
) -> None:
    fitted = fit_to_room(theta, room)
    if fitted is None:
        price = theta["price"]
        assert theta["name"] == "escalation" and isinstance(price, int) and price > room
        return
    strategy = strategy_from(fitted)
    assert 1 <= strategy.generations <= room
    assert strategy.name == theta["name"]


@pytest.mark.parametrize(
    ("theta", "room", "numbers"),
    [
        ({"name": "best_of_n", "n": 12, "wave": 4}, 60, {"n": 60, "wave": 4}),
        ({"name": "beam_search", "n": 12, "m": 4}, 30, {"n": 28, "m": 4}),
        ({"name": "beam_search", "n": 12, "m": 4}, 3, {"n": 3, "m": 3}),
        ({"name": "dvts", "n": 12}, 10, {"n": 8, "m": 4}),
        ({"name": "lookahead", "n": 12, "m": 4, "k": 1}, 30, {"n": 12, "m": 4, "k": 1}),
        ({"name": "lookahead", "n": 12, "m": 4, "k": 3}, 3, {"n": 1, "m": 1, "k": 2}),
        ({"name": "mixed", "chains": 4, "length": 3}, 48, {"chains": 8, "length": 6}),
        ({"name": "mixed", "chains": 12, "length": 1}, 48, {"chains": 48, "length": 1}),
        ({"name": "mixed", "chains": 1, "length": 12}, 48, {"chains": 1, "length": 48}),
        ({"name": "escalation", "n": 3, "price": 4}, 60, {"n": 3, "price": 4}),
        ({"name": "escalation", "n": 3, "price": 4}, 9, {"n": 2, "price": 4}),
        ({"name": "marginal_gain", "n": 1, "gain": 0.1}, 60, {"n": 60, "gain": 0.1}),
    ],
)
def test_what_a_strategy_is_stays(
    theta: dict[str, JsonScalar], room: int, numbers: dict[str, JsonScalar]
) -> None:
    assert fit_to_room(theta, room) == {"name": theta["name"]} | numbers


def test_an_answer_of_a_larger_model_may_be_dearer_than_the_room() -> None:
    assert fit_to_room({"name": "escalation", "n": 1, "price": 14}, 13) is None


def test_what_was_chosen_for_being_smaller_than_its_budget_stays_so() -> None:
    after_the_pilot = Situation(
        kind="math",
        difficulty=Difficulty(probability=0.5, level=3, method="told", samples=4),
        room=60,
        spent=4,
        verifier=True,
        continuation=True,
    )
    assert room_for({"name": "best_of_n", "n": 12}, 64, after_the_pilot) == 12
    assert room_for({"name": "best_of_n", "n": 60}, 64, after_the_pilot) == 60
    assert room_for({"name": "best_of_n", "n": 28}, 32, after_the_pilot) == 60
    assert room_for({"name": "escalation", "n": 1, "price": 9}, 64, after_the_pilot) == 60
