"""Grows, ranks and closes branches: what all step-wise searches share.

A branch ends when the model ends it, when a step completes a boxed answer, when the model has
nothing new to say, or when the answer's token limit is reached. Only the first two make an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..backends.base import Prompt
from ..candidate import Candidate, Ending, Step
from ..equality.extract import last_boxed
from ..errors import BackendError
from ..steps import STEP_END
from ..values import Completion
from .base import Branch, Search, Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What one round of sampling gave; every new step is in exactly one of the two."""

    open: tuple[Branch, ...] = ()
    """Unfinished branches with a scored last step, in the order they were sampled."""
    ended: tuple[Candidate, ...] = ()
    faults: tuple[str, ...] = ()


def tokens_of(branch: Branch) -> int:
    """Return the tokens sampled for a branch."""
    return sum(step.n_tokens or 0 for step in branch)


def text_of(branch: Branch) -> str:
    """Return the text of a branch."""
    return "".join(step.text for step in branch)


def close(branch: Branch, ending: Ending) -> Candidate:
    """Return a branch of at least one step as a candidate, scored by its last step."""
    return Candidate(
        key=branch[-1].key,
        origin="search",
        ending=ending,
        text=text_of(branch).strip(),
        steps=branch,
        n_tokens=tokens_of(branch),
        score=branch[-1].score,
    )


def rank(branches: Sequence[Branch], most: int) -> tuple[tuple[Branch, ...], tuple[Branch, ...]]:
    """Return the `most` best branches of different text, best first, and all the others."""
    kept: list[Branch] = []
    dropped: list[Branch] = []
    texts: set[str] = set()
    for branch in sorted(branches, key=lambda b: b[-1].score or 0.0, reverse=True):
        fresh = len(kept) < most and text_of(branch) not in texts
        (kept if fresh else dropped).append(branch)
        texts.add(text_of(branch))
    return tuple(kept), tuple(dropped)


def ending_of(branch: Branch, completion: Completion, max_tokens: int) -> Ending | None:
    """Return how the last step of `branch`, sampled as `completion`, ends it; None when it is open."""
    *earlier, last = (step.text.strip() for step in branch)
    if completion.end == "cut":
        return "stopped"
    if completion.end == "length":
        return "length"
    if last_boxed(last) is not None:
        return "whole"
    if completion.end == "eos":
        return "whole" if text_of(branch).strip() else "empty"
    if not last:
        return "empty"
    if earlier[-1:] == [last] or earlier.count(last) > 1:
        return "repeated"
    return "length" if tokens_of(branch) >= max_tokens else None


async def grow(search: Search, tools: Tools, roots: Sequence[Branch], *, n: int) -> Grown:
    """Sample `n` next steps of each branch in one request and score them in another.

    A verifier that fails ends the open branches, with a fault that says so.

    Raises:
        ValueError: there is no verifier.
        BackendError: nothing was sampled.
        BudgetSpent: nothing was left for it.
    """
    limit, listener = tools.sampling.max_tokens, tools.on_text
    sampled = await tools.generator.complete(
        [Prompt(messages=tools.messages, prefix=branch) for branch in roots],
        n=n,
        sampling=replace(
            tools.sampling_from(search.generations + 1000 * search.rounds),
            stop=(STEP_END,),
            max_tokens=max(limit - min(map(tokens_of, roots)), 1),
        ),
        on_text=(lambda i, j, text: listener(_key(search, roots[i], j), text))
        if listener
        else None,
        timeout_s=tools.timeout_s,
    )
    open_: list[Branch] = []
    ended: list[tuple[Branch, Ending]] = []
    for root, batch in zip(roots, sampled.batches, strict=True):
        for number, completion in enumerate(batch):
            branch = (*root, _new_step(_key(search, root, number), root, completion))
            ending = ending_of(branch, completion, limit)
            if ending is None:
                open_.append(branch)
            else:
                ended.append((branch, ending))
    scores, faults = await _score(tools, open_ + [b for b, ending in ended if ending == "whole"])
    if sampled.fault:
        faults = (sampled.fault, *faults)
    if open_ and not scores:
        ended += [(branch, "stopped") for branch in open_]
        open_ = []
    return Grown(
        open=tuple(_with_score(branch, scores) for branch in open_),
        ended=tuple(close(_with_score(branch, scores), ending) for branch, ending in ended),
        faults=faults,
    )


def _key(search: Search, root: Branch, number: int) -> str:
    return f"{root[-1].key}.{number}" if root else f"s{search.epoch}-{number}"


def _new_step(key: str, root: Branch, completion: Completion) -> Step:
    return Step(
        key=key,
        parent=root[-1].key if root else None,
        text=completion.text,
        n_tokens=completion.n_tokens,
        token_ids=completion.token_ids,
    )


async def _score(
    tools: Tools, branches: Sequence[Branch]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the score of each branch's last step by its key, and what went wrong."""
    if tools.verifier is None:
        raise ValueError("a step-wise search needs a process verifier")
    if not branches:
        return {}, ()
    solutions = [[text for s in b if (text := s.text.strip())] for b in branches]
    try:
        scored = await tools.verifier.score(tools.question, solutions)
    except BackendError as exc:
        return {}, (f"verifier: {exc}",)
    pairs = zip(branches, scored.scores, strict=True)
    return {branch[-1].key: scores[-1] for branch, scores in pairs if scores}, ()


def _with_score(branch: Branch, scores: Mapping[str, float]) -> Branch:
    *earlier, last = branch
    return (*earlier, replace(last, score=scores.get(last.key)))
