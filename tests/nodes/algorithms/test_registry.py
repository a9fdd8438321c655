import json

import pytest

from forethought.nodes.algorithms.base import Strategy
from forethought.nodes.algorithms.beam_search import BeamSearch
from forethought.nodes.algorithms.best_of_n import BestOfN
from forethought.nodes.algorithms.budget_forcing import BudgetForcing
from forethought.nodes.algorithms.confidence_majority import ConfidenceMajority
from forethought.nodes.algorithms.deepconf import DeepConf
from forethought.nodes.algorithms.dvts import DiverseVerifierTreeSearch
from forethought.nodes.algorithms.escalation import Escalation
from forethought.nodes.algorithms.lookahead import LookaheadSearch
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.algorithms.marginal_gain import MarginalGain
from forethought.nodes.algorithms.mixed import Mixed
from forethought.nodes.algorithms.particle_filtering import ParticleFiltering
from forethought.nodes.algorithms.rebase import Rebase
from forethought.nodes.algorithms.registry import (
    STRATEGIES,
    JsonScalar,
    numbers_of,
    revisions_from,
    strategy_from,
)
from forethought.nodes.algorithms.revisions import Revisions

SOME: list[Strategy] = [
    BeamSearch(n=16, m=4),
    BestOfN(n=8, selection="best", wave=2),
    Majority(n=8),
    BudgetForcing(n=2, waits=3),
    ConfidenceMajority(n=8, measure="lowest_window"),
    DeepConf(n=32, eta=10),
    DiverseVerifierTreeSearch(n=8, m=2),
    Escalation(n=1, price=9),
    LookaheadSearch(n=4, k=3),
    MarginalGain(n=8, price=0.01, trend=-0.5),
    Mixed(chains=4, length=4),
    ParticleFiltering(n=8, resampling="systematic"),
    Rebase(n=8, t_b=0.3),
    STRATEGIES["esc"](),
    STRATEGIES["adaptive_consistency"](),
]


@pytest.mark.parametrize("strategy", SOME, ids=lambda s: s.name)
def test_a_strategy_is_read_back_as_it_was(strategy: Strategy) -> None:
    document = json.loads(json.dumps(numbers_of(strategy)))
    assert strategy_from(document) == strategy
    assert STRATEGIES[strategy.name] is type(strategy)


def test_every_strategy_is_named_by_its_own_name() -> None:
    assert sorted(s.name for s in SOME) == sorted(STRATEGIES)


def test_revisions_are_read_back_as_they_were() -> None:
    revisions = Revisions(chains=3, length=2)
    assert revisions_from(numbers_of(revisions)) == revisions
    with pytest.raises(ValueError, match="must be revisions"):
        revisions_from({"name": "majority", "n": 4})


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"n": 4}, "name must be one of"),
        ({"name": "magic", "n": 4}, "'magic'"),
        ({"name": "majority"}, "lacks a number"),
        ({"name": "majority", "n": 4, "m": 2}, "has no number 'm'"),
        ({"name": "majority", "n": "4"}, "n of majority cannot be '4'"),
        ({"name": "marginal_gain", "n": 4, "price": -1.0}, "price 0 or more"),
        ({"name": "majority", "n": True}, "n of majority cannot be True"),
        ({"name": "best_of_n", "n": 4, "selection": "worst"}, "cannot be 'worst'"),
        ({"name": "beam_search", "n": 2, "m": 4}, "m must be from 1"),
        ({"name": "majority", "n": 0}, "n of majority cannot be 0"),
        ({"name": "majority", "n": 4, "wave": -1}, "wave of majority cannot be -1"),
        ({"name": "rebase", "n": 4, "t_b": 0.0}, "t_b of rebase cannot be 0.0"),
    ],
)
def test_a_document_that_is_no_strategy_is_refused(
    document: dict[str, JsonScalar], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        strategy_from(document)
