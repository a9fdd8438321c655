"""Draws whole answers in parallel, in one request."""

from __future__ import annotations

from dataclasses import dataclass

from ..backends.base import Prompt
from ..candidate import Candidate, Ending, Origin
from ..steps import chain_steps, split_steps
from ..values import Completion, End
from .base import Tools

ENDINGS: dict[End, Ending] = {"eos": "whole", "stop": "whole", "length": "length", "cut": "stopped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a draw gave."""

    candidates: tuple[Candidate, ...]
    """At most as many as were asked for; none is scored yet."""
    faults: tuple[str, ...]


def new_candidate(completion: Completion, key: str, origin: Origin) -> Candidate:
    """Return `completion` as a candidate; an empty text is no answer, whatever ended it."""
    text = completion.text.strip()
    return Candidate(
        key=key,
        origin=origin,
        ending=ENDINGS[completion.end] if text else "empty",
        text=text,
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
    made = zip(sampled.batches[0], keys, strict=False)
    return Drawn(
        candidates=tuple(new_candidate(completion, key, origin) for completion, key in made),
        faults=(sampled.fault,) if sampled.fault else (),
    )
