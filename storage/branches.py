"""Turns what a search has found into rows, each step and each candidate once.

A search is told again whole after every round, so most of what comes in is known. What is known
is looked up by key; where it has gained something since (a score, an answer), that is changed. A
value that was known is never taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..nodes.candidate import Candidate, Step
from . import tables
from .rows import Change, Insert, RowSink, Values
from .tally import Branch, Stretch, tally


class BranchLog:
    """The steps and candidates of one run."""

    def __init__(self, trace_id: str, sink: RowSink) -> None:
        self._trace_id = trace_id
        self._sink = sink
        self._steps: dict[str, Step] = {}
        self._step_rows: dict[str, dict[str, object]] = {}
        self._candidates: dict[str, Candidate] = {}
        self._candidate_rows: dict[str, dict[str, object]] = {}

    def add_steps(self, steps: Iterable[Step]) -> None:
        """Record `steps`, parents first."""
        for step in steps:
            if self._steps.get(step.key) is not step:
                self._steps[step.key] = step
                self._put(tables.Step, self._step_rows, step.key, _step_row(step))

    def add_candidate(self, candidate: Candidate) -> None:
        """Record `candidate` and its steps."""
        if self._candidates.get(candidate.key) is not candidate:
            self._candidates[candidate.key] = candidate
            self.add_steps(candidate.steps)
            row = _candidate_row(candidate)
            self._put(tables.Candidate, self._candidate_rows, candidate.key, row)

    def tally(self, *, chosen: str | None, first_winner: str | None) -> Values:
        """Return what they add up to (`tally.py`)."""
        return tally(
            {key: stretch_of(row) for key, row in self._step_rows.items()},
            [branch_of(key, row) for key, row in self._candidate_rows.items()],
            chosen=chosen,
            first_winner=first_winner,
        )

    def _put(
        self,
        model: type[tables.Base],
        known: dict[str, dict[str, object]],
        key: str,
        row: dict[str, object],
    ) -> None:
        trace_id = self._trace_id
        place: Values = {"trace_id": trace_id, "key": key}
        if key not in known:
            known[key] = row
            seq = {"seq": len(known) - 1}
            self._sink.add(Insert(model=model, trace_id=trace_id, values={**place, **seq, **row}))
            return
        old = known[key]
        gained = {c: v for c, v in row.items() if v is not None and v != old[c]}
        if gained:
            old.update(gained)
            self._sink.add(Change(model=model, trace_id=trace_id, key=place, values=gained))


def stretch_of(row: Mapping[str, Any]) -> Stretch:
    """Return what is counted of a step row."""
    return Stretch(parent_key=row["parent_key"], n_tokens=row["n_tokens"])


def branch_of(key: str, row: Mapping[str, Any]) -> Branch:
    """Return what is counted of a candidate row."""
    return Branch(
        key=key,
        parent_key=row["parent_key"],
        leaf_step_key=row["leaf_step_key"],
        origin=row["origin"],
        ending=row["ending"],
        n_tokens=row["n_tokens"],
        answer_key=row["answer_key"],
        score=row["score"],
    )


def _step_row(step: Step) -> dict[str, object]:
    return {
        "parent_key": step.parent,
        "text": step.text,
        "n_tokens": step.n_tokens,
        "score": step.score,
    }


def _candidate_row(candidate: Candidate) -> dict[str, object]:
    return {
        "parent_key": candidate.attempts[-1] if candidate.attempts else None,
        "leaf_step_key": candidate.steps[-1].key if candidate.steps else None,
        "origin": candidate.origin,
        "ending": candidate.ending,
        "text": candidate.text,
        "n_tokens": candidate.n_tokens,
        "answer": candidate.answer,
        "answer_key": candidate.answer_key,
        "score": candidate.score,
        "thinking": candidate.thinking,
        "confidence": candidate.confidence,
        "vote": candidate.vote,
        "attempts": candidate.attempts,
    }
