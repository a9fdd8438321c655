import pytest

from fakes import found
from forethought.nodes.difficulty.features import pilot_features
from forethought.nodes.difficulty.guess import guess_difficulty
from forethought.nodes.difficulty.model import estimate_difficulty, predict_difficulty
from forethought.nodes.logistic import LogisticModel, Term
from forethought.nodes.policy.document import DifficultyModel

PILOT = [found("a", "1", 0.9), found("b", "1", 0.8), found("c", "2", 0.2), found("d", "1", 0.9)]
UNSCORED = [found("a", "1"), found("b", "1")]


def model(*features: str, pilot: int = 4) -> DifficultyModel:
    terms = (Term(feature=name, mean=0.0, scale=1.0, coefficient=1.0) for name in features)
    return DifficultyModel(
        model=LogisticModel(intercept=0.0, terms=tuple(terms)),
        bounds=(0.9, 0.7, 0.6, 0.1),
        pilot=pilot,
    )


def test_a_fitted_model_is_used_with_its_own_bounds() -> None:
    difficulty = estimate_difficulty(model("leader_share", "score_mean"), "", PILOT)
    expected = model("leader_share", "score_mean").model.predict(pilot_features("", PILOT))
    assert difficulty.probability == expected
    assert 0.7 <= expected < 0.9
    assert (difficulty.level, difficulty.method) == (2, "fitted on the pilot")
    assert difficulty.samples == 4


def test_another_number_of_samples_is_told() -> None:
    difficulty = estimate_difficulty(model("leader_share"), "", PILOT[:2])
    assert difficulty.method == "fitted on a pilot of 4, used on 2"
    assert difficulty.samples == 2


def test_a_model_of_the_question_alone_needs_no_sample() -> None:
    difficulty = estimate_difficulty(model("question_log_characters", pilot=0), "How much?", [])
    assert (difficulty.method, difficulty.samples) == ("fitted on the question alone", 0)


def test_without_a_model_the_guess_says_so() -> None:
    guess, difficulty = guess_difficulty(PILOT), estimate_difficulty(None, "", PILOT)
    assert (difficulty.probability, difficulty.level) == (guess.probability, guess.level)
    assert difficulty.method == "no fitted model; mean of pilot agreement and verifier mean"


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        (["score_mean", "score_best"], "verifier scores"),
        (["confidence_mean", "score_mean"], "token log-probabilities, verifier scores"),
        (["leader_share", "of_old"], "of_old"),
    ],
)
def test_what_the_model_lacks_is_named_and_the_guess_stands_in(
    features: list[str], reason: str
) -> None:
    difficulty = estimate_difficulty(model(*features), "", UNSCORED)
    assert difficulty.method == f"features missing: {reason}; pilot agreement"
    assert difficulty.probability == guess_difficulty(UNSCORED).probability


def test_a_prediction_without_its_features_is_an_error() -> None:
    with pytest.raises(KeyError, match="score_mean"):
        predict_difficulty(model("score_mean"), {}, 4)
