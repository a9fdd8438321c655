"""Draws answers by their beginnings: first steps are scored, the unpromising ones not finished.

Speculative rejection (Sun et al. 2024, arXiv 2410.20290) halts the weakest of a batch in the middle; here
the bar is given, and it is asked once, after the first step: there an answer has cost least, and
what the verifier says of it tells hopeless questions from the others as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ..candidate import Candidate
from ..errors import BackendError, BudgetSpent
from ..steps import STEP_END, chain_steps, split_steps
from ..thinking import is_thinking, part_thinking
from ..values import Completion
from ..verifiers.base import step_verifier
from .base import Branch, Search, Tools
from .branches import close, ending_of, score_branches, score_of, text_of, tokens_of
from .draw import ENDINGS, Drawn
from .scoring import score_candidates
from .sprouts import sprout


async def draw_promising(search: Search, tools: Tools, n: int, *, bar: float) -> Drawn:
    """Begin `n` answers and finish those whose first step scores at least `bar`; all are scored.

    Two requests to the generator and two to the verifier. What is cut ends `pruned`. A verifier
    that fails on the beginnings cuts none, with a fault that says so. A blank beginning, or one
    inside a thinking phase, says nothing yet and is finished unread.

    Raises:
        ValueError: there is no verifier of steps.
        BackendError: nothing was begun.
        BudgetSpent: nothing was left for it.
    """
    verifier = step_verifier(tools.verifier)
    begun = await sprout(
        search,
        tools,
        [()],
        n=n,
        sampling=replace(tools.sampling_from(search.generations), stop=(STEP_END,)),
        first=search.generations,
    )
    open_: list[Branch] = []
    unread: list[Branch] = []
    ended: list[Candidate] = []
    for new in begun.sprouts:
        ending = ending_of(new.branch, new.completion, tools.sampling.max_tokens)
        if new.completion.end == "stop" and (ending == "empty" or is_thinking(text_of(new.branch))):
            unread.append(new.branch)
        elif ending is None:
            open_.append(new.branch)
        else:
            ended.append(close(new.branch, ending))
    scores, faults = await score_branches(tools.question, verifier, open_)
    scored = [(*b[:-1], replace(b[-1], score=scores.get(b[-1].key))) for b in open_]
    kept = [b for b in scored if b[-1].score is None or score_of(b) >= bar] + unread
    cut = [close(b, "pruned") for b in scored if b[-1].score is not None and score_of(b) < bar]
    finished, failed = await _finish(search, tools, kept)
    rated = await score_candidates(tools.question, (*ended, *finished), tools.verifier)
    return Drawn(
        candidates=(*rated.candidates, *cut), faults=begun.faults + faults + failed + rated.faults
    )


def first_score(candidate: Candidate) -> float:
    """Return the score of its first step; inf where that is the whole solution, or not scored."""
    alone = candidate.whole and len(candidate.steps) == 1
    score = None if alone or not candidate.steps else candidate.steps[0].score
    return math.inf if score is None else score


async def _finish(
    search: Search, tools: Tools, branches: Sequence[Branch]
) -> tuple[list[Candidate], tuple[str, ...]]:
    """Write the rest of each branch; one that fails is kept as it stands."""
    if not branches:
        return [], ()
    longest = tools.sampling.max_tokens - min(map(tokens_of, branches))
    sampling = replace(tools.sampling_from(search.generations), max_tokens=max(longest, 1))
    try:
        grown = await sprout(search, tools, branches, n=1, sampling=sampling)
    except (BackendError, BudgetSpent) as exc:
        return [close(b, "stopped") for b in branches], (str(exc),)
    made = [_whole(new.branch, new.completion) for new in grown.sprouts]
    return made + [close(b, "stopped") for b in grown.barren], grown.faults


def _whole(branch: Branch, completion: Completion) -> Candidate:
    """Return a branch of a first step and all the rest as an answer of as many steps as it has."""
    *begun, rest = branch
    text, ending = part_thinking(text_of(branch)), ENDINGS[completion.end]
    if not text.answer and not (text.thinking and ending != "whole"):
        ending = "empty"
    steps = chain_steps(split_steps(rest.text), rest.key)
    first = begun[-1].key if begun else None
    linked = tuple(replace(s, parent=first) if i == 0 else s for i, s in enumerate(steps))
    return Candidate(
        key=rest.key,
        origin="search",
        ending=ending,
        text=text.answer,
        thinking=text.thinking,
        steps=(*begun, *linked),
        n_tokens=tokens_of(branch),
    )
