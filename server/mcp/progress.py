"""Tells in plain words how a run gets on: one sentence for each node that has finished.

Shorter than `narrate.py`, which shows the samples themselves: a client puts a sentence beside a
spinner and forgets it with the next.
"""

from __future__ import annotations

from ...nodes.candidate import Candidate
from ...nodes.events import Event, NodeFinished
from ...nodes.state import Hunt, Pilot, Revised, ThinkState
from ...nodes.verdict import Verdict
from ..narrate import STOPPED

LOOKS = {1: "easy", 2: "rather easy", 3: "middling", 4: "hard", 5: "very hard"}
ANSWER_CHARACTERS = 80


def sentence_of(event: Event) -> str | None:
    """Return what `event` means to somebody who waits; None where it is nothing new."""
    if not isinstance(event, NodeFinished):
        return None
    writes = event.writes
    if answer := writes.get("answer"):
        return f"Done: {STOPPED[answer.stop_reason]}."
    if pilot := writes.get("pilot"):
        return _pilot(pilot, writes)
    if plans := writes.get("plans"):
        strategy = plans[-1].strategy
        name = strategy.name.replace("_", " ")
        return f"Plan: {name}, at most {_count(strategy.generations, 'more answer')}."
    if hunt := writes.get("hunt"):
        return _round(hunt)
    if verdict := writes.get("verdict"):
        return _vote(verdict)
    if revised := writes.get("revised"):
        return _revised(revised)
    return None


def still_thinking(seconds: float) -> str:
    """Return what is said after a silence, so that a client's timeout does not end the call."""
    return f"Still thinking, {seconds:.0f} s so far."


def _pilot(pilot: Pilot, writes: ThinkState) -> str:
    drawn = f"Drew {_count(len(pilot.candidates), 'first answer')}"
    if difficulty := writes.get("difficulty"):
        return f"{drawn}; the question looks {LOOKS[difficulty.level]}."
    return f"{drawn}."


def _round(hunt: Hunt) -> str:
    search = hunt.search
    found = f"{_count(_whole(search.candidates), 'whole answer')} so far"
    open_ones = f", {_count(len(search.live), 'open attempt')}" if search.live else ""
    harder = " It is harder than planned for." if hunt.harder else ""
    return f"Round {search.rounds}: {found}{open_ones}.{harder}"


def _vote(verdict: Verdict) -> str:
    total = sum(group.weight for group in verdict.groups)
    if not verdict.groups or total <= 0:
        return "The answers cannot be compared."
    leading = verdict.groups[0]
    share = leading.weight / total
    return f"Leading answer: {excerpt(leading.answer, ANSWER_CHARACTERS)}, {share:.0%} of the vote."


def _revised(revised: Revised) -> str:
    attempts = sum(max(len(chain) - 1, 0) for chain in revised.chains)
    return f"In doubt: {_count(attempts, 'revision')} so far."


def _whole(candidates: tuple[Candidate, ...]) -> int:
    return sum(candidate.whole for candidate in candidates)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def excerpt(text: str, most: int) -> str:
    """Return the beginning of `text`, at most `most` characters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
