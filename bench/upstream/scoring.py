"""The replies of the model as a verifier: step scores, odds of two labels."""

from __future__ import annotations

import math
from typing import Any

import orjson

from .bank import Bank
from .counters import Counters
from .judge import labels_of, opinion
from .reading import ASSISTANT
from .tokens import TAG, decode
from .wire import usage_json

Json = dict[str, Any]
_HELLO = ["1 + 1 = 2."]
"""The step that a service sends to see whether a server scores at all."""


class Scoring:
    """Scores by a bank."""

    def __init__(self, bank: Bank, counters: Counters, model: str) -> None:
        self._bank = bank
        self._counters = counters
        self._model = model

    def pooling(self, body: Json) -> Json:
        """Score every step of every text, as STEP pooling at the tag does."""
        given = body["input"]
        data, read = [], 0
        for index, text in enumerate([given] if isinstance(given, str) else given):
            before, _, rest = text.rpartition(ASSISTANT)
            steps = rest.split(TAG)[:-1]
            known = steps != _HELLO
            good = self._bank.scores(self._bank.find(before), steps) if known else [0.9]
            data.append({"index": index, "object": "pooling", "data": [[1 - p, p] for p in good]})
            read += self._bank.count(text)
        self._counters.verifier_tokens += read
        return self._reply("list", data, read, 0)

    def generative_scoring(self, body: Json) -> Json:
        """Return P(the first label) for every item after the query."""
        query, items = body["query"], body["items"]
        before = query if isinstance(query, str) else decode(query)
        shown = [before + (item if isinstance(item, str) else decode(item)) for item in items]
        read = self._bank.count(before) + sum(map(len, items))
        self._counters.judge_prompt_tokens += read
        self._counters.judge_completion_tokens += len(items)
        data = [
            {"index": k, "object": "score", "score": opinion(self._bank, text)}
            for k, text in enumerate(shown)
        ]
        return self._reply("list", data, read, len(items))

    def odds(self, text: str, tokens: int, tops: int) -> bytes:
        """Return a chat reply of one token with its likeliest ones."""
        first, second = labels_of(text)
        p = opinion(self._bank, text)
        self._counters.judge_prompt_tokens += tokens
        self._counters.judge_completion_tokens += 1
        both = sorted([(first, p), (second, 1 - p)], key=lambda pair: -pair[1])[:tops]
        likeliest = [{"token": t, "logprob": math.log(q), "bytes": None} for t, q in both]
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": both[0][0]},
            "logprobs": {"content": [{**likeliest[0], "top_logprobs": likeliest}]},
            "finish_reason": "length",
        }
        base = {"id": "mock-1", "object": "chat.completion", "created": 1, "model": self._model}
        usage = orjson.loads(usage_json(tokens, 0, 1))
        return orjson.dumps(base | {"choices": [choice], "usage": usage})

    def _reply(self, kind: str, data: list[Json], read: int, written: int) -> Json:
        base = {"id": "mock-1", "object": kind, "created": 1, "model": self._model}
        return base | {"data": data, "usage": orjson.loads(usage_json(read, 0, written))}
