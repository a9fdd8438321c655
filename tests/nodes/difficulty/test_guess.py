import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import found
from forethought.nodes.difficulty.base import level_of
from forethought.nodes.difficulty.guess import guess_difficulty


@pytest.mark.parametrize(
    ("probability", "level"),
    [(0.0, 5), (0.19, 5), (0.2, 4), (0.4, 3), (0.5, 3), (0.6, 2), (0.8, 1), (1.0, 1)],
)
def test_levels_are_fifths_of_the_probability(probability: float, level: int) -> None:
    assert level_of(probability) == level


@pytest.mark.parametrize(
    ("answers", "probability"),
    [("1111", 1.0), ("1112", 2 / 3), ("1122", 1 / 3), ("1234", 0.0), ("????", 0.0), ("1", 0.0)],
)
def test_agreement_is_the_share_of_the_others_that_agree(answers: str, probability: float) -> None:
    guess = guess_difficulty(
        [found(f"{i}", None if a == "?" else a) for i, a in enumerate(answers)]
    )
    assert guess.probability == pytest.approx(probability)
    assert (guess.method, guess.samples) == ("pilot agreement", len(answers))


def test_a_verifier_counts_as_much_as_agreement() -> None:
    guess = guess_difficulty([found("a", "1", 0.9), found("b", "1", 0.7), found("c", "2", 0.2)])
    assert guess.probability == pytest.approx((0.5 + 0.6) / 2)
    assert guess.method == "mean of pilot agreement and verifier mean"


def test_cut_samples_count_as_wrong_ones() -> None:
    guess = guess_difficulty([found("a", "1", 0.8), found("b", ending="length")])
    assert guess.probability == pytest.approx((0.0 + 0.4) / 2)


def test_one_sample_is_judged_by_the_verifier_alone() -> None:
    guess = guess_difficulty([found("a", "1", 0.7)])
    assert (guess.probability, guess.level) == (0.7, 2)
    assert guess.method == "verifier mean of one sample"


@given(
    st.lists(st.tuples(st.sampled_from(["1", "2", None]), st.none() | st.floats(0, 1)), min_size=1)
)
def test_a_guess_is_a_probability(rows: list[tuple[str | None, float | None]]) -> None:
    guess = guess_difficulty([found(str(i), a, s) for i, (a, s) in enumerate(rows)])
    assert 0.0 <= guess.probability <= 1.0
    assert guess.level == level_of(guess.probability)
