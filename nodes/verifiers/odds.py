"""How likely a chat model is to answer with one of two labels, by the probabilities of its next token.

vLLM's `/generative_scoring` takes all conversations in one request, by token ids from the server's own
chat template, the beginning that they share given once; it reads the prefix cache. Where that route or a
label of one token is missing, every conversation is a chat request for one token with its 20 likeliest
(any OpenAI-compatible server that gives log-probabilities). Zhang et al. 2024, arXiv 2408.15240: the
verdict is the probability, not the word that was sampled.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..backends.client import ModelServer, mapped_errors, read_json
from ..errors import BackendGarbled, BackendRejected, PromptTooLong
from ..values import Message, Usage
from .halves import Rows, in_halves
from .vllm_prm import verifier_usage

LIKELIEST = 20
"""The most that servers give by default."""
_AROUND = " \t\n\u2581\u0120*\"'."
"""What a token of a label may have around it."""
Conversation = tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """What was found for some conversations."""

    first: tuple[float | None, ...]
    """P(first label), of the two; None where a conversation is too long, or neither is likely."""
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prompt:
    """A conversation as the model reads it."""

    ids: list[int]
    fits: bool
    """Into the context, with one token after it. `/generative_scoring` cuts what does not, and
    says nothing (vLLM 0.32)."""


class LabelOdds:
    """Asks one model for the odds of two labels."""

    def __init__(self, client: ModelServer, model: str, labels: tuple[str, str]) -> None:
        self._client = client
        self._model = model
        self._labels = labels
        self._server = f"the judge at {client.base_url}"
        self._label_ids: list[int] | None = None
        self._by_chat = False

    @property
    def model(self) -> str:
        """The name it is served under."""
        return self._model

    async def ask(self, conversations: Sequence[Conversation]) -> Odds:
        """Return the odds after each of `conversations`, at least one.

        Raises:
            BackendError: the server could not be used, or gives no log-probabilities.
        """
        if not self._by_chat:
            try:
                return _odds(await in_halves(self._by_scoring, conversations))
            except (BackendRejected, BackendGarbled):
                self._by_chat = True
        each = await asyncio.gather(*(in_halves(self._chat, [one]) for one in conversations))
        return _odds(
            Rows(
                rows=tuple(row for one in each for row in one.rows),
                usage=sum((one.usage for one in each), Usage()),
            )
        )

    async def _by_scoring(self, conversations: Sequence[Conversation]) -> Rows[float | None]:
        labels = await self._ids_of_labels()
        prompts = await asyncio.gather(*map(self._prompt, conversations))
        too_long = PromptTooLong(f"a conversation is longer than the context of {self._model}")
        ids = [prompt.ids for prompt in prompts if prompt.fits]
        if not ids:
            return Rows(rows=(too_long,) * len(prompts), usage=Usage())
        shared = _shared(ids)
        body = {
            "model": self._model,
            "query": ids[0][:shared],
            "items": [one[shared:] for one in ids],
            "label_token_ids": labels,
            "apply_softmax": True,
        }
        with mapped_errors(self._server):
            reply = await self._post("/generative_scoring", body)
            data = sorted(reply["data"], key=lambda row: row["index"])
            scores = [float(row["score"]) for row in data]
            if len(scores) != len(ids):
                raise ValueError(f"{len(scores)} scores for {len(ids)} items")
            usage = verifier_usage(reply["usage"])
        left = iter(scores)
        rows = tuple(next(left) if prompt.fits else too_long for prompt in prompts)
        return Rows(rows=rows, usage=usage)

    async def _ids_of_labels(self) -> list[int]:
        if self._label_ids is None:
            ids: list[int] = []
            for label in self._labels:
                own = await self._tokenized({"prompt": label, "add_special_tokens": False})
                if len(own.ids) != 1:
                    raise BackendRejected(f"{label!r} is {len(own.ids)} tokens of {self._model}")
                ids += own.ids
            self._label_ids = ids
        return self._label_ids

    async def _prompt(self, conversation: Conversation) -> _Prompt:
        return await self._tokenized(
            {
                "messages": _turns(conversation),
                "add_generation_prompt": True,
                "chat_template_kwargs": {"enable_thinking": False},  # the verdict comes first
            }
        )

    async def _tokenized(self, body: dict[str, Any]) -> _Prompt:
        with mapped_errors(self._server):
            reply = await self._post("/tokenize", {"model": self._model, **body})
            ids = [int(token) for token in reply["tokens"]]
            return _Prompt(ids=ids, fits=len(ids) < int(reply["max_model_len"]))

    async def _post(self, route: str, body: dict[str, Any]) -> Any:
        return read_json(await self._client.post(route, body))

    async def _chat(self, conversations: Sequence[Conversation]) -> Rows[float | None]:
        body = {
            "model": self._model,
            "messages": _turns(conversations[0]),
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": True,
            "top_logprobs": LIKELIEST,
        }
        with mapped_errors(self._server):
            made = read_json(await self._client.post("chat/completions", body))
            likeliest = made["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
            tops = [(str(top["token"]), float(top["logprob"])) for top in likeliest]
            first, second = (_mass(tops, label) for label in self._labels)
            spent = verifier_usage(made["usage"])
        both = first + second
        return Rows(rows=(first / both if both else None,), usage=spent)


def _shared(prompts: Sequence[Sequence[int]]) -> int:
    """Return how many first tokens all prompts have in common; one at least is left to each."""
    most = min(map(len, prompts)) - 1
    return next((k for k in range(most) if len({ids[k] for ids in prompts}) > 1), most)


def _turns(conversation: Conversation) -> list[dict[str, str]]:
    return [{"role": m.role, "content": m.content} for m in conversation]


def _mass(tops: Sequence[tuple[str, float]], label: str) -> float:
    """Return the probability of all ways to write `label` among the likeliest tokens."""
    meant = label.casefold()
    return math.fsum(
        math.exp(logprob) for token, logprob in tops if token.strip(_AROUND).casefold() == meant
    )


def _odds(found: Rows[float | None]) -> Odds:
    refused = [row for row in found.rows if isinstance(row, BackendRejected)]
    if len(refused) == len(found.rows):
        for error in refused:
            if not isinstance(error, PromptTooLong):
                raise error
    first = tuple(None if isinstance(row, BackendRejected) else row for row in found.rows)
    return Odds(first=first, usage=found.usage)
