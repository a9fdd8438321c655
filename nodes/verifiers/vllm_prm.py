"""A process reward model behind vLLM's pooling server.

`POST /pooling` with the task `token_classify`: one pair [P(bad), P(good)] for each step tag, by STEP
pooling. All solutions of a call go in one request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import openai

from ..backends.client import mapped_errors, root_of
from ..errors import BackendGarbled, PromptTooLong
from ..values import Question, Usage
from .base import Scored
from .prm_format import render_solution


class VllmProcessVerifier:
    """Scores steps by P(good)."""

    def __init__(self, client: openai.AsyncOpenAI, model: str) -> None:
        self._client = client
        self._model = model
        self._server = f"the process verifier at {client.base_url}"

    @property
    def model(self) -> str:
        """The name it is served under."""
        return self._model

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Score `solutions`; one that is longer than the verifier's context gets no scores."""
        try:
            return await self._score(question, solutions)
        except PromptTooLong:
            if len(solutions) == 1:
                return Scored(scores=((),), usage=Usage(calls=1))
        each = await asyncio.gather(*(self.score(question, [one]) for one in solutions))
        return Scored(
            scores=tuple(scored.scores[0] for scored in each),
            usage=sum((scored.usage for scored in each), Usage()),
        )

    async def _score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        body = {
            "model": self._model,
            "task": "token_classify",
            "input": [render_solution(question, steps) for steps in solutions],
        }
        with mapped_errors(self._server):
            reply: Any = await self._client.post(
                f"{root_of(self._client)}/pooling", body=body, cast_to=object
            )
            rows = sorted(reply["data"], key=lambda row: row["index"])
            scores = tuple(tuple(float(good) for _, good in row["data"]) for row in rows)
            tokens = int(reply["usage"]["prompt_tokens"])
        if [len(row) for row in scores] != [len(steps) for steps in solutions]:
            raise BackendGarbled(f"{self._server} gave another number of scores than steps")
        return Scored(scores=scores, usage=Usage(calls=1, verifier_tokens=tokens))
