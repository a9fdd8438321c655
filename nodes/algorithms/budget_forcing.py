"""Budget forcing: holds the thinking of a reasoning model to a length, from above and from below.

Muennighoff et al. 2025, arXiv 2501.19393, section 3. At most: when the thinking reaches its cap, the
tag that ends it is appended and the model has to answer. At least: when the model would end it, the
tag is dropped and "Wait" appended, up to `waits` times, so that the model goes on and doubts itself.
Several such samples run side by side and the majority answers.

Texts are continued from their tokens; what is appended here has none, and the backend adds them. A
sample whose text has no tag at all when it ends did not think, and is taken as it is. The cap leaves
room for an answer in the caller's token limit.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from ..candidate import Ending, Step
from ..thinking import CLOSE, OPEN
from .base import Branch, Search, Tools
from .branches import close, text_of, tokens_of
from .chunks import written_ending
from .sprouts import Sprout, sprout


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetForcing:
    """N samples, each with its thinking held to a length."""

    n: int = 1
    """N, samples side by side."""
    max_thinking_tokens: int = 8192
    """The cap on the thinking of one sample."""
    waits: int = 0
    """How often the end of thinking is put off; gains end near 6."""
    answer_tokens: int = 512
    """Of the caller's limit, kept for what follows the thinking."""
    open_tag: str = OPEN
    close_tag: str = CLOSE
    wait: str = "Wait"
    selection: Literal["majority"] = field(default="majority", init=False)
    name: Literal["budget_forcing"] = field(default="budget_forcing", init=False)

    def __post_init__(self) -> None:
        if self.n < 1 or self.max_thinking_tokens < 1 or self.waits < 0:
            raise ValueError(f"the numbers of {self!r} are out of range")

    @property
    def generations(self) -> int:
        """N."""
        return self.n

    async def advance(self, search: Search, tools: Tools) -> Search:
        """Let every sample that still thinks think on; when none does, let all answer."""
        first = search.rounds == 0
        live: tuple[Branch, ...] = ((),) * self.n if first else search.live
        thinking = tuple(branch for branch in live if not self.is_closed(branch))
        limit = tools.sampling.max_tokens
        until = self.cap(limit) if thinking else limit
        moving = thinking or live
        left = min(until - tokens_of(branch) for branch in moving)
        sampling = replace(
            tools.sampling_from(search.generations + 1000 * search.rounds),
            stop=(self.close_tag,) if thinking else (),
            max_tokens=max(left, 1),
        )
        # A beginning is one prompt with n samples; after it every sample has a prompt of its own.
        roots, n = ([()], self.n) if first else (moving, 1)
        grown = await sprout(search, tools, roots, n=n, sampling=sampling)
        waiting = [branch for branch in live if thinking and self.is_closed(branch)]
        open_: list[Branch] = [*waiting]
        ended: list[tuple[Branch, Ending]] = []
        ended.extend((branch, "stopped") for branch in grown.barren)
        for one in grown.sprouts:
            forced = self.forced(one, until) if thinking else None
            ending = None if forced else written_ending(one.branch, one.completion, limit)
            if ending is None:
                open_.append(forced or one.branch)
            else:
                ended.append((one.branch, ending))
        return replace(
            search,
            rounds=search.rounds + 1,
            generations=search.generations + (self.n if first else 0),
            live=tuple(open_),
            candidates=search.candidates + tuple(close(*one) for one in ended),
            faults=search.faults + grown.faults,
            done=not open_,
        )

    def cap(self, limit: int) -> int:
        """Return the cap on thinking tokens under a limit of tokens a sample."""
        return max(min(self.max_thinking_tokens, limit - self.answer_tokens), 1)

    def is_closed(self, branch: Branch) -> bool:
        """Say whether the thinking of a sample has ended."""
        return self.close_tag in text_of(branch)

    def forced(self, sprout: Sprout, until: int) -> Branch | None:
        """Return the sample with what is appended after its last piece of thinking.

        None when the piece ends the sample, or is just not enough yet.
        """
        branch, end = sprout.branch, sprout.completion.end
        used_up = tokens_of(branch) >= until
        if end == "cut":
            return None
        if self.is_closed(branch):
            if used_up or self.waited(branch) >= self.waits:
                return branch
            return self.with_wait(branch)
        if used_up:
            return _appended(branch, f"\n{self.close_tag}\n\n")
        if end == "length" or self.open_tag not in text_of(branch):
            return None
        if self.waited(branch) < self.waits:
            return self.with_wait(branch)
        return _appended(branch, f"\n{self.close_tag}\n\n")

    def waited(self, branch: Branch) -> int:
        """Return how often the end of thinking was put off."""
        return sum(step.text == self.wait and step.n_tokens == 0 for step in branch)

    def with_wait(self, branch: Branch) -> Branch:
        """Return the sample with the end of its thinking dropped and "Wait" appended.

        How many tokens the tag took is not known, so that piece is tokenised anew.
        """
        *earlier, last = branch
        if self.close_tag in last.text:
            text = last.text.partition(self.close_tag)[0].rstrip()
            last = replace(last, text=text, token_ids=None)
        return _appended((*earlier, last), self.wait)


def _appended(branch: Branch, text: str) -> Branch:
    """Return the branch with a step that nobody sampled."""
    last = branch[-1]
    return (*branch, Step(key=f"{last.key}+", parent=last.key, text=text, n_tokens=0))
