"""Draws whole answers in parallel, in one request."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..backends.base import Prompt
from ..candidate import Candidate, Ending, Origin
from ..steps import chain_steps, split_steps
from ..thinking import part_thinking
from ..values import Completion, End
from .base import Search, Tools

ENDINGS: dict[End, Ending] = {"eos": "whole", "stop": "whole", "length": "length", "cut": "stopped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a draw gave."""

    candidates: tuple[Candidate, ...]
    """At most as many as were asked for; none is scored yet."""
    completions: tuple[Completion, ...] = ()
    """What each was made of, in the same order."""
    faults: tuple[str, ...]


def new_candidate(completion: Completion, key: str, origin: Origin) -> Candidate:
    """Return `completion` as a candidate; what holds no answer is none, whatever ended it.

    Thinking between tags is kept apart: steps and text are those of the answer.
    """
    parted = part_thinking(completion.text)
    text, ending = parted.answer, ENDINGS[completion.end]
    if not text and not (parted.thinking and ending != "whole"):
        ending = "empty"
    return Candidate(
        key=key,
        origin=origin,
        ending=ending,
        text=text,
        thinking=parted.thinking,
        steps=chain_steps(split_steps(text), key),
        n_tokens=completion.n_tokens,
    )


async def draw(tools: Tools, n: int, *, first: int, origin: Origin) -> Drawn:
    """Draw `n` answers to the question, keyed by origin and number from `first` on.

    Raises:
        BackendError: nothing came.
        BudgetSpent: nothing was left for it.
    """
    keys = [f"{origin}-{first + i}" for i in range(n)]
    listener = tools.on_text
    sampled = await tools.generator.complete(
        [Prompt(messages=tools.messages)],
        n=n,
        sampling=tools.sampling_from(first),
        on_text=(lambda _, i, text: listener(keys[i], text)) if listener else None,
        timeout_s=tools.timeout_s,
    )
    completions = sampled.batches[0]
    made = zip(completions, keys, strict=False)
    return Drawn(
        candidates=tuple(new_candidate(completion, key, origin) for completion, key in made),
        completions=completions,
        faults=(sampled.fault,) if sampled.fault else (),
    )


async def draw_more(search: Search, tools: Tools, n: int) -> Drawn:
    """Draw `n` more answers for a search.

    Raises:
        BackendError: nothing came.
        BudgetSpent: nothing was left for it.
    """
    return await draw(tools, n, first=search.generations, origin="search")


def after_draw(search: Search, drawn: Drawn, *, cost: int, done: bool) -> Search:
    """Return the search after a round of `cost` generations that drew `drawn`."""
    return replace(
        search,
        rounds=search.rounds + 1,
        generations=search.generations + cost,
        candidates=search.candidates + drawn.candidates,
        faults=search.faults + drawn.faults,
        done=done,
    )
