"""The parallel samples of one trace, as samples of a pool that nobody has graded yet.

A sample counts where it was drawn whole and knew of no other: those of the pilot, and those that the
strategies of `PARALLEL` drew. What a search steered (beams, cut beginnings, revisions) or a larger model
wrote comes from another distribution and is left out, and so is what a failure or a deadline broke
off. Samples that the token limit cut, or that are empty, count: without them the rest would look
better than the model is.
"""

from __future__ import annotations

import re
from itertools import accumulate, pairwise

from ..nodes.replay.pool import Sample
from ..storage.views import CandidateView, StepView, TraceDetail

PARALLEL = frozenset(
    {
        "adaptive_consistency",
        "best_of_n",
        "confidence_majority",
        "esc",
        "majority",
        "marginal_gain",
    }
)
"""Strategies whose samples know of no other; the beginnings that `marginal_gain` judges are told from
them by their keys."""
_DRAWN = re.compile(r"(pilot|search)-\d+")
"""The key of a sample that was drawn whole (`nodes/algorithms/draw.py`)."""
_ENDINGS = frozenset({"whole", "length", "empty"})


def samples_in(detail: TraceDetail) -> list[Sample]:
    """Return the parallel samples of a run in the order they were drawn, without key and grade.

    `step_tokens` are estimates: a sample that was drawn whole has no counts of its steps, so its tokens
    are shared out by characters, those of its thinking apart. Where a judge scored it as a whole, it
    is one step. `logprob` is known of a pilot whose log-probabilities the run asked for, and of
    votes weighed by them.
    """
    parallel = all(plan["strategy"] in PARALLEL for plan in detail.trace.plans)
    origins = ("pilot", "search") if parallel else ("pilot",)
    steps = {step.key: step for step in detail.steps}
    return [
        _sample(candidate, steps, logprob=_logprob(candidate, detail))
        for candidate in detail.candidates
        if candidate.origin in origins
        and candidate.ending in _ENDINGS
        and _DRAWN.fullmatch(candidate.key)
    ]


def _sample(
    candidate: CandidateView, steps: dict[str, StepView], *, logprob: float | None
) -> Sample:
    chain = _chain(candidate.leaf_step_key, steps)
    scores = tuple(step.score for step in chain if step.score is not None)
    texts = [step.text for step in chain]
    if len(scores) < len(chain) or not scores:
        scores = () if candidate.score is None else (candidate.score,)
        texts = [candidate.text]
    return Sample(
        text=candidate.text,
        whole=candidate.ending == "whole",
        n_tokens=candidate.n_tokens,
        scores=scores or None,
        step_tokens=_step_tokens(candidate, texts) if scores else None,
        logprob=logprob,
        step_logprobs=None,
        answer=candidate.answer,
        key=None,
        right=False,
    )


def _chain(leaf: str | None, steps: dict[str, StepView]) -> list[StepView]:
    """Return the steps that end with the one called `leaf`, first to last."""
    chain: list[StepView] = []
    while leaf is not None and leaf in steps:
        chain.append(steps[leaf])
        leaf = steps[leaf].parent_key
    return chain[::-1]


def _step_tokens(candidate: CandidateView, texts: list[str]) -> tuple[int, ...]:
    """Return the tokens of each text by characters; they add up to those of the answer."""
    answer, thinking = len(candidate.text), len(candidate.thinking)
    tokens = candidate.n_tokens * answer / ((answer + thinking) or 1)
    ends = [0, *accumulate(map(len, texts))]
    return tuple(
        round(tokens * end / (ends[-1] or 1)) - round(tokens * start / (ends[-1] or 1))
        for start, end in pairwise(ends)
    )


def _logprob(candidate: CandidateView, detail: TraceDetail) -> float | None:
    """Return the confidence where it is a mean log-probability."""
    measures = {plan["numbers"].get("measure", "mean_logprob") for plan in detail.trace.plans}
    if candidate.origin == "pilot" or measures == {"mean_logprob"}:
        return candidate.confidence
    return None
