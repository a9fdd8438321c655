import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.algorithms.beam_search import BeamSearch
from forethought.nodes.algorithms.best_of_n import BestOfN
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.algorithms.revisions import Revisions
from forethought.nodes.difficulty.base import Difficulty, Level
from forethought.nodes.policy.base import Plan, Situation
from forethought.nodes.policy.builtin import BuiltinPolicy

LEVELS: tuple[Level, ...] = (1, 2, 3, 4, 5)


def choose(
    level: Level,
    room: int,
    *,
    verifier: bool = True,
    continuation: bool = True,
    judge: bool = False,
) -> Plan:
    return BuiltinPolicy().choose(
        Situation(
            kind="math",
            difficulty=Difficulty(probability=0.5, level=level, method="told", samples=4),
            room=room,
            verifier=verifier,
            continuation=continuation,
            judge=judge,
        )
    )


@pytest.mark.parametrize("level", LEVELS)
def test_without_a_verifier_it_is_the_majority(level: Level) -> None:
    plan = choose(level, 12, verifier=False)
    assert (plan.strategy, plan.revisions) == (Majority(n=12, wave=4), None)


@pytest.mark.parametrize("level", LEVELS)
def test_with_a_verifier_of_whole_solutions_nothing_step_wise_is_planned(level: Level) -> None:
    plan = choose(level, 16, verifier=False, judge=True)
    assert (plan.strategy, plan.revisions) == (BestOfN(n=16, wave=4), None)


@pytest.mark.parametrize(
    ("level", "room", "plan"),
    [
        (1, 60, BestOfN(n=12, wave=4)),
        (2, 5, BestOfN(n=5, wave=4)),
        (3, 12, BeamSearch(n=12, m=4)),
        (4, 63, BeamSearch(n=60, m=4)),
        (4, 7, BestOfN(n=7, wave=4)),
        (3, 65, BestOfN(n=65, wave=4)),
        (5, 7, BestOfN(n=7, wave=4)),
    ],
)
def test_follows_the_findings_of_the_paper(level: Level, room: int, plan: object) -> None:
    chosen = choose(level, room)
    assert (chosen.strategy, chosen.revisions) == (plan, None)
    assert str(level) in chosen.why


def test_beams_need_a_server_that_continues() -> None:
    assert choose(3, 16, continuation=False).strategy == BestOfN(n=16, wave=4)


def test_the_hardest_mix_parallel_samples_and_revisions() -> None:
    plan = choose(5, 60)
    assert plan.strategy == BestOfN(n=46, wave=4)
    assert plan.revisions == Revisions(chains=2, length=7)


@given(
    level=st.sampled_from(LEVELS),
    room=st.integers(1, 300),
    verifier=st.booleans(),
    continuation=st.booleans(),
)
def test_a_plan_never_costs_more_than_there_is(
    level: Level, room: int, verifier: bool, continuation: bool
) -> None:
    plan = choose(level, room, verifier=verifier, continuation=continuation)
    revisions = plan.revisions.generations if plan.revisions else 0
    assert plan.strategy.generations >= 1
    assert plan.strategy.generations + revisions <= room
    assert plan.policy == "builtin-1"
    assert plan.why
    assert plan.difficulty.level == level
