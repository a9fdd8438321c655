"""Made runs: every row of a trace, with the numbers that its branches add up to."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from forethought.storage.branches import branch_of, stretch_of
from forethought.storage.tally import tally

from .branches import Made

Row = dict[str, object]
MODELS = ("qwen2.5-coder-0.5b", "qwen2.5-math-1.5b", "llama-3.2-3b")
EFFORTS = {"none": 0, "low": 4, "medium": 16, "high": 64, "xhigh": 256}
QUESTIONS = 1319
FIRST_DAY = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = 56


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeRun:
    """The rows of one run, by table."""

    trace: Row
    rows: dict[str, list[Row]]
    """Of the tables that hang on it; `trace_id` is in each."""


def made_runs(traces: int, steps: int, seed: int) -> Iterator[MadeRun]:
    """Yield `traces` runs with about `steps` steps in all, oldest first; one has 5,000 if there is room."""
    rng = random.Random(seed)
    mean = steps / traces
    for number in range(traces):
        large = number == traces // 2 and steps > 50_000
        target = 5000 if large else min(int(rng.expovariate(1 / mean)), 3000)
        yield _run(rng, number, traces, target, large=large)


def _run(rng: random.Random, number: int, traces: int, target: int, *, large: bool) -> MadeRun:
    at = FIRST_DAY + timedelta(days=DAYS) * (number / traces)
    trace_id = _uuid7(at, rng)
    p = rng.betavariate(1.2, 1.2)
    question = number % QUESTIONS
    made = Made(rng=rng, p=p, right=str(question * 7 % 997))
    strategy = "beam_search" if large else _search(rng, made, target)
    if large:
        made.beam(target, width=64, keep=16)
    if strategy not in ("direct", "pilot") and rng.random() < 0.2:
        made.revise(rng.randint(1, 2), rng.randint(1, 3))
    return MadeRun(trace=(trace := _trace(rng, made, trace_id, at, question, strategy)),
                   rows=_hanging(rng, made, trace))  # fmt: skip


def _search(rng: random.Random, made: Made, target: int) -> str:
    if target < 3:
        made.samples("direct", "direct", 1, 0, scored=False)
        return "direct"
    made.samples("pilot", "pilot", 4, 1, scored=True)
    if target < 8:
        return "pilot"
    if rng.random() < 0.45:
        made.beam(target - 4)
        return "beam_search"
    scored = rng.random() < 0.8
    made.samples("search", "search", max(1, (target - 4) // 5), 5, scored=scored)
    return "best_of_n" if scored else "majority"


def _trace(
    rng: random.Random, made: Made, trace_id: str, at: datetime, question: int, strategy: str
) -> Row:
    whole = [c for c in made.candidates if c["answer_key"] is not None]
    votes = Counter(str(c["answer_key"]) for c in whole)
    top = votes.most_common(1)[0] if votes else None
    best = next((c for c in whole if top and c["answer_key"] == top[0]), None)
    generated = sum(40 if s["n_tokens"] is None else int(str(s["n_tokens"])) for s in made.steps)
    share = None if top is None else top[1] / votes.total()
    thought = strategy not in ("direct",)
    text = f"Question {question}: {made.text(40)}?"
    seconds = 0.5 + generated / 400
    effort = rng.choice(list(EFFORTS)[1:]) if thought else "none"
    return {
        "id": trace_id,
        "created_at": at,
        "finished_at": at + timedelta(seconds=seconds),
        "status": "finished" if best else "failed",
        "writer": "made:1:1",
        "face": rng.choice(("chat", "eval", "think")),
        "model": rng.choice(MODELS),
        "verifier_model": "prm" if thought else None,
        "effort": effort,
        "kind": rng.choice(("math", "number")),
        "question": text,
        "messages": [{"role": "user", "content": text}],
        "max_generations": EFFORTS[effort],
        "max_tokens": None,
        "deadline_s": None,
        "sampling": {"temperature": 0.8, "top_p": 0.95, "max_tokens": 1024, "stop": []},
        "needs": None,
        "difficulty_probability": min(1.0, max(0.0, rng.gauss(made.p, 0.15))) if thought else None,
        "difficulty_level": min(5, 1 + int((1 - made.p) * 5)) if thought else None,
        "difficulty_method": "vote share" if thought else None,
        "difficulty_samples": 4 if thought else None,
        "plans": [] if strategy in ("direct", "pilot") else [_plan(strategy)],
        "strategy": None if strategy == "pilot" else strategy,
        "policy": "builtin-1",
        "policy_name": "builtin",
        "policy_version": 1,
        "policy_hash": None,
        "texts": "kept",
        "answer_text": best and best["text"],
        "answer": best and best["answer"],
        "candidate_key": best and best["key"],
        "confidence": share,
        "probability": share and min(1.0, max(0.0, rng.gauss(share, 0.1))),
        "needs_met": None,
        "whole": None if best is None else True,
        "stop_reason": "completed" if best else None,
        "generations": len(made.candidates),
        "seconds": seconds,
        "calls": 1 + len(made.steps) // 16,
        "prompt_tokens": 120 * (1 + len(made.steps) // 16),
        "cached_tokens": 0,
        "completion_tokens": generated or 160,
        "reasoning_tokens": generated,
        "verifier_tokens": 2 * generated if thought else 0,
        "faults": [],
        "error": None if best else "NoAnswer: every sample was cut",
        "key_id": None,
    }


def _plan(strategy: str) -> Row:
    selection = "majority" if strategy == "majority" else "weighted"
    return {
        "strategy": strategy,
        "selection": selection,
        "generations": 16,
        "numbers": {"n": 16},
        "revisions": None,
        "policy": "builtin-1",
        "why": "made",
        "level": 3,
        "probability": 0.5,
    }


def _hanging(rng: random.Random, made: Made, trace: Row) -> dict[str, list[Row]]:
    of: Row = {"trace_id": trace["id"]}
    winner = trace["candidate_key"]
    votes = Counter(str(c["answer_key"]) for c in made.candidates if c["answer_key"] is not None)
    members: dict[str, list[str]] = {}
    for c in made.candidates:
        members.setdefault(str(c["answer_key"]), []).append(str(c["key"]))
    calls = int(str(trace["calls"]))
    sums = tally(
        {str(s["key"]): stretch_of(s) for s in made.steps},
        [branch_of(str(c["key"]), c) for c in made.candidates],
        chosen=None if winner is None else str(winner),
        first_winner=str(made.candidates[0]["key"]),
    )
    return {
        "step": [of | s for s in made.steps],
        "candidate": [of | c for c in made.candidates],
        "verdict": [
            of
            | {"seq": 0, "selection": "weighted", "winner": winner, "margin": None}
            | {"confidence": trace["confidence"], "decided": False}
        ],
        "vote": [
            of
            | {"verdict_seq": 0, "rank": rank, "answer_key": key, "answer": key, "weight": n}
            | {"members": members[key]}
            for rank, (key, n) in enumerate(votes.most_common())
        ],
        "call": [of | _call(rng, seq) for seq in range(calls)],
        "usage": [
            of
            | {"role": "generator", "calls": calls, "verifier_tokens": 0, "cached_tokens": 0}
            | {name: trace[name] for name in ("prompt_tokens", "completion_tokens")}
        ],
        "node_run": [
            of | {"seq": seq, "node": node, "started_s": float(seq), "seconds": 1.0}
            for seq, node in enumerate(("estimate", "plan", "search", "verify", "answer"))
        ],
        "tally": [of | dict(sums)],
        "grade": list(_grades(rng, made, trace)),
    }


def _call(rng: random.Random, seq: int) -> Row:
    return {
        "seq": seq,
        "role": "generator",
        "kind": "sample",
        "request": {"prompts": 1, "n": 4, "prefix_steps": [0], "streamed": False},
        "started_s": seq * 0.5,
        "ms": rng.uniform(100, 900),
        "prompt_tokens": 120,
        "cached_tokens": 0,
        "completion_tokens": 160,
        "verifier_tokens": 0,
        "returned": 4,
        "fault": None,
        "error": "cancelled" if rng.random() < 0.02 else None,
    }


def _grades(rng: random.Random, made: Made, trace: Row) -> Iterator[Row]:
    right = 1.0 if trace["answer"] == made.right else 0.0
    at = trace["finished_at"]
    for grader, share in (("dataset:made", 0.7), ("person:anna", 0.08), ("checker:made", 0.1)):
        if rng.random() < share:
            score = right if rng.random() < 0.97 else 1 - right
            yield {
                "id": _uuid7(FIRST_DAY, rng),
                "trace_id": trace["id"],
                "created_at": at,
                "grader": grader,
                "score": score,
                "note": None,
                "answer": None,
            }


def _uuid7(at: datetime, rng: random.Random) -> str:
    milliseconds = int(at.timestamp() * 1000)
    bits = (milliseconds << 80) | (7 << 76) | (rng.getrandbits(12) << 64)
    return str(UUID(int=bits | (2 << 62) | rng.getrandbits(62)))
