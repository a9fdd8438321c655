"""A generator that could not be had: every call fails with the reason."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import BackendError
from ..values import Sampling
from .base import Abilities, OnText, Prompt, Sampled


class MissingGenerator:
    """Stands in for a server that does not answer, so that the run fails with its trace."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    @property
    def abilities(self) -> Abilities:
        """None."""
        return Abilities(model="")

    async def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        n: int,
        sampling: Sampling,
        on_text: OnText | None = None,
        timeout_s: float | None = None,
    ) -> Sampled:
        """Fail.

        Raises:
            BackendError: always.
        """
        raise BackendError(self._reason)
