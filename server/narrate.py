"""Tells people what a run does: turns its events into the text shown as thinking.

Parallel texts arrive interleaved. The first of a wave is shown as it comes; the others are kept and
shown whole, one after the other, when the node that samples them has finished. A text is known by
its key, so each is shown once, whether it was streamed or only comes with what a node writes.
Nothing is told that did not happen; nothing here reads a clock or a table.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from ..nodes.algorithms.base import Search, Strategy
from ..nodes.candidate import Candidate
from ..nodes.difficulty.base import Difficulty
from ..nodes.events import Event, NodeFinished, NodeName, TextArrived
from ..nodes.policy.base import Plan
from ..nodes.state import Hunt, StopReason, ThinkState
from ..nodes.verdict import Verdict

GROUPS = 3
"""Answers named in the line of a vote."""
SCORES = 4
"""Scores named in the line of a round."""
STOPPED: dict[StopReason, str] = {
    "direct": "asked once",
    "confident": "the first samples agree",
    "decided": "the vote is decided",
    "needs_met": "what was needed is met",
    "not_worth_more": "more samples are not expected to pay",
    "completed": "the strategy has run to its end",
    "generations": "the budget of generations is spent",
    "tokens": "the budget of tokens is spent",
    "deadline": "the time is up",
    "upstream": "a model server failed; this is the best found before",
    "no_whole_answer": "every sample was cut off; this is one of them",
}
LETTERS = {"n": "N", "m": "M", "k": "K"}


class Narrator:
    """Tells one run. Feed it every event in order; what it returns adds up to the whole text."""

    def __init__(self) -> None:
        self._last: NodeName | None = None
        self._rounds = 0
        """Of the newest plan."""
        self._told: dict[str, str] = {}
        """Text of this wave that waits for its turn, by key."""
        self._focus: str | None = None
        self._shown: set[str] = set()
        """Keys whose text is out."""
        self._faults: set[str] = set()
        self._in_wave = 0
        """Texts of this wave that are out."""
        self._out = ""
        self._end = "\n\n"
        """The last characters told."""

    def feed(self, event: Event) -> str:
        """Return what to tell now; may be empty."""
        if isinstance(event, TextArrived):
            self._arrive(event)
        else:
            self._finish_wave()
            self._finish(event)
            self._last = event.node
        told, self._out = self._out, ""
        return told

    def _arrive(self, event: TextArrived) -> None:
        if self._focus is None and event.key not in self._shown:
            self._begin(event.key)
            self._focus = event.key
        if event.key == self._focus:
            self._write(event.text)
        else:
            self._told[event.key] = self._told.get(event.key, "") + event.text

    def _finish_wave(self) -> None:
        for key, text in self._told.items():
            self._begin(key)
            self._write(text)
        self._told, self._focus = {}, None

    def _begin(self, key: str) -> None:
        if self._in_wave == 0:
            self._line(self._heading())
        self._in_wave += 1
        self._shown.add(key)
        self._line(f"({self._in_wave}) ")

    def _heading(self) -> str:
        """Return what the texts that come now are, told by the node that ran before."""
        if self._last is None:
            return "Pilot"
        if self._last in ("verify", "revise"):
            return "Revising"
        return f"Round {self._rounds + 1}"

    def _finish(self, event: NodeFinished) -> None:
        writes = event.writes
        for key, text in _texts(writes):
            if key not in self._shown:
                self._begin(key)
                self._write(text)
        self._in_wave = 0
        if hunt := writes.get("hunt"):
            self._rounds = hunt.search.rounds
            self._line(_round_line(hunt))
        if plans := writes.get("plans"):
            self._rounds = 0
            self._line(_plan_line(plans[-1]))
        elif difficulty := writes.get("difficulty"):
            self._line(_difficulty_line(difficulty))
        if verdict := writes.get("verdict"):
            self._line(_vote_line(verdict, writes.get("probability")))
        for fault in _faults(writes):
            if fault not in self._faults:
                self._faults.add(fault)
                self._line(f"Trouble: {fault}")
        if answer := writes.get("answer"):
            self._line(f"Done: {STOPPED[answer.stop_reason]}.\n")

    def _line(self, text: str) -> None:
        """Tell `text` in a paragraph of its own."""
        missing = 2 - (len(self._end) - len(self._end.rstrip("\n")))
        self._write("\n" * max(missing, 0) + text)

    def _write(self, text: str) -> None:
        self._out += text
        self._end = (self._end + text)[-2:]


def _texts(writes: ThinkState) -> list[tuple[str, str]]:
    """Return the texts in what a node wrote, by the keys under which they would be streamed."""
    found: list[tuple[str, str]] = []
    if pilot := writes.get("pilot"):
        found += [text for c in pilot.candidates for text in _texts_of(c)]
    if hunt := writes.get("hunt"):
        found += [text for c in hunt.search.candidates for text in _texts_of(c)]
        found += [(step.key, step.text) for branch in hunt.search.live for step in branch]
    if revised := writes.get("revised"):
        found += [text for chain in revised.chains for c in chain for text in _texts_of(c)]
    return list(dict(found).items())


def _texts_of(candidate: Candidate) -> list[tuple[str, str]]:
    """Return a step-wise branch's steps (its key is its last step's), else the text as sampled."""
    if candidate.steps and candidate.steps[-1].key == candidate.key:
        return [(step.key, step.text) for step in candidate.steps]
    return [(candidate.key, candidate.text)]


def _faults(writes: ThinkState) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    if pilot := writes.get("pilot"):
        found += pilot.faults
    if hunt := writes.get("hunt"):
        found += hunt.search.faults
    if revised := writes.get("revised"):
        found += revised.faults
    if answer := writes.get("answer"):
        found += answer.faults
    return found


def _difficulty_line(difficulty: Difficulty) -> str:
    return (
        f"Difficulty: level {difficulty.level} of 5 (P about {difficulty.probability:.2f} that one "
        f"sample is right, {difficulty.method}, {_count(difficulty.samples, 'sample')})"
    )


def _plan_line(plan: Plan) -> str:
    line = f"Plan: {_strategy(plan.strategy)}"
    if plan.revisions is not None:
        line += f"; in doubt, {plan.revisions.chains} x {plan.revisions.length} revisions"
    return f"{line}: {plan.why}"


def _strategy(strategy: Strategy) -> str:
    """Return a strategy's name and numbers, N and M in the letters of the paper."""
    parts = [strategy.name.replace("_", " ")]
    if is_dataclass(strategy):
        for item in fields(strategy):
            value = getattr(strategy, item.name)
            if isinstance(value, int) and item.name in LETTERS:
                parts.append(f"{LETTERS[item.name]}={value}")
    return ", ".join(parts)


def _round_line(hunt: Hunt) -> str:
    search = hunt.search
    whole = [c for c in search.candidates if c.whole]
    parts = [f"{_count(len(whole), 'whole answer')} so far"]
    if search.live:
        parts.insert(0, f"kept {_count(len(search.live), 'open branch')}{_best(search)}")
    elif scores := [c.score for c in whole if c.score is not None]:
        parts.append(f"the best one scores {max(scores):.2f}")
    line = f"After round {search.rounds}: {', '.join(parts)}."
    if hunt.harder:
        line += " Harder than planned for."
    if hunt.stopped is not None:
        line += f" Stopping: {STOPPED[hunt.stopped]}."
    return line


def _best(search: Search) -> str:
    scores = [branch[-1].score for branch in search.live if branch]
    known = [f"{score:.2f}" for score in scores[:SCORES] if score is not None]
    more = ", ..." if len(scores) > SCORES else ""
    return f" (scores {', '.join(known)}{more})" if known else ""


def _count(number: int, noun: str) -> str:
    plural = "es" if noun.endswith("ch") else "s"
    return f"{number} {noun}{'' if number == 1 else plural}"


def _vote_line(verdict: Verdict, probability: float | None) -> str:
    total = sum(group.weight for group in verdict.groups)
    if not verdict.groups or total <= 0:
        return "Vote: no answers that can be compared."
    shares = [f"{g.answer} with {g.weight / total:.0%}" for g in verdict.groups[:GROUPS]]
    first = f"{shares[0]} of the weight"
    more = len(verdict.groups) - len(shares)
    rest = [*shares[1:], *([f"{more} more"] if more else [])]
    line = f"Vote: {'; '.join([first, *rest])}."
    if probability is not None:
        line += f" P about {probability:.2f} that it is right."
    return f"{line} More of the same would hardly change it." if verdict.decided else line
