"""Asks one question in one way, over HTTP as any client would."""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpx2

from forethought.nodes.equality.keys import AnswerKeys

from .cells import Asked, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with its gold answer."""

    text: str
    gold: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Where it is asked."""

    http: httpx2.AsyncClient
    generator_url: str
    """Ends in /v1."""
    service_url: str
    model: str
    keys: AnswerKeys
    max_tokens: int

    async def ask(self, way: Way, question: Question) -> Asked:
        """Return what one question took.

        Raises:
            httpx2.HTTPError: it was not answered.
        """
        began = time.monotonic()
        messages = [{"role": "user", "content": question.text}]
        if way.kind == "raw":
            body: dict[str, object] = {"model": self.model, "messages": messages, "n": way.n}
            url = f"{self.generator_url}/chat/completions"
            body |= {"temperature": 0.8, "top_p": 0.95, "max_tokens": self.max_tokens}
        else:
            body = {"model": "forethought", "messages": messages, "reasoning_effort": way.effort}
            url = f"{self.service_url}/chat/completions"
            more: dict[str, object] = {"task_kind": "math"}
            if way.strategy is not None:
                more["strategy"] = way.strategy
            body["forethought"] = more
        reply = await self.http.post(url, json=body)
        if reply.status_code != 200:
            raise httpx2.HTTPError(f"{reply.status_code}: {reply.text[:200]}")
        said = reply.json()
        return Asked(
            seconds=time.monotonic() - began,
            completion_tokens=said["usage"]["completion_tokens"],
            right=None if way.kind == "raw" else await self._right(said, question),
        )

    async def _right(self, said: dict[str, object], question: Question) -> bool | None:
        told = said.get("forethought")
        if question.gold is None or not isinstance(told, dict):
            return None
        if not told.get("answer"):
            return False
        found, known = await self.keys.keys([str(told["answer"]), question.gold], "math")
        return found is not None and found == known
