"""Every strategy by name, and its numbers as plain JSON: what policies and traces hold.

The numbers are the fields of the strategy, so a document made here is read back as an equal value. A
document with a number that the strategy does not have, or of another type, is refused, never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from types import NoneType, UnionType
from typing import Literal, Union, cast, get_args, get_origin, get_type_hints

from .adaptive_consistency import AdaptiveConsistency
from .base import Strategy
from .beam_search import BeamSearch
from .best_of_n import BestOfN
from .budget_forcing import BudgetForcing
from .confidence_majority import ConfidenceMajority
from .deepconf import DeepConf
from .dvts import DiverseVerifierTreeSearch
from .esc import EarlyStoppingSelfConsistency
from .escalation import Escalation
from .lookahead import LookaheadSearch
from .majority import Majority
from .marginal_gain import MarginalGain
from .mixed import Mixed
from .particle_filtering import ParticleFiltering
from .rebase import Rebase
from .revisions import Revisions

JsonScalar = str | int | float | bool | None

STRATEGIES: dict[str, type[Strategy]] = {
    "adaptive_consistency": AdaptiveConsistency,
    "beam_search": BeamSearch,
    "best_of_n": BestOfN,
    "budget_forcing": BudgetForcing,
    "confidence_majority": ConfidenceMajority,
    "deepconf": DeepConf,
    "dvts": DiverseVerifierTreeSearch,
    "esc": EarlyStoppingSelfConsistency,
    "escalation": Escalation,
    "lookahead": LookaheadSearch,
    "majority": Majority,
    "marginal_gain": MarginalGain,
    "mixed": Mixed,
    "particle_filtering": ParticleFiltering,
    "rebase": Rebase,
}

BOUNDS: dict[str, tuple[float, float]] = {
    "n": (1, math.inf),
    "wave": (1, math.inf),
    "max_rounds": (1, math.inf),
    "temperature": (0, 2),
    "top_p": (0.001, 1),
    "softmax_temperature": (0.001, math.inf),
    "t_b": (0.001, math.inf),
    "answer_tokens": (1, math.inf),
}
"""Of numbers whose strategy does not see to it: the smallest and the largest that can be run."""


def numbers_of(theta: Strategy | Revisions) -> dict[str, JsonScalar]:
    """Return the name and the numbers of a strategy."""
    names = _numbers(type(theta))
    return {"name": theta.name} | {name: getattr(theta, name) for name in names}


def strategy_from(document: Mapping[str, JsonScalar]) -> Strategy:
    """Return the strategy that `numbers_of` wrote.

    Raises:
        ValueError: no such strategy, or not its numbers.
    """
    name = document.get("name")
    if not isinstance(name, str) or name not in STRATEGIES:
        raise ValueError(f"name must be one of {', '.join(STRATEGIES)}, not {name!r}")
    return cast(Strategy, _built(STRATEGIES[name], document))


def revisions_from(document: Mapping[str, JsonScalar]) -> Revisions:
    """Return the revisions that `numbers_of` wrote.

    Raises:
        ValueError: these are not their numbers.
    """
    if document.get("name") != "revisions":
        raise ValueError(f"name must be revisions, not {document.get('name')!r}")
    return cast(Revisions, _built(Revisions, document))


def _numbers(kind: type) -> dict[str, object]:
    """Return the fields that make up a strategy, with their types."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind) if field.init}


def _built(kind: type, document: Mapping[str, JsonScalar]) -> object:
    types = _numbers(kind)
    given = {name: value for name, value in document.items() if name != "name"}
    for name, value in given.items():
        if name not in types:
            raise ValueError(f"{document['name']} has no number {name!r}")
        if not _fits(value, types[name]) or not _in_bounds(name, value):
            raise ValueError(f"{name} of {document['name']} cannot be {value!r}")
    try:
        return kind(**given)
    except TypeError as exc:
        raise ValueError(f"{document['name']} lacks a number: {exc}") from exc


def _in_bounds(name: str, value: JsonScalar) -> bool:
    """Say whether a number is one that a strategy can run with, as far as its name tells."""
    if isinstance(value, bool | str) or value is None:
        return True
    least, most = BOUNDS.get(name, (-math.inf, math.inf))
    return math.isfinite(value) and least <= value <= most


def _fits(value: JsonScalar, hint: object) -> bool:
    """Say whether `value` is of a type that a strategy's field has."""
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    if hint is NoneType:
        return value is None
    if isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if hint is float else cast(type, hint))
