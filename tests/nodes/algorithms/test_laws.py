"""What has to hold of any proposer and verifier, on simulated ones with chosen chances.

Every comparison is paired over the same seeded puzzles; a gap has to be three standard errors wide
where one is claimed, and within three where none is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import pytest

from forethought.nodes.algorithms.adaptive_consistency import AdaptiveConsistency
from forethought.nodes.algorithms.base import Strategy
from forethought.nodes.algorithms.beam_search import BeamSearch
from forethought.nodes.algorithms.best_of_n import BestOfN
from forethought.nodes.algorithms.confidence_majority import ConfidenceMajority
from forethought.nodes.algorithms.dvts import DiverseVerifierTreeSearch
from forethought.nodes.algorithms.esc import EarlyStoppingSelfConsistency
from forethought.nodes.algorithms.lookahead import LookaheadSearch
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.algorithms.marginal_gain import MarginalGain
from forethought.nodes.algorithms.mixed import Mixed
from forethought.nodes.algorithms.particle_filtering import ParticleFiltering
from forethought.nodes.algorithms.rebase import Rebase
from forethought.nodes.algorithms.selection import chains_of, select
from simulated import RIGHT, Puzzle, SimulatedVerifier, solve, tools_of

pytestmark = pytest.mark.anyio
MIDDLING = (0.1, 0.2, 0.3)
MIXED = (0.3, 0.5, 0.7)
SPREAD = (0.2, 0.15, 0.15, 0.1, 0.1, 0.1, 0.1, 0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a strategy did with a row of puzzles."""

    right: list[float]
    covered: list[float]
    generations: float
    distinct: float
    """Mean number of different whole texts."""

    @property
    def accuracy(self) -> float:
        return math.fsum(self.right) / len(self.right)


def puzzles(
    chances: tuple[float, ...], n: int = 150, *, filler: float = 0.0, seed: int = 0
) -> list[Puzzle]:
    return [
        Puzzle(p=chances[i % len(chances)], filler=filler, wrong=SPREAD, seed=seed + i)
        for i in range(n)
    ]


def noisy(puzzle: Puzzle) -> SimulatedVerifier:
    return SimulatedVerifier(puzzle, noise=3.0)


async def outcome(
    strategy: Strategy,
    row: list[Puzzle],
    verifier: Callable[[Puzzle], SimulatedVerifier] | None = None,
) -> Outcome:
    right: list[float] = []
    covered: list[float] = []
    generations, distinct = 0, 0
    for puzzle in row:
        given = tools_of(puzzle, verifier(puzzle) if verifier else None)
        search = await solve(strategy, given)
        verdict = select(search.candidates, strategy.selection)
        keys = {c.key: c.answer_key for c in search.candidates if c.votes}
        right.append(float(keys.get(verdict.winner or "") == RIGHT))
        covered.append(float(RIGHT in keys.values()))
        generations += search.generations
        distinct += len({c.text for c in search.candidates if c.whole})
    return Outcome(
        right=right,
        covered=covered,
        generations=generations / len(row),
        distinct=distinct / len(row),
    )


def gap(ours: list[float], theirs: list[float]) -> float:
    """Return the mean paired difference in standard errors."""
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    n = len(differences)
    mean = math.fsum(differences) / n
    spread = math.fsum((d - mean) ** 2 for d in differences) / (n - 1)
    return mean / math.sqrt(spread / n) if spread else math.copysign(math.inf, mean) if mean else 0


async def test_at_perfect_verification_best_of_n_reaches_coverage() -> None:
    for selection in ("best", "weighted"):
        found = await outcome(
            BestOfN(n=8, selection=selection), puzzles(MIDDLING), SimulatedVerifier
        )
        assert found.right == found.covered
        assert 0.6 < found.accuracy < 0.95


async def test_an_informative_verifier_ranks_weighted_over_best_over_majority() -> None:
    row = puzzles(MIDDLING, 400)

    def weak(puzzle: Puzzle) -> SimulatedVerifier:
        return SimulatedVerifier(puzzle, noise=6.0)

    weighted = await outcome(BestOfN(n=16), row, weak)
    best = await outcome(BestOfN(n=16, selection="best"), row, weak)
    majority = await outcome(Majority(n=16), row)
    assert gap(weighted.right, best.right) > 0
    assert gap(best.right, majority.right) > 3
    assert gap(weighted.right, majority.right) > 3


async def test_a_blind_verifier_ranks_nothing() -> None:
    row = puzzles(MIDDLING, 300)

    def blind(puzzle: Puzzle) -> SimulatedVerifier:
        return SimulatedVerifier(puzzle, noise=3.0, blind=True)

    weighted = await outcome(BestOfN(n=16), row, blind)
    best = await outcome(BestOfN(n=16, selection="best"), row, blind)
    majority = await outcome(Majority(n=16), row)
    assert abs(gap(weighted.right, majority.right)) < 3
    assert gap(best.right, majority.right) < -3


async def test_beam_search_beats_best_of_n_at_small_n_on_middling_questions() -> None:
    row = puzzles(MIDDLING, 300)
    beam = await outcome(BeamSearch(n=4), row, noisy)
    best = await outcome(BestOfN(n=4), row, noisy)
    assert gap(beam.right, best.right) > 3


async def test_beam_search_loses_its_lead_where_the_verifier_can_be_exploited() -> None:
    row = puzzles(MIDDLING, 60, filler=0.3)

    def sound(puzzle: Puzzle) -> SimulatedVerifier:
        return SimulatedVerifier(puzzle, noise=1.5)

    def exploitable(puzzle: Puzzle) -> SimulatedVerifier:
        return SimulatedVerifier(puzzle, noise=1.5, exploitable=True)

    few, many = BeamSearch(n=4), BeamSearch(n=16)
    assert gap((await outcome(few, row, exploitable)).right, await best_of(4, row)) > 0
    misled = await outcome(many, row, exploitable)
    assert gap(misled.right, await best_of(16, row)) < -3
    assert gap(misled.right, (await outcome(many, row, sound)).right) < -3


async def best_of(n: int, row: list[Puzzle]) -> list[float]:
    """Return where best-of-N is right under a verifier that its finals cannot exploit."""
    verifier = partial(SimulatedVerifier, noise=1.5, exploitable=True)
    return (await outcome(BestOfN(n=n), row, verifier)).right


@pytest.mark.parametrize(("n", "k"), [(4, 1), (8, 1), (16, 3)])
async def test_lookahead_is_no_better_at_equal_cost(n: int, k: int) -> None:
    row = puzzles(MIDDLING)
    fewer = n // (k + 1)
    lookahead = LookaheadSearch(n=fewer, m=min(4, fewer), k=k)
    beam = BeamSearch(n=n)
    assert lookahead.generations == beam.generations
    ahead, plain = await outcome(lookahead, row, noisy), await outcome(beam, row, noisy)
    assert gap(ahead.right, plain.right) < 3
    assert ahead.generations == plain.generations


async def test_selection_recovers_what_revisions_flip() -> None:
    row = puzzles(MIXED)
    strategy = Mixed(chains=1, length=8)
    flips, rights, last, chosen = 0, 0, [], []
    for puzzle in row:
        search = await solve(strategy, tools_of(puzzle, noisy(puzzle)))
        (chain,) = chains_of(search.candidates)
        right = [c.answer_key == RIGHT for c in chain]
        rights += sum(right[:-1])
        flips += sum(a and not b for a, b in pairwise(right))
        last.append(float(right[-1]))
        winner = select(search.candidates, "hierarchical").winner
        chosen.append(float(next(c for c in chain if c.key == winner).answer_key == RIGHT))
    share = flips / rights
    assert abs(share - 0.38) < 3 * math.sqrt(0.38 * 0.62 / rights)
    assert gap(chosen, last) > 3


@pytest.mark.parametrize("strategy", [AdaptiveConsistency(), EarlyStoppingSelfConsistency()])
async def test_an_early_stop_saves_samples_at_the_accuracy_of_the_whole_vote(
    strategy: Strategy,
) -> None:
    row = puzzles((0.5, 0.7, 0.9), 120)
    early, whole = await outcome(strategy, row), await outcome(Majority(n=40), row)
    assert abs(gap(early.right, whole.right)) < 3
    assert early.generations < 0.6 * whole.generations


async def test_a_sure_leader_saves_samples_at_the_accuracy_of_best_of_n() -> None:
    row = puzzles((0.3, 0.6, 0.9), 120)
    early = await outcome(MarginalGain(n=16, weight=1.5), row, noisy)
    whole = await outcome(BestOfN(n=16), row, noisy)
    assert abs(gap(early.right, whole.right)) < 3
    assert early.generations < 0.6 * whole.generations


async def test_dvts_keeps_more_distinct_finals_than_beam_search() -> None:
    row = puzzles(MIDDLING, 60)
    dvts = await outcome(DiverseVerifierTreeSearch(n=16, m=4), row, noisy)
    beam = await outcome(BeamSearch(n=16, m=4), row, noisy)
    roots = [await _roots(s, row[:20]) for s in (DiverseVerifierTreeSearch(n=16), BeamSearch(n=16))]
    assert roots[0] > 1.5 * roots[1]
    assert dvts.distinct > beam.distinct


async def _roots(strategy: Strategy, row: list[Puzzle]) -> float:
    """Return the mean number of different first steps among the final answers."""
    roots = 0
    for puzzle in row:
        search = await solve(strategy, tools_of(puzzle, noisy(puzzle)))
        roots += len({c.steps[0].key for c in search.candidates if c.whole})
    return roots / len(row)


async def test_resampling_and_reward_balance_beat_best_of_n() -> None:
    row = puzzles(MIDDLING)
    best = await outcome(BestOfN(n=4), row, noisy)
    for strategy in (ParticleFiltering(n=4), Rebase(n=4)):
        assert gap((await outcome(strategy, row, noisy)).right, best.right) > 3


@pytest.mark.parametrize(
    "strategy",
    [
        ConfidenceMajority(n=8),
        ConfidenceMajority(n=8, measure="lowest_window", window=20),
        ConfidenceMajority(n=8, measure="self_certainty", p=1.2),
    ],
    ids=lambda s: s.measure,
)
async def test_informative_confidence_beats_the_plain_count(strategy: Strategy) -> None:
    row = puzzles(MIDDLING, 300)
    sure, count = await outcome(strategy, row), await outcome(Majority(n=8), row)
    assert gap(sure.right, count.right) > 3
