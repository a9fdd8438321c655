"""A verifier behind vLLM's pooling server, by `/pooling` or `/classify`; `formats.py` says which.

All texts of a call go in one request. Wire format: vLLM 0.32 and 0.33.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..backends.client import ModelServer, mapped_errors, read_json
from ..values import Question, Usage
from .base import Granularity, Scored
from .formats import TEXT_FORMATS, TextFormat
from .halves import Rows, in_halves
from .texts import Scores, score_by_texts


class VllmProcessVerifier:
    """Scores steps by P(good)."""

    def __init__(
        self,
        client: ModelServer,
        model: str,
        form: TextFormat = TEXT_FORMATS["qwen-prm"],
    ) -> None:
        self._client = client
        self._model = model
        self._form = form
        self._server = f"the process verifier at {client.base_url}"

    @property
    def model(self) -> str:
        """The name it is served under."""
        return self._model

    @property
    def granularity(self) -> Granularity:
        """Every step gets a score."""
        return "step"

    def texts(self, question: Question, steps: Sequence[str]) -> list[str]:
        """Return the texts whose scores, one after another, are those of the steps."""
        return self._form.texts(question, steps)

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Score `solutions`; one that is longer than the verifier's context gets no scores."""
        return await score_by_texts(self, self.score_texts, question, solutions)

    async def score_texts(self, texts: Sequence[str]) -> Rows[Scores]:
        """Return the scores of each text, in one request where the server takes all of them."""
        return await in_halves(self._request, texts)

    async def _request(self, texts: Sequence[str]) -> Rows[Scores]:
        body: dict[str, Any] = {"model": self._model, "input": list(texts)}
        pools = self._form.route == "/pooling"
        if pools:
            body["task"] = "token_classify"
        if self._form.logits:
            body["use_activation"] = False
        with mapped_errors(self._server):
            reply = read_json(await self._client.post(self._form.route, body))
            data = sorted(reply["data"], key=lambda row: row["index"])
            if len(data) != len(texts):
                raise ValueError(f"{len(data)} rows for {len(texts)} texts")
            found = [row["data"] if pools else [row["probs"]] for row in data]
            rows = tuple(tuple(map(self._good, row)) for row in found)
            usage = verifier_usage(reply["usage"])
        return Rows(rows=rows, usage=usage)

    def _good(self, values: Any) -> float:
        return self._form.good([float(value) for value in values])


def verifier_usage(usage: Any) -> Usage:
    """Return what one request read, from the cache too where the server says so."""
    details = usage.get("prompt_tokens_details") or {}
    return Usage(
        calls=1,
        verifier_tokens=int(usage["prompt_tokens"]),
        cached_tokens=int(details.get("cached_tokens") or 0),
        completion_tokens=int(usage.get("completion_tokens") or 0),
    )
