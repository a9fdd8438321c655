"""Six made runs, small enough to count by hand, for the views of `docs/analysts.md`.

a: best-of-N, right; 4 samples 42, 42, 42, 41 of 100 tokens each: decided after 3, 1 late.
b: beam search, wrong; one of two branches pruned after a shared first step.
c: direct; a data set says right, a person says wrong, so it is undecided.
d: as a, with a revision 41 -> 42, right; the same question as e.
e: revised 42 -> 40, and 40 is wrong; d knows that 42 was right.
f: failed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from forethought.storage import tables
from forethought.storage.branches import branch_of, stretch_of
from forethought.storage.database import open_engine
from forethought.storage.learning_tables import Evaluation, EvaluationItem, Grade
from forethought.storage.migrations import upgrade
from forethought.storage.rows import Insert, table_of, write_rows
from forethought.storage.tally import tally

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeRun:
    """A run in a few words."""

    id: str
    day: int = 1
    effort: str = "medium"
    strategy: str | None = "best_of_n"
    level: int | None = 2
    chance: float | None = 0.7
    """Predicted P(one sample is right)."""
    probability: float | None = None
    steps: Sequence[Row] = ()
    candidates: Sequence[Row] = ()
    winner: str | None = None
    tokens: int = 400
    grades: Sequence[tuple[str, float]] = ()
    question: str | None = None
    """Of the evaluation `made`; with `right`."""
    right: bool = False
    status: str = "finished"
    more: Row = field(default_factory=dict)


def sample(key: str, answer: str | None, score: float | None = None, **more: Any) -> Row:
    """A whole sample of 100 tokens; one without an answer was cut."""
    row: Row = {
        "key": key,
        "parent_key": None,
        "leaf_step_key": None,
        "origin": key.split("-")[0],
        "ending": "whole" if answer else "length",
        "text": f"It is {answer}.",
        "n_tokens": 100,
        "answer": answer,
        "answer_key": answer,
        "score": score,
        "thinking": "",
        "confidence": None,
        "vote": None,
        "attempts": [],
    }
    return row | more


def step(key: str, parent: str | None, n_tokens: int = 50) -> Row:
    return {"key": key, "parent_key": parent, "text": "So.", "n_tokens": n_tokens, "score": 0.5}


FOUR = [sample(f"pilot-{n}", "41" if n == 3 else "42", 0.9 if n < 3 else 0.4) for n in range(4)]
RUNS = (
    MadeRun(id="a", probability=0.95, candidates=FOUR, winner="pilot-0",
            grades=[("dataset:made", 1.0)]),
    MadeRun(id="b", effort="high", strategy="beam_search", level=4, chance=0.3, probability=0.35,
            tokens=150, steps=[step("s0", None), step("s0.0", "s0"), step("s0.1", "s0")],
            candidates=[
                sample("search-0", "7", 0.8, leaf_step_key="s0.0"),
                sample("search-1", None, 0.1, leaf_step_key="s0.1", ending="pruned"),
            ],
            winner="search-0", grades=[("dataset:made", 0.0)]),
    MadeRun(id="c", day=2, effort="none", strategy="direct", level=None, chance=None, tokens=100,
            candidates=[sample("direct-0", "9")], winner="direct-0",
            grades=[("dataset:made", 1.0), ("person:anna", 1.0), ("person:anna", 0.0)]),
    MadeRun(id="d", day=2, candidates=[
                sample("pilot-0", "41", 0.5), sample("pilot-1", "42", 0.6),
                sample("revision-0", "42", 0.7, parent_key="pilot-0", attempts=["pilot-0"])],
            winner="revision-0", tokens=300, grades=[("dataset:made", 1.0)],
            question="q1", right=True),
    MadeRun(id="e", day=2, candidates=[
                sample("pilot-0", "42", 0.6),
                sample("revision-0", "40", 0.7, parent_key="pilot-0", attempts=["pilot-0"])],
            winner="revision-0", tokens=200, grades=[("dataset:made", 0.0)], question="q1"),
    MadeRun(id="f", day=2, strategy=None, status="failed", chance=None, level=None),
)  # fmt: skip


async def store_runs(url: str, runs: Sequence[MadeRun] = RUNS) -> None:
    """Write `runs` into the database at `url`, which is brought up to date."""
    engine = open_engine(url)
    await upgrade(engine)
    rows = [
        Insert(model=model, trace_id=run.id, values=values)
        for run in runs
        for model, values in _rows(run)
    ]
    async with engine.begin() as connection:
        await write_rows(connection, rows)
        for model, values in _learned(runs):
            await connection.execute(table_of(model).insert(), [values])
    await engine.dispose()


def _rows(run: MadeRun) -> list[tuple[type[tables.Base], Row]]:
    of = {"trace_id": run.id}
    steps: list[Row] = [of | s | {"seq": at} for at, s in enumerate(run.steps)]
    candidates: list[Row] = [of | c | {"seq": at} for at, c in enumerate(run.candidates)]
    chosen = next((c for c in candidates if c["key"] == run.winner), None)
    found: list[tuple[type[tables.Base], Row]] = [(tables.Trace, _trace(run, chosen))]
    found += [(tables.Step, s) for s in steps] + [(tables.Candidate, c) for c in candidates]
    found.append((tables.Call, of | CALL))
    if chosen is None:
        if run.status == "running":
            return found
        nothing = tally({}, [branch_of(c["key"], c) for c in candidates], chosen=None,
                        first_winner=None)  # fmt: skip
        return [*found, (tables.Tally, of | dict(nothing))]
    votes = Counter(c["answer_key"] for c in candidates if c["answer_key"])
    first = next(c["key"] for c in candidates if c["parent_key"] is None)
    verdict: Row = {"seq": 0, "selection": "majority", "winner": first, "decided": False}
    found.append((tables.Verdict, of | verdict | {"confidence": 0.75, "margin": 0.5}))
    found += [
        (
            tables.Vote,
            of
            | {"verdict_seq": 0, "rank": rank, "answer_key": key, "answer": key}
            | {"weight": count, "members": [c["key"] for c in candidates if c["answer"] == key]},
        )
        for rank, (key, count) in enumerate(votes.most_common())
    ]
    sums = tally(
        {s["key"]: stretch_of(s) for s in steps},
        [branch_of(c["key"], c) for c in candidates],
        chosen=run.winner,
        first_winner=first,
    )
    return [*found, (tables.Tally, of | dict(sums))]


CALL: Row = {
    "seq": 0,
    "role": "generator",
    "kind": "sample",
    "request": {"prompts": 1, "n": 4, "sampling": {"max_tokens": 64, "stop": ["\n\n"]}},
    "started_s": 0.0,
    "ms": 12.5,
    "prompt_tokens": 20,
    "cached_tokens": 0,
    "completion_tokens": 100,
    "verifier_tokens": 0,
    "returned": 4,
    "fault": None,
    "error": None,
}


def _trace(run: MadeRun, chosen: Row | None) -> Row:
    at = datetime(2026, 11, run.day, 23, 30, tzinfo=UTC)
    ended = run.status == "finished"
    row: Row = {
        "id": run.id,
        "created_at": at,
        "finished_at": at,
        "status": run.status,
        "writer": "made:1:1",
        "face": "eval",
        "model": "small",
        "verifier_model": "prm" if run.level else None,
        "effort": run.effort,
        "kind": "number",
        "question": f"Question {run.id}?",
        "messages": [{"role": "user", "content": f"Question {run.id}?"}],
        "max_generations": 16,
        "sampling": {"max_tokens": 64, "stop": ["\n\n"]},
        "plans": [],
        "faults": [],
        "difficulty_probability": run.chance,
        "difficulty_level": run.level,
        "difficulty_method": "vote share" if run.chance is not None else None,
        "strategy": run.strategy,
        "policy": "gsm8k@3 1a2b3c4d",
        "policy_name": "gsm8k",
        "policy_version": 3,
        "policy_hash": "1a2b3c4d",
        "answer_text": chosen and chosen["text"],
        "answer": chosen and chosen["answer"],
        "candidate_key": run.winner,
        "confidence": 0.75 if ended else None,
        "probability": run.probability,
        "whole": ended,
        "stop_reason": "completed" if ended else None,
        "generations": len(run.candidates),
        "seconds": 2.0,
        "calls": 1,
        "prompt_tokens": 20,
        "cached_tokens": 0,
        "completion_tokens": run.tokens,
        "reasoning_tokens": run.tokens - 100,
        "verifier_tokens": 0,
        "error": None if ended else "NoAnswer: none",
    }
    return row | run.more


def _learned(runs: Sequence[MadeRun]) -> list[tuple[type[tables.Base], Row]]:
    at = datetime(2026, 11, 3, tzinfo=UTC)
    of_runs = [
        (
            Grade,
            {"id": f"{run.id}-{n}", "trace_id": run.id, "created_at": at, "grader": grader}
            | {"score": score, "note": "as the data set has it", "answer": None},
        )
        for run in runs
        for n, (grader, score) in enumerate(run.grades)
    ]
    asked = [run for run in runs if run.question]
    evaluations = [
        (
            Evaluation,
            {"id": f"eval-{run.id}", "name": f"made-{run.id}", "created_at": at}
            | {"data": "made.jsonl", "data_hash": "ab", "settings": {"effort": run.effort}},
        )
        for run in asked
    ]
    items = [
        (
            EvaluationItem,
            {"evaluation_id": f"eval-{run.id}", "question_id": run.question, "trace_id": run.id}
            | {"created_at": at, "is_right": run.right, "answer": "42", "error": None}
            | {"kind": "number", "level_by_data": None},
        )
        for run in asked
    ]
    return [*of_runs, *evaluations, *items]
