"""What a policy measured, as offers to a caller who states what it needs.

An offer is expected to give its mean accuracy at its mean cost. The options of the question's level
come first: a dial was measured over all levels, so it is offered only where the level has no option.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ..algorithms.base import Strategy
from ..needs import Needs
from .base import Situation
from .document import Outlay, PolicyDocument
from .room import Theta, room_for
from .runnable import CannotRun, strategy_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A strategy that can run now, and what it is expected to give."""

    strategy: Strategy
    budget: int
    """Generations at most, those used so far included."""
    outlay: Outlay

    @property
    def cost(self) -> float:
        """Tokens generated and read."""
        return self.outlay.tokens + self.outlay.verifier_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Bargain:
    """The offer that was taken, and why."""

    offer: Offer
    why: str


def offers_in(document: PolicyDocument, situation: Situation) -> tuple[Offer, ...]:
    """Return what can run here and goes on from what is spent, in the order of the document."""
    options = [
        (option.theta, option.budget, option.outlay)
        for option in document.options
        if option.level == situation.difficulty.level
    ]
    controller = document.controller
    if not options and controller is not None:
        options = [({**controller, "price": d.price}, d.budget, d.outlay) for d in document.dials]
    made = (_offer(theta, budget, outlay, situation) for theta, budget, outlay in options)
    return tuple(offer for offer in made if offer is not None)


def best_for(needs: Needs, offers: Sequence[Offer], situation: Situation) -> Bargain:
    """Return the cheapest of at least one offer that is expected to meet all needs.

    Where none is, the most accurate one within the seconds and tokens; where none is within them, the
    cheapest one. Ties go to the cheaper, then to the first.
    """
    scale = _length_scale(offers, situation)
    within = [offer for offer in offers if _is_within(offer, needs, situation, scale)]
    if not within:
        offer = min(offers, key=lambda o: o.cost)
        return Bargain(offer=offer, why="nothing is that cheap or quick: the cheapest there is")
    wanted = needs.confidence
    meeting = [o for o in within if wanted is not None and o.outlay.accuracy >= wanted]
    if meeting:
        offer = min(meeting, key=lambda o: (o.cost, -o.outlay.accuracy))
        return Bargain(offer=offer, why="the cheapest that is expected to meet the needs")
    offer = max(within, key=lambda o: (o.outlay.accuracy, -o.cost))
    short = "" if wanted is None else f"nothing is expected to be right in {wanted:.0%}: "
    return Bargain(offer=offer, why=f"{short}the most accurate within the needs")


def _offer(theta: Theta, budget: int, outlay: Outlay, situation: Situation) -> Offer | None:
    if not situation.spent < budget <= situation.spent + situation.room:
        return None
    try:
        room = min(room_for(theta, budget, situation), budget - situation.spent)
        strategy = strategy_for(theta, situation, room)
    except CannotRun:
        return None
    return Offer(strategy=strategy, budget=budget, outlay=outlay)


def _is_within(offer: Offer, needs: Needs, situation: Situation, scale: float) -> bool:
    """Say whether an offer is expected to be in time and within the tokens; unknown is no limit."""
    left, round_s = situation.seconds_left, situation.round_s
    late = (
        left is not None and round_s is not None and (offer.outlay.rounds - 1) * round_s > left
    )  # the pilot's own round is over
    return not late and (needs.tokens is None or offer.outlay.tokens * scale <= needs.tokens)


def _length_scale(offers: Sequence[Offer], situation: Situation) -> float:
    """Return how long samples of this question are, relative to those that were measured."""
    measured = [o.outlay.tokens / o.outlay.generations for o in offers if o.outlay.generations]
    if situation.answer_tokens is None or not measured or median(measured) <= 0:
        return 1.0
    return situation.answer_tokens / median(measured)
