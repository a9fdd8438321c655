"""Says whether a strategy can run in a situation, and makes it with numbers that fit there."""

from __future__ import annotations

from dataclasses import dataclass

from ..algorithms.base import Strategy
from ..algorithms.registry import strategy_from
from ..errors import ForethoughtError
from .base import Situation
from .room import Theta, fit_to_room

_STEPWISE = frozenset({"beam_search", "dvts", "lookahead", "particle_filtering", "rebase"})
_CONTINUED = _STEPWISE | {"budget_forcing", "deepconf"}
_LED = _STEPWISE | {"marginal_gain"}


class CannotRun(ForethoughtError, ValueError):
    """A strategy lacks something that it needs; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The collaborators of a run."""

    verifier: bool
    """One that scores steps."""
    judge: bool
    """One that scores whole solutions only."""
    continuation: bool
    larger: bool


def check_present(theta: Theta, present: Present) -> None:
    """Refuse a strategy that would do something else than it says without its collaborators.

    Raises:
        CannotRun: one is absent.
    """
    name = theta.get("name")
    scored = name == "best_of_n" or (name == "mixed" and theta.get("selection") != "majority")
    lacks = (
        (name == "escalation" and not present.larger, "a larger model"),
        (name in _CONTINUED and not present.continuation, "a generator that continues an answer"),
        (name in _LED and not present.verifier, "a verifier of steps"),
        (scored and not (present.verifier or present.judge), "a verifier"),
    )
    for is_lacking, what in lacks:
        if is_lacking:
            raise CannotRun(f"{name} needs {what}, and there is none")


def strategy_for(theta: Theta, situation: Situation, room: int) -> Strategy:
    """Return the strategy, costing at most `room` generations, at least 1.

    An answer of the larger model costs here what it costs here, whatever it cost where it was
    measured.

    Raises:
        CannotRun: it lacks something, or not even the least of it fits, or it is no strategy.
    """
    check_present(
        theta,
        Present(
            verifier=situation.verifier,
            judge=situation.judge,
            continuation=situation.continuation,
            larger=situation.larger is not None,
        ),
    )
    if theta.get("name") == "escalation":
        theta = {**theta, "price": situation.larger}
    fitted = fit_to_room(theta, room)
    if fitted is None:
        raise CannotRun(f"{theta.get('name')} costs more than the {room} generations left")
    try:
        return strategy_from(fitted)
    except ValueError as exc:
        raise CannotRun(str(exc)) from exc
