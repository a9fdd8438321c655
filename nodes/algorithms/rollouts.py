"""Greedy rollouts: where branches lead, and what the process verifier says there.

Snell et al. 2024, arXiv 2408.03314, section 5.2: temperature 0, up to k steps, to the end of the
solution at most. Each of the k steps is one request for all rollouts, and one more scores their ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..candidate import Candidate
from ..errors import BackendError, BudgetSpent
from ..steps import STEP_END
from ..verifiers.base import step_verifier
from .base import Branch, Search, Tools
from .branches import close, ending_of, score_branches, tokens_of
from .sprouts import sprout

MARK = "~"
"""Parts the key of a rollout's step from the step before it, so that no branch has the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledOut:
    """What rollouts found."""

    values: Mapping[str, float]
    """The score at the end of each rollout, by the key of the step it started from."""
    whole: tuple[Candidate, ...]
    """Rollouts that reached a whole answer, with the ending `rollout`."""
    faults: tuple[str, ...]


async def roll_out(
    search: Search, tools: Tools, branches: Sequence[Branch], *, k: int
) -> RolledOut:
    """Roll each of `branches` out for up to `k` steps and score where that ends.

    What fails on the way costs no branch: its rollout ends where it stands.

    Raises:
        ValueError: there is no verifier of steps.
    """
    verifier = step_verifier(tools.verifier)
    origins = {branch[-1].key: branch for branch in branches}
    ends: dict[str, Branch] = dict(origins)
    going = dict(origins)
    whole: set[str] = set()
    faults: tuple[str, ...] = ()
    limit = tools.sampling.max_tokens
    for _ in range(k):
        if not going:
            break
        roots = list(going.values())
        try:
            grown = await sprout(
                search,
                tools,
                roots,
                n=1,
                sampling=replace(
                    tools.sampling,
                    temperature=0.0,
                    stop=(STEP_END,),
                    max_tokens=max(limit - min(map(tokens_of, roots)), 1),
                ),
                mark=MARK,
            )
        except (BackendError, BudgetSpent) as exc:
            faults += (f"rollout: {exc}",)
            break
        faults += grown.faults
        going = {}
        for new in grown.sprouts:
            origin = new.branch[-1].key.partition(MARK)[0]
            ending = ending_of(new.branch, new.completion, limit)
            if ending in (None, "whole"):
                ends[origin] = new.branch
            if ending is None:
                going[origin] = new.branch
            elif ending == "whole":
                whole.add(origin)
    rolled = [branch for origin, branch in ends.items() if branch is not origins[origin]]
    scores, missed = await score_branches(tools.question, verifier, rolled)
    return RolledOut(
        values={
            origin: scores[branch[-1].key]
            for origin, branch in ends.items()
            if branch[-1].key in scores
        },
        whole=tuple(
            replace(close(ends[origin], "rollout"), score=scores.get(ends[origin][-1].key))
            for origin in ends
            if origin in whole
        ),
        faults=faults + missed,
    )
