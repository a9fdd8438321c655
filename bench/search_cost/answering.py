"""Takes one question through a strategy's rounds to its end, and grades the vote."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace

from forethought.nodes.algorithms.base import Search, Strategy, Tools
from forethought.nodes.algorithms.selection import select
from forethought.nodes.backends.base import Generator
from forethought.nodes.equality.keys import AnswerKeys
from forethought.nodes.equality.read import read_answers
from forethought.nodes.errors import BackendError
from forethought.nodes.prompts import answer_messages
from forethought.nodes.values import Sampling
from forethought.nodes.verifiers.base import ProcessVerifier

from .cells import Outcome
from .counting import CountedGenerator, CountedVerifier, Spent
from .questions import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoner:
    """Answers questions without a budget and without the early stops of a run."""

    generator: Generator
    verifier: ProcessVerifier
    keys: AnswerKeys
    sampling: Sampling
    timeout_s: float | None
    """Seconds that a call may take."""

    async def answer(self, row: Row, strategy: Strategy, spent: Spent, chance: str) -> Outcome:
        """Run a strategy on a question to its end, or until a server fails; `chance` seeds it."""
        started = time.monotonic()
        tools = Tools(
            question=row.question,
            messages=answer_messages(row.question),
            generator=CountedGenerator(self.generator, spent),
            verifier=CountedVerifier(self.verifier, spent),
            sampling=self.sampling,
            timeout_s=self.timeout_s,
            rng=random.Random(chance),
        )
        search, failed = Search(epoch=1), None
        try:
            while not search.done:
                after = await strategy.advance(search, tools)
                known = len(search.candidates)
                new = after.candidates[known:]
                read = await read_answers(new, row.question.kind, self.keys)
                search = replace(after, candidates=after.candidates[:known] + read)
        except BackendError as exc:
            failed = str(exc)
        winner = select(search.candidates, strategy.selection).winner
        key = next((c.answer_key for c in search.candidates if c.key == winner), None)
        (gold,) = await self.keys.keys([row.answer], row.question.kind)
        finals = [c for c in search.candidates if c.votes]
        return Outcome(
            right=key is not None and key == gold,
            seconds=time.monotonic() - started,
            rounds=search.rounds,
            finals=len(finals),
            distinct=len({c.answer_key for c in finals}),
            failed=failed,
            faults=search.faults,
            solutions=tuple(
                tuple(text for s in c.steps if (text := s.text.strip())) for c in finals
            ),
        )
