"""The `n` best different answers of a run.

The answer of the run comes first, then the best of every other answer that had votes, heaviest first;
where nothing was compared, the other whole texts as they came. There are fewer where a run found
fewer: an answer is never given twice, and nothing more is drawn to fill places.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...nodes.candidate import Candidate
from ...nodes.errors import NoCandidate
from ...nodes.events import Event, NodeFinished
from ...nodes.replying import replied
from ...nodes.state import Answer
from ...nodes.tool_calls.ids import with_ids
from ...nodes.values import Question, ToolCall
from ...nodes.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the answers."""

    text: str
    """Beside the calls."""
    tool_calls: tuple[ToolCall, ...] = ()
    whole: bool = True


class Choices:
    """Remembers what a run found."""

    def __init__(self) -> None:
        self._found: dict[str, Candidate] = {}
        self._verdict: Verdict | None = None

    def note(self, event: Event) -> None:
        """Take what a node found."""
        if not isinstance(event, NodeFinished):
            return
        writes = event.writes
        found: list[Candidate] = []
        if pilot := writes.get("pilot"):
            found += pilot.candidates
        if hunt := writes.get("hunt"):
            found += hunt.search.candidates
        if revised := writes.get("revised"):
            found += [candidate for chain in revised.chains for candidate in chain]
        self._found |= {candidate.key: candidate for candidate in found}
        self._verdict = writes.get("verdict", self._verdict)

    def best(self, answer: Answer, question: Question, n: int, trace_id: str) -> list[Choice]:
        """Return up to `n` choices, at least one."""
        first = Choice(text=answer.text, tool_calls=answer.tool_calls, whole=answer.whole)
        chosen, said = [first], {_said(first)}
        for candidate in self._others(answer.candidate):
            if len(chosen) == n:
                break
            try:
                reply = replied(candidate.text, candidate.answer, question)
            except NoCandidate:
                continue
            calls = with_ids(reply.calls, trace_id, len(chosen))
            choice = Choice(text=reply.text, tool_calls=calls)
            if _said(choice) not in said:
                said.add(_said(choice))
                chosen.append(choice)
        return chosen

    def _others(self, winner: str) -> Iterator[Candidate]:
        groups = self._verdict.groups if self._verdict else ()
        keys = [group.members[0] for group in groups if winner not in group.members]
        if not groups:
            keys = [key for key in self._found if key != winner]
        for key in keys:
            if key in self._found and self._found[key].whole:
                yield self._found[key]


def _said(choice: Choice) -> tuple[object, ...]:
    return (choice.text, *((call.name, call.arguments) for call in choice.tool_calls))
