"""Reads the log-probabilities of one choice, of either endpoint, as plain numbers.

`/v1/completions` has lists of equal length (`token_logprobs`, `top_logprobs` as text to number), the
chat endpoint one object a token (`logprob`, `top_logprobs`). vLLM adds the sampled token to the
likeliest ones where it is not among them, so only the k largest are taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class TokenLogprobs:
    """What has come for one choice, one number a token each."""

    chosen: list[float] = field(default_factory=list)
    """Of the sampled tokens."""
    confidences: list[float] = field(default_factory=list)
    """As in `Completion`."""

    def take(self, logprobs: Any, k: int) -> None:
        """Add what a reply or a chunk holds; `k` is how many likeliest tokens were asked for."""
        if logprobs is None:
            return
        content = getattr(logprobs, "content", None)
        if content is not None:
            for token in content:
                self.chosen.append(float(token.logprob))
                self._likeliest((top.logprob for top in token.top_logprobs or ()), k)
            return
        self.chosen += [float(one) for one in getattr(logprobs, "token_logprobs", None) or ()]
        for tops in getattr(logprobs, "top_logprobs", None) or ():
            self._likeliest((tops or {}).values(), k)

    def _likeliest(self, tops: Iterable[float], k: int) -> None:
        largest = sorted((float(top) for top in tops), reverse=True)[:k]
        if largest:
            self.confidences.append(-math.fsum(largest) / len(largest))
