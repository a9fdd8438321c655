"""Several process verifiers as one, for one run: it stays where its texts are cached."""

from __future__ import annotations

from collections.abc import Sequence

from ...values import Question
from ...verifiers.base import Granularity, ProcessVerifier, Scored
from ..base import OnText
from .replicas import Replicas
from .request import Home, Request


class ReplicatedVerifier:
    """One run's view of a group. Each run has its own; the group is shared."""

    def __init__(self, group: Replicas[ProcessVerifier]) -> None:
        self._group = group
        self._home = Home()

    @property
    def model(self) -> str:
        """The name that all are served under."""
        return self._group.roster.served[0].model

    @property
    def granularity(self) -> Granularity:
        """The same of all: they score in one format."""
        return self._group.roster.served[0].granularity

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Score `solutions` on one of the servers."""

        async def ask(one: ProcessVerifier, _: float | None, __: OnText | None) -> Scored:
            return await one.score(question, solutions)

        weight = len(solutions)
        return await self._group.call(
            Request(ask=ask, weight=weight, kind=weight.bit_length()), self._home
        )
