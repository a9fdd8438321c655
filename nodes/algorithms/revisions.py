"""Sequential revisions: each attempt is written with the latest earlier ones in view.

Snell et al. 2024, arXiv 2408.03314, section 6: chains of any length, of which the four most recent
attempts are in the context. The paper finetunes the model for it and finds that models that are
only prompted gain little; here the model is prompted. Several chains run side by side, one
attempt of each in one request. About 38% of right answers turn wrong on the way (same section), so
the answer is chosen across all attempts (`selection.select_across_chains`), never the last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ..backends.base import Prompt
from ..candidate import Candidate
from ..prompts import revision_messages
from .base import Selection, Tools
from .draw import new_candidate
from .scoring import score_candidates

Chain = tuple[Candidate, ...]
"""An answer and its revisions, oldest first; at least one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengthened:
    """What one round gave."""

    chains: tuple[Chain, ...]
    """The same chains in the same order, each one longer where an attempt came."""
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """Chains of revisions; costs chains x length."""

    chains: int = 1
    """How many run side by side."""
    length: int = 4
    """Revisions of each."""
    window: int = 4
    """Attempts in the context."""
    selection: Selection = "weighted"
    name: Literal["revisions"] = field(default="revisions", init=False)

    @property
    def generations(self) -> int:
        """Chains times length."""
        return self.chains * self.length

    async def lengthen(
        self, chains: Sequence[Chain], tools: Tools, *, under: str = "revision"
    ) -> Lengthened:
        """Add one scored revision to each chain, with keys under `under`.

        Raises:
            BackendError: nothing came.
            BudgetSpent: nothing was left for it.
        """
        round_ = max(map(len, chains))
        keys = [f"{under}-{number}.{len(chain)}" for number, chain in enumerate(chains)]
        recent = [chain[-self.window :] for chain in chains]
        prompts = [Prompt(messages=revision_messages(tools.messages, past)) for past in recent]
        listener = tools.on_text
        sampled = await tools.generator.complete(
            prompts,
            n=1,
            sampling=tools.sampling_from(1_000_000 + round_),
            on_text=(lambda i, _, text: listener(keys[i], text)) if listener else None,
            timeout_s=tools.timeout_s,
        )
        new = [
            replace(new_candidate(c, key, "revision"), attempts=tuple(p.key for p in past))
            for key, past, batch in zip(keys, recent, sampled.batches, strict=True)
            for c in batch[:1]
        ]
        scored = await score_candidates(tools.question, new, tools.verifier)
        by_key = {candidate.key: candidate for candidate in scored.candidates}
        longer = (
            (*chain, by_key[key]) if key in by_key else chain
            for chain, key in zip(chains, keys, strict=True)
        )
        faults = ((sampled.fault,) if sampled.fault else ()) + scored.faults
        return Lengthened(chains=tuple(longer), faults=faults)
