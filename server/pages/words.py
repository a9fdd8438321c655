"""What the rows of a trace say, in plain words; numbers as people read them. Knows no HTML."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ...storage.views import CandidateView, TraceView
from ..narrate import STOPPED
from ..report.words import count, listed, number

STATUS: Mapping[str, str] = {
    "running": "going on",
    "finished": "finished",
    "failed": "failed",
    "cancelled": "cancelled",
    "interrupted": "interrupted: its process ended first",
}
ENDINGS: Mapping[str, str] = {
    "whole": "whole answer",
    "length": "cut off at the token limit",
    "empty": "no next step came",
    "repeated": "repeated itself",
    "rounds": "the last round was over",
    "pruned": "pruned",
    "rollout": "looked ahead only",
    "stopped": "open when the run stopped",
}
STAGES: Mapping[str, str] = {
    "direct": "Asked once",
    "pilot": "Pilot",
    "search": "Search",
    "revision": "Revisions",
}
SELECTIONS: Mapping[str, str] = {
    "best": "the best score",
    "weighted": "scores summed over equal answers",
    "majority": "votes",
    "hierarchical": "scores within each chain, then across chains",
    "confidence": "votes weighed by confidence",
}
ROLES: Mapping[str, str] = {"generator": "Generator", "verifier": "Verifier"}
_LETTERS = {"n": "N", "m": "M", "k": "K"}


def excerpt(text: str, length: int) -> str:
    """Return the beginning of `text` on one line."""
    line = " ".join(text[: 4 * length + 40].split())  # the rest cannot be seen
    cut = len(line) > length or len(text) > 4 * length + 40
    return line[: length - 1].rstrip() + "…" if cut else line


def score_words(score: float | None) -> str:
    """Return a score in [0, 1] with two decimals; `unscored` without one."""
    return "unscored" if score is None else f"{score:.2f}"


def share_words(share: float | None) -> str:
    """Return a share in whole percents, `>99%` rather than 100 where it is less."""
    if share is None or math.isnan(share):
        return "not known"
    if 0.995 <= share < 1:
        return ">99%"
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def seconds_words(seconds: float | None) -> str:
    """Return a time with as many digits as help."""
    if seconds is None:
        return "not known"
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def time_words(moment: datetime) -> str:
    """Return a moment, to the second, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def stop_words(reason: str | None) -> str:
    """Return why a run stopped; a reason that is not known here as it is."""
    if reason is None:
        return ""
    known: Mapping[str, str] = {str(name): words for name, words in STOPPED.items()}
    words = known.get(reason, reason.replace("_", " "))
    return words[0].upper() + words[1:]


def ending_words(candidate: CandidateView) -> str:
    """Return how a branch ended."""
    return ENDINGS.get(candidate.ending, candidate.ending)


def strategy_words(name: str | None) -> str:
    """Return the name of a strategy; a run without one needed none, or has not come so far."""
    return "none yet" if name is None else name.replace("_", " ")


def plan_words(plan: Mapping[str, Any]) -> str:
    """Return a plan: its strategy with its numbers, in the paper's letters where it has them."""
    shown = {
        name: value
        for name, value in dict(plan.get("numbers") or {}).items()
        if name not in ("name", "selection") and value is not None
    }
    told = [strategy_words(str(plan.get("strategy")))]
    told += [f"{_LETTERS.get(n, n.replace('_', ' '))} {_plain(v)}" for n, v in shown.items()]
    return ", ".join(told)


def revision_plan_words(plan: Mapping[str, Any]) -> str:
    """Return what was planned for a vote in doubt; empty for nothing."""
    revisions = plan.get("revisions")
    if not isinstance(revisions, Mapping):
        return ""
    chains, length = int(revisions.get("chains", 1)), int(revisions.get("length", 1))
    return f"In doubt: {count(chains, 'chain')} of {count(length, 'revision')}."


def budget_words(trace: TraceView) -> str:
    """Return what the run was allowed."""
    limits = [count(trace.max_generations, "generation")]
    limits += [] if trace.max_tokens is None else [f"{number(trace.max_tokens)} tokens"]
    limits += [] if trace.deadline_s is None else [f"{trace.deadline_s:g} s"]
    return f"effort {trace.effort}, at most {listed(limits)}"


def needs_words(trace: TraceView) -> str:
    """Return what the caller needed and whether it was met; empty where nothing was stated."""
    needs = list(_needs(trace.needs or {}))
    if not needs:
        return ""
    met = {True: "met", False: "not met", None: "not known yet"}[trace.needs_met]
    return f"{listed(needs)}: {met}"


def _needs(needs: Mapping[str, Any]) -> Iterator[str]:
    if needs.get("confidence") is not None:
        yield f"at least {share_words(needs['confidence'])} sure"
    if needs.get("seconds") is not None:
        yield f"within {needs['seconds']:g} s"
    if needs.get("tokens") is not None:
        yield f"with {number(needs['tokens'])} tokens or fewer"


def _plain(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
