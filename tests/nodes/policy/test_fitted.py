from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.algorithms.beam_search import BeamSearch
from forethought.nodes.algorithms.best_of_n import BestOfN
from forethought.nodes.algorithms.escalation import Escalation
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.algorithms.marginal_gain import MarginalGain
from forethought.nodes.algorithms.registry import STRATEGIES, JsonScalar
from forethought.nodes.difficulty.base import Difficulty, Level
from forethought.nodes.needs import Needs
from forethought.nodes.policy.base import Plan, Situation
from forethought.nodes.policy.document import Dial, Option, PolicyDocument, Scope
from forethought.nodes.policy.fitted import FittedPolicy
from policy_documents import CONTROLLER, dial, document, option, outlay

LEVELS: tuple[Level, ...] = (1, 2, 3, 4, 5)
NAME = "tiny@3 0123abcd"


def situation(level: Level = 3, room: int = 12) -> Situation:
    """Return what there is after a pilot of 4, with every collaborator but a larger model."""
    return Situation(
        kind="math",
        difficulty=Difficulty(probability=0.5, level=level, method="told", samples=4),
        room=room,
        verifier=True,
        continuation=True,
        spent=4,
    )


def choose(learned: PolicyDocument, given: Situation | None = None) -> Plan:
    return FittedPolicy(document=learned, reference=NAME).choose(given or situation())


def best_of(n: int) -> dict[str, JsonScalar]:
    return {"name": "best_of_n", "n": n, "wave": 4}


def beams(n: int) -> dict[str, JsonScalar]:
    return {"name": "beam_search", "n": n, "m": 4}


BY_LEVEL = document(
    options=[
        option(3, 16, beams(12), outlay(0.6), chosen=True),
        option(3, 16, best_of(12), outlay(0.5)),
        option(3, 16, {"name": "majority", "n": 12}, outlay(0.4)),
        option(3, 64, best_of(60), outlay(0.7), chosen=True),
        option(5, 16, {"name": "escalation", "n": 3, "price": 4}, outlay(0.4), chosen=True),
        option(5, 16, best_of(12), outlay(0.1)),
    ]
)


@pytest.mark.parametrize(
    ("room", "strategy"),
    [
        (12, BeamSearch(n=12, m=4)),
        (59, BeamSearch(n=56, m=4)),
        (60, BestOfN(n=60, wave=4)),
        (124, BestOfN(n=124, wave=4)),
        (3, BeamSearch(n=3, m=3)),
    ],
)
def test_the_choice_is_that_of_the_largest_budget_there_is_fitted_to_the_room(
    room: int, strategy: object
) -> None:
    plan = choose(BY_LEVEL, situation(room=room))
    assert (plan.strategy, plan.policy, plan.revisions) == (strategy, NAME, None)
    assert "level 3" in plan.why


def test_where_the_choice_cannot_run_the_most_accurate_beside_it_does() -> None:
    plan = choose(BY_LEVEL, replace(situation(), continuation=False))
    assert plan.strategy == BestOfN(n=12, wave=4)
    assert "beam_search needs a generator that continues" in plan.why
    alone = replace(situation(), continuation=False, verifier=False)
    assert choose(BY_LEVEL, alone).strategy == Majority(n=12)


def test_escalation_takes_a_larger_model_that_is_affordable() -> None:
    hard = situation(level=5)
    assert choose(BY_LEVEL, replace(hard, larger=4)).strategy == Escalation(n=3, price=4)
    assert choose(BY_LEVEL, replace(hard, larger=6)).strategy == Escalation(n=2, price=6)
    assert choose(BY_LEVEL, replace(hard, larger=14)).strategy == BestOfN(n=12, wave=4)
    assert choose(BY_LEVEL, hard).strategy == BestOfN(n=12, wave=4)


def test_a_level_that_was_never_measured_is_left_to_what_is_built_in() -> None:
    plan = choose(BY_LEVEL, situation(level=1))
    assert (plan.strategy, plan.policy) == (BestOfN(n=12, wave=4), "builtin-1")
    assert NAME in plan.why and "nothing was measured at level 1" in plan.why


def test_free_text_is_left_to_what_is_built_in_unless_it_was_fitted_on_it() -> None:
    free = replace(situation(), kind="free", verifier=False, judge=True)
    assert choose(BY_LEVEL, free).policy == "builtin-1"
    learned = replace(BY_LEVEL, scope=Scope(kind="free"))
    assert choose(learned, free).policy == NAME


CONTROLLED = document(
    controller=CONTROLLER,
    dials=[
        dial(0.02, 6.0, budget=16, chosen=True),
        dial(0.01, 9.0, budget=64),
        dial(0.005, 14.0, budget=64, chosen=True),
    ],
    options=BY_LEVEL.options,
)


@pytest.mark.parametrize(
    ("room", "price"), [(4, 0.02), (12, 0.02), (59, 0.02), (60, 0.005), (252, 0.005)]
)
def test_a_controller_takes_all_the_room_at_the_price_that_serves_the_budget(
    room: int, price: float
) -> None:
    plan = choose(CONTROLLED, situation(room=room))
    assert plan.strategy == MarginalGain(n=room, price=price)
    assert (plan.policy, "the controller" in plan.why) == (NAME, True)


def test_a_price_that_is_set_comes_before_the_dials() -> None:
    plan = choose(CONTROLLED, replace(situation(), price=0.5))
    assert plan.strategy == MarginalGain(n=12, price=0.5)


def test_a_controller_without_a_verifier_of_steps_leaves_it_to_the_levels() -> None:
    plan = choose(CONTROLLED, replace(situation(), verifier=False))
    assert plan.strategy == Majority(n=12)


def test_a_controller_without_a_chosen_price_is_left_out_and_the_plan_says_so() -> None:
    plan = choose(document(controller=CONTROLLER, dials=[dial(0.01, 9.0)]))
    assert plan.policy == "builtin-1"
    assert "no price that was chosen" in plan.why and "at level 3" in plan.why


PRICED = document(
    options=[
        option(3, 8, best_of(4), outlay(0.5, tokens=800, read=100, rounds=2)),
        option(3, 16, best_of(12), outlay(0.7, tokens=1600, read=400, rounds=3)),
        option(3, 16, beams(12), outlay(0.75, tokens=1500, read=600, rounds=9)),
        option(3, 64, best_of(60), outlay(0.8, tokens=6400, read=900, rounds=5)),
        option(4, 16, best_of(12), outlay(0.99, tokens=1, read=0, rounds=1)),
    ]
)


def needing(
    *, confidence: float | None = None, seconds: float | None = None, tokens: int | None = None
) -> Situation:
    needs = Needs(confidence=confidence, seconds=seconds, tokens=tokens)
    return replace(situation(room=60), needs=needs, seconds_left=seconds, round_s=1.0)


@pytest.mark.parametrize(
    ("given", "strategy", "why"),
    [
        (needing(confidence=0.4), BestOfN(n=4, wave=4), "cheapest that is expected to meet"),
        (needing(confidence=0.6), BestOfN(n=12, wave=4), "cheapest that is expected to meet"),
        (needing(confidence=0.75), BeamSearch(n=12, m=4), "cheapest that is expected to meet"),
        (needing(confidence=0.75, seconds=7.0), BestOfN(n=60, wave=4), "expected to meet"),
        (needing(confidence=0.75, seconds=3.0), BestOfN(n=12, wave=4), "right in 75%"),
        (needing(confidence=0.9), BestOfN(n=60, wave=4), "right in 90%"),
        (needing(tokens=1600), BeamSearch(n=12, m=4), "most accurate within the needs"),
        (needing(seconds=2.5), BestOfN(n=12, wave=4), "most accurate within the needs"),
        (needing(seconds=0.5), BestOfN(n=4, wave=4), "the cheapest there is"),
    ],
)
def test_needs_take_the_cheapest_that_meets_them_or_what_comes_nearest(
    given: Situation, strategy: object, why: str
) -> None:
    plan = choose(PRICED, given)
    assert plan.strategy == strategy
    assert why in plan.why and plan.policy == NAME


def test_what_takes_more_seconds_than_are_known_is_not_held_against_it() -> None:
    unknown = replace(needing(confidence=0.75, seconds=3.0), round_s=None)
    assert choose(PRICED, unknown).strategy == BeamSearch(n=12, m=4)


def test_a_question_with_long_samples_is_expected_to_take_more_tokens() -> None:
    long = replace(needing(tokens=1600), answer_tokens=300.0)
    assert choose(PRICED, long).strategy == BestOfN(n=4, wave=4)


def test_what_is_spent_already_goes_on_with_a_larger_budget() -> None:
    later = replace(needing(confidence=0.4), spent=16, room=48)
    assert choose(PRICED, later).strategy == BestOfN(n=48, wave=4)


def test_dials_meet_needs_where_the_level_has_no_option() -> None:
    learned = document(
        controller=CONTROLLER,
        dials=[dial(0.02, 6.0, accuracy=0.5), dial(0.005, 14.0, accuracy=0.7, chosen=True)],
    )
    plan = choose(learned, needing(confidence=0.4))
    assert plan.strategy == MarginalGain(n=60, price=0.02)
    assert choose(learned, needing(confidence=0.6)).strategy == MarginalGain(n=60, price=0.005)


def test_needs_that_nothing_measured_can_serve_fall_through() -> None:
    spent = replace(needing(confidence=0.4), spent=64, room=4)
    assert choose(PRICED, spent).strategy == BestOfN(n=4, wave=4)
    assert "level 3" in choose(PRICED, spent).why


small = st.integers(1, 8)
budgets = st.sampled_from([4, 8, 16, 64])
thetas = st.sampled_from([*sorted(STRATEGIES), "unheard_of"]).flatmap(
    lambda name: st.fixed_dictionaries(
        {"name": st.just(name)}
        | ({"chains": small, "length": small} if name == "mixed" else {"n": st.integers(1, 80)})
        | ({"m": small} if name in ("beam_search", "dvts", "lookahead") else {})
        | ({"k": st.integers(0, 4)} if name == "lookahead" else {})
        | ({"price": small} if name == "escalation" else {})
    )
)
options = st.builds(
    option,
    st.sampled_from(LEVELS),
    budgets,
    thetas,
    st.builds(outlay, st.floats(0, 1), rounds=st.floats(1, 20)),
    chosen=st.booleans(),
)
dials = st.builds(
    dial, st.floats(1e-4, 0.5), st.floats(1, 64), budget=budgets, chosen=st.booleans()
)
needs = st.builds(
    Needs,
    confidence=st.floats(0.01, 0.99),
    seconds=st.none() | st.floats(0.1, 100),
    tokens=st.none() | st.integers(1, 5000),
)


@given(
    made=st.lists(options, max_size=8),
    turned=st.lists(dials, max_size=4),
    controlled=st.booleans(),
    level=st.sampled_from(LEVELS),
    room=st.integers(1, 300),
    spent=st.integers(0, 80),
    present=st.tuples(*[st.booleans()] * 3),
    larger=st.none() | st.integers(1, 20),
    needed=st.none() | needs,
    price=st.none() | st.floats(1e-4, 0.5),
)
def test_a_plan_never_costs_more_than_there_is(
    made: Sequence[Option],
    turned: Sequence[Dial],
    controlled: bool,
    level: Level,
    room: int,
    spent: int,
    present: tuple[bool, ...],
    larger: int | None,
    needed: Needs | None,
    price: float | None,
) -> None:
    learned = document(options=made, dials=turned, controller=CONTROLLER if controlled else None)
    given = replace(
        situation(level=level, room=room),
        spent=spent,
        verifier=present[0],
        judge=present[1] and not present[0],
        continuation=present[2],
        larger=larger,
        needs=needed,
        seconds_left=None if needed is None else needed.seconds,
        round_s=1.0,
        price=price,
    )
    plan = choose(learned, given)
    revisions = plan.revisions.generations if plan.revisions else 0
    assert 1 <= plan.strategy.generations
    assert plan.strategy.generations + revisions <= room
    assert plan.policy in (NAME, "builtin-1")
    assert plan.why
    if plan.strategy.name == "escalation":
        assert larger is not None
    if plan.strategy.name in ("beam_search", "dvts", "lookahead"):
        assert given.verifier and given.continuation


def test_a_choice_smaller_than_its_budget_is_final_and_one_that_takes_all_is_not() -> None:
    modest = document(options=[option(3, 64, best_of(12), chosen=True)])
    plan = choose(modest, situation(room=60))
    assert (plan.strategy.generations, plan.final) == (12, True)
    assert not choose(BY_LEVEL, situation(room=60)).final


def test_what_live_runs_chose_goes_before_the_controller() -> None:
    controller: dict[str, JsonScalar] = {"name": "marginal_gain"}
    replayed = option(3, 16, best_of(12), chosen=True)
    learned = document(
        options=[replayed], controller=controller, dials=[dial(0.001, 16, chosen=True)]
    )
    assert choose(learned).strategy.name == "marginal_gain"
    live = replace(option(3, 16, beams(12), chosen=True), source="beams")
    assert choose(replace(learned, options=(replayed, live))).strategy.name == "beam_search"
