"""An outcome reward model behind vLLM's `/classify`: one score for a whole solution.

The conversation goes as messages, so that the server's own chat template renders it, whatever the
family; that form holds one conversation, so solutions are asked side by side. The model has one class
(a reward, read through the sigmoid) or two (the second is good).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..backends.client import ModelServer, mapped_errors, read_json
from ..errors import PromptTooLong
from ..values import Question, Usage
from .base import Granularity, Scored
from .formats import probability
from .vllm_prm import verifier_usage


class OutcomeVerifier:
    """Scores whole solutions by P(good)."""

    def __init__(self, client: ModelServer, model: str) -> None:
        self._client = client
        self._model = model
        self._server = f"the outcome verifier at {client.base_url}"

    @property
    def model(self) -> str:
        """The name it is served under."""
        return self._model

    @property
    def granularity(self) -> Granularity:
        """A solution gets one score."""
        return "solution"

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Score `solutions`; one that is longer than the verifier's context gets no score."""
        found = await asyncio.gather(*(self._one(question, steps) for steps in solutions))
        return Scored(
            scores=tuple(row for one in found for row in one.scores),
            usage=sum((one.usage for one in found), Usage()),
        )

    async def _one(self, question: Question, steps: Sequence[str]) -> Scored:
        turns = [{"role": m.role, "content": m.content} for m in question.messages]
        turns.append({"role": "assistant", "content": "\n\n".join(steps)})
        body = {
            "model": self._model,
            "messages": turns,
            "add_generation_prompt": False,
            "use_activation": False,
        }
        try:
            with mapped_errors(self._server):
                reply = read_json(await self._client.post("/classify", body))
                values = [float(value) for value in reply["data"][0]["probs"]]
                score = probability(values, good=1)
                usage = verifier_usage(reply["usage"])
        except PromptTooLong:
            return Scored(scores=((),), usage=Usage(calls=1))
        return Scored(scores=((score,),), usage=usage)
