"""The policy before anything is fitted: what arXiv 2408.03314 found, by level.

Sections 5.3 and 6.2: with a verifier, best-of-N keeps rising on easy questions (levels 1, 2) where
beam search over-optimises; beam search is ahead on middling ones (3, 4) and loses its lead at large
N; on the hardest (5) no search makes much progress, and a mix of parallel samples and revisions is
the best use of a budget, unless a larger model is set: there it is worth more than any search
(section 7). Without a verifier: majority. Easy questions get a first small plan: where
that leaves the vote open the question was harder than thought, and the next plan says so.
"""

from __future__ import annotations

from ..algorithms.base import Strategy
from ..algorithms.beam_search import BeamSearch
from ..algorithms.best_of_n import BestOfN
from ..algorithms.escalation import Escalation
from ..algorithms.majority import Majority
from ..algorithms.revisions import Revisions
from .base import Plan, Situation

NAME = "builtin-1"
WAVE = 4
EASY_AT_MOST = 12
BEAM_FROM, BEAM_TO = 8, 64
BEAM_WIDTH = 4
DRAFTS, REVISED = 4, 2
"""Drafts of a free text beside the pilot, and revisions of the best one."""
ESCALATED = 4
"""Answers asked of the larger model."""


class BuiltinPolicy:
    """Chooses by level, without any fitting."""

    def choose(self, situation: Situation) -> Plan:
        """Return a plan that costs at most `situation.room`."""
        strategy, revisions, why = _choice(situation)
        return Plan(
            strategy=strategy,
            revisions=revisions,
            policy=NAME,
            why=why,
            difficulty=situation.difficulty,
        )


def _choice(situation: Situation) -> tuple[Strategy, Revisions | None, str]:
    room, level = situation.room, situation.difficulty.level
    if level == 5 and situation.larger is not None and situation.larger <= room:
        few = min(room // situation.larger, ESCALATED)
        return Escalation(n=few, price=situation.larger), None, "level 5: the larger model"
    if situation.kind == "free":
        length = min(REVISED, room - 1)
        drafts = BestOfN(n=min(DRAFTS, room - length), selection="best")
        revisions = Revisions(length=length) if length else None
        return drafts, revisions, "free text: drafts that are judged, then revisions of the best"
    if situation.judge:
        return BestOfN(n=room, wave=WAVE), None, "a verifier of whole solutions: best-of-N"
    if not situation.verifier:
        return Majority(n=room, wave=WAVE), None, "no verifier: majority"
    if level <= 2:
        few = min(room, EASY_AT_MOST)
        return BestOfN(n=few, wave=WAVE), None, f"level {level}: best-of-N, a few at first"
    if level <= 4 and situation.continuation and BEAM_FROM <= room <= BEAM_TO:
        beams = room - room % BEAM_WIDTH
        return BeamSearch(n=beams, m=BEAM_WIDTH), None, f"level {level}: beam search"
    if level == 5 and room >= BEAM_FROM:
        length = max(room // 8, 1)
        revisions = Revisions(chains=2, length=length)
        parallel = BestOfN(n=room - revisions.generations, wave=WAVE)
        return parallel, revisions, "level 5: parallel samples, then revisions of the leaders"
    return BestOfN(n=room, wave=WAVE), None, f"level {level}: best-of-N"
