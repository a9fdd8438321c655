"""Estimates difficulty with a fitted model where it can, else with the guess, and says which.

The model's numbers are made by `learning/fit_difficulty.py`; nothing here needs what fitted them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ..candidate import Candidate
from ..policy.document import DifficultyModel
from .base import Difficulty, level_of
from .features import FEATURES, Source, pilot_features
from .guess import guess_difficulty

_WORDS: dict[Source, str] = {
    "question": "the question",
    "votes": "samples",
    "verifier": "verifier scores",
    "confidence": "token log-probabilities",
}


def predict_difficulty(
    model: DifficultyModel, features: Mapping[str, float], samples: int
) -> Difficulty:
    """Return what the model says of features that were read off so many samples.

    Raises:
        KeyError: a feature that the model needs is missing.
    """
    probability = model.model.predict(features)
    if model.pilot == 0:
        method = "fitted on the question alone"
    elif samples == model.pilot:
        method = "fitted on the pilot"
    else:
        method = f"fitted on a pilot of {model.pilot}, used on {samples}"
    return Difficulty(
        probability=probability,
        level=level_of(probability, model.bounds),
        method=method,
        samples=samples,
    )


def estimate_difficulty(
    model: DifficultyModel | None, question: str, candidates: Sequence[Candidate]
) -> Difficulty:
    """Return the model's estimate, or the guess where there is no model or it lacks features.

    There is at least one candidate, unless the model reads the question alone.
    """
    if model is None:
        return _guess("no fitted model", candidates)
    features = pilot_features(question, candidates)
    missing = [name for name in model.model.features if name not in features]
    if missing:
        return _guess(f"features missing: {', '.join(_sources(missing))}", candidates)
    return predict_difficulty(model, features, len(candidates))


def _guess(reason: str, candidates: Sequence[Candidate]) -> Difficulty:
    guess = guess_difficulty(candidates)
    return replace(guess, method=f"{reason}; {guess.method}")


def _sources(missing: Iterable[str]) -> list[str]:
    """Return where the missing features are read off, each once; a strange one by its name."""
    source_of = {name: _WORDS[source] for source, names in FEATURES.items() for name in names}
    return list(dict.fromkeys(source_of.get(name, name) for name in missing))
