import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.algorithms.stopping import independent, is_decided, leader_holds
from forethought.nodes.candidate import Candidate, Step

COUNTS = st.integers(0, 30)


@pytest.mark.parametrize(
    ("a", "b", "probability"),
    [
        (0, 0, 0.5),
        (1, 0, 0.75),
        (3, 0, 1 - 0.5**4),
        (4, 0, 1 - 0.5**5),
        (1, 1, 0.5),
        (2, 1, 0.6875),
        (5, 1, 0.9375),
        (7, 2, 0.9453125),
    ],
)
def test_is_the_tail_of_a_beta_distribution(a: float, b: float, probability: float) -> None:
    assert leader_holds(a, b) == pytest.approx(probability, abs=1e-12)


@pytest.mark.parametrize(
    ("weights", "decided"),
    [
        ([], False),
        ([3.0], False),
        ([4.0], True),
        ([4.0, 0.5], False),
        ([5.0, 1.0, 1.0], False),
        ([6.0, 1.0], True),
        ([2.0, 2.0], False),
        ([3.2, 0.0], False),
        ([3.4, 0.0], True),
    ],
)
def test_a_vote_is_decided_at_95_percent(weights: list[float], decided: bool) -> None:
    assert is_decided(weights) is decided


@given(a=COUNTS, b=COUNTS)
def test_the_two_leaders_are_symmetric(a: int, b: int) -> None:
    assert leader_holds(a, b) + leader_holds(b, a) == pytest.approx(1.0)


@given(a=COUNTS, b=COUNTS)
def test_a_vote_for_the_leader_helps_and_one_for_the_next_hurts(a: int, b: int) -> None:
    assert leader_holds(a + 1, b) > leader_holds(a, b) > leader_holds(a, b + 1)


def test_finals_that_share_their_first_step_and_answer_are_one_witness() -> None:
    def final(key: str, root: str, answer: str) -> Candidate:
        steps = (Step(key=root, parent=None, text="Let x be 8."),)
        return Candidate(
            key=key,
            origin="search",
            ending="whole",
            text=answer,
            steps=steps,
            n_tokens=1,
            answer=answer,
            answer_key=answer,
        )

    siblings = [final(f"s1-0.{i}", "s1-0", "18") for i in range(4)]
    other, cousin = final("s1-0.4", "s1-0", "7"), final("s1-1.0", "s1-1", "18")
    assert independent([*siblings, other, cousin]) == [siblings[0], other, cousin]
