"""Chooses by a learned policy: by the caller's needs, by its controller, or by level and budget.

Each way is tried in this order, where it applies: what live runs have shown to be better at a level goes
before the controller, which was fitted on recorded samples and knows of no other strategy. The built-in policy chooses where none can, and the
plan says what was missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..algorithms.base import Strategy
from .base import Plan, Situation
from .builtin import BuiltinPolicy
from .document import REPLAY, Dial, Option, PolicyDocument
from .offers import best_for, offers_in
from .room import room_for
from .runnable import CannotRun, strategy_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A strategy, and why it."""

    strategy: Strategy
    why: str
    final: bool = False
    """It was chosen for being smaller than what there is: nothing is planned after it."""


_Way = Callable[[PolicyDocument, Situation], Choice]


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedPolicy:
    """Chooses what a document says."""

    document: PolicyDocument
    reference: str
    """Names it in traces: name, version, and the beginning of its hash."""

    def choose(self, situation: Situation) -> Plan:
        """Return a plan that costs at most `situation.room`."""
        missing: list[str] = []
        for way in _ways(self.document, situation):
            try:
                choice = way(self.document, situation)
            except CannotRun as exc:
                missing.append(str(exc))
                continue
            return Plan(
                strategy=choice.strategy,
                policy=self.reference,
                why=choice.why,
                difficulty=situation.difficulty,
                final=choice.final,
            )
        plan = BuiltinPolicy().choose(situation)
        reasons = "; ".join(missing) or f"it has nothing for questions of kind {situation.kind}"
        return replace(plan, why=f"{plan.why} (of {self.reference}: {reasons})")


def choose_by_needs(document: PolicyDocument, situation: Situation) -> Choice:
    """Return the cheapest strategy that is expected to meet the caller's needs, or comes nearest.

    Raises:
        CannotRun: nothing that was measured goes on from here.
    """
    offers = offers_in(document, situation)
    if situation.needs is None or not offers:
        raise CannotRun("nothing was measured that could meet needs")
    bargain = best_for(situation.needs, offers, situation)
    expected = bargain.offer.outlay.accuracy
    why = f"{bargain.why}; {expected:.0%} of such are right with {bargain.offer.budget} generations"
    return Choice(strategy=bargain.offer.strategy, why=why)


def choose_controller(document: PolicyDocument, situation: Situation) -> Choice:
    """Return the controller with all the room, at the price that is set or that serves the budget.

    Raises:
        CannotRun: there is none, no verifier of steps, or no price.
    """
    if document.controller is None:
        raise CannotRun("it has no controller")
    if situation.price is not None:
        price, source = situation.price, "as set"
    else:
        dial = _dial(document.dials, situation.spent + situation.room)
        price, source = dial.price, f"that serves {dial.budget} generations"
    theta = {**document.controller, "price": price}
    strategy = strategy_for(theta, situation, situation.room)
    return Choice(strategy=strategy, why=f"the controller, at the price {price:.3g} {source}")


def choose_live(document: PolicyDocument, situation: Situation) -> Choice:
    """Return the choice of live graded runs for the level and budget.

    Raises:
        CannotRun: they chose none, or it cannot run.
    """
    live = tuple(o for o in document.options if o.chosen and o.source != REPLAY)
    return choose_by_level(replace(document, options=live), situation)


def choose_by_level(document: PolicyDocument, situation: Situation) -> Choice:
    """Return the choice for the level and the largest budget that is not above what there is.

    Where the chosen strategy cannot run, the most accurate measured beside it.

    Raises:
        CannotRun: none of them can, or nothing was measured at this level.
    """
    level = situation.difficulty.level
    options = [option for option in document.options if option.level == level]
    if not options:
        raise CannotRun(f"nothing was measured at level {level}")
    budget = _budget([o.budget for o in options], situation.spent + situation.room)
    why = f"level {level}, measured with {budget} generations"
    missing: CannotRun | None = None
    for option in sorted((o for o in options if o.budget == budget), key=_preference):
        try:
            room = room_for(option.theta, option.budget, situation)
            strategy = strategy_for(option.theta, situation, room)
        except CannotRun as exc:
            missing = missing or exc
            continue
        gain = f"{option.gain:+.1%} over best-of-N"
        rest = f" (the choice there: {missing})" if missing else ""
        smaller = room < situation.room
        return Choice(strategy=strategy, why=f"{why}: {gain}{rest}", final=smaller)
    raise missing or CannotRun(why)


def _ways(document: PolicyDocument, situation: Situation) -> Iterator[_Way]:
    """Yield the ways that apply. What has no equality has nothing that votes can decide."""
    if situation.kind == "free" and document.scope.kind != "free":
        return
    if situation.needs is not None:
        yield choose_by_needs
    if document.controller is not None:
        yield choose_live
        yield choose_controller
    yield choose_by_level


def _preference(option: Option) -> tuple[bool, float]:
    return not option.chosen, -option.outlay.accuracy


def _dial(dials: Sequence[Dial], budget: int) -> Dial:
    chosen = [dial for dial in dials if dial.chosen]
    if not chosen:
        raise CannotRun("its controller has no price that was chosen")
    nearest = _budget([dial.budget for dial in chosen], budget)
    return next(dial for dial in chosen if dial.budget == nearest)


def _budget(measured: Sequence[int], budget: int) -> int:
    """Return the largest measured budget not above `budget`, or else the smallest one."""
    return max((b for b in measured if b <= budget), default=min(measured))
