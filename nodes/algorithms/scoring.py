"""Scores whole solutions with the verifier, all in one request: their steps too where it can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..aggregation import AGGREGATIONS, Aggregation
from ..candidate import Candidate
from ..errors import BackendError
from ..values import Question
from ..verifiers.base import ProcessVerifier


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredCandidates:
    """Candidates, scored as far as that went."""

    candidates: tuple[Candidate, ...]
    """The same, in the same order."""
    faults: tuple[str, ...] = ()


async def score_candidates(
    question: Question,
    candidates: Sequence[Candidate],
    verifier: ProcessVerifier | None,
    aggregation: Aggregation = "last",
) -> ScoredCandidates:
    """Score the whole ones that have no score yet.

    A verifier that fails leaves them without a score, with a fault that says so: samples that are
    paid for are never lost to it.
    """
    unscored = [c for c in candidates if c.whole and c.score is None and c.steps]
    if verifier is None or not unscored:
        return ScoredCandidates(candidates=tuple(candidates))
    try:
        scored = await verifier.score(
            question, [[s.text.strip() for s in c.steps] for c in unscored]
        )
    except BackendError as exc:
        return ScoredCandidates(candidates=tuple(candidates), faults=(f"verifier: {exc}",))
    by_key = {
        candidate.key: _with_scores(candidate, scores, aggregation)
        if verifier.granularity == "step"
        else replace(candidate, score=scores[0])
        for candidate, scores in zip(unscored, scored.scores, strict=True)
        if scores
    }
    missed = len(unscored) - len(by_key)
    return ScoredCandidates(
        candidates=tuple(by_key.get(c.key, c) for c in candidates),
        faults=(f"verifier: {missed} solutions are too long for it",) if missed else (),
    )


def _with_scores(
    candidate: Candidate, scores: tuple[float, ...], aggregation: Aggregation
) -> Candidate:
    pairs = zip(candidate.steps, scores, strict=True)
    steps = tuple(replace(step, score=score) for step, score in pairs)
    return replace(candidate, steps=steps, score=AGGREGATIONS[aggregation](scores))
