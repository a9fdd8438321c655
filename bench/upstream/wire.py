"""vLLM's JSON (as 0.32 sends it), rendered once a sample and form and kept.

A choice is its index and a fragment that never changes, so a reply is put together from bytes.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from .bank import Drawn
from .tokens import SIZE, encode

Api = Literal["text", "chat"]
KEPT_AT_MOST = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a choice is shown."""

    api: Api
    ids: bool = False
    logprobs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where a sample is cut."""

    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    include_stop: bool = False


class Wire:
    """Renders for one model name."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._heads = {
            (api, stream): self._head(api, stream=stream)
            for api in ("text", "chat")
            for stream in (False, True)
        }
        self._choices: dict[tuple[Drawn, Form], bytes] = {}
        self._frames: dict[tuple[Drawn, Form, int], list[bytes]] = {}
        self._cuts: dict[tuple[Drawn, Limits], Drawn] = {}

    def cut(self, drawn: Drawn, limits: Limits) -> Drawn:
        """Return the sample as far as the request lets it go; the same object for the same limits."""
        stops = any(stop in drawn.text for stop in limits.stop)
        if not stops and (limits.max_tokens is None or drawn.n_tokens <= limits.max_tokens):
            return drawn
        key = (drawn, limits)
        if key not in self._cuts:
            _bound(self._cuts)
            self._cuts[key] = _cut(drawn, limits)
        return self._cuts[key]

    def reply(self, form: Form, drawn: Sequence[Drawn | None], usage: bytes) -> bytes:
        """Return a whole reply; a sample that is None was lost on the way."""
        choices = b",".join(
            b'{"index":%d,' % index + (self._choice(one, form) if one else _lost(form))
            for index, one in enumerate(drawn)
        )
        return self._heads[form.api, False] + choices + b'],"usage":' + usage + b"}"

    def opening(self, form: Form, count: int) -> bytes:
        """Return the frames that a stream begins with: the roles of a chat's choices."""
        if form.api == "text":
            return b""
        head = self._heads["chat", True]
        rest = (
            b'"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}\n\n'
        )
        return b"".join(head + b'{"index":%d,' % index + rest for index in range(count))

    def frame(self, form: Form, drawn: Drawn, index: int, piece: int, number: int) -> bytes:
        """Return frame `number` (from 0) of a sample that comes `piece` tokens at a time."""
        key = (drawn, form, piece)
        if key not in self._frames:
            _bound(self._frames)
            self._frames[key] = _frames(drawn, form, piece)
        return self._heads[form.api, True] + b'{"index":%d,' % index + self._frames[key][number]

    def last(self, form: Form, usage: bytes | None) -> bytes:
        """Return the end of a stream."""
        done = b"data: [DONE]\n\n"
        if usage is None:
            return done
        return self._heads[form.api, True] + b'],"usage":' + usage + b"}\n\n" + done

    def _choice(self, drawn: Drawn, form: Form) -> bytes:
        key = (drawn, form)
        if key not in self._choices:
            _bound(self._choices)
            content = (
                {"text": drawn.text}
                if form.api == "text"
                else {"message": {"role": "assistant", "content": drawn.text, "reasoning": None}}
            )
            rest = {
                "logprobs": _logprobs(drawn, form, drawn.n_tokens),
                "finish_reason": drawn.finish_reason,
                "stop_reason": drawn.stop_reason,
                "token_ids": drawn.ids if form.ids else None,
            }
            self._choices[key] = orjson.dumps(content | rest)[1:]
        return self._choices[key]

    def _head(self, api: str, *, stream: bool) -> bytes:
        kind = "text_completion" if api == "text" else "chat.completion"
        kind += ".chunk" if stream and api == "chat" else ""
        base = {"id": "mock-1", "object": kind, "created": 1, "model": self._model}
        return (b"data: " if stream else b"") + orjson.dumps(base)[:-1] + b',"choices":['


def usage_json(prompt: int, cached: int, completion: int) -> bytes:
    """Return the usage of a reply."""
    return (
        b'{"prompt_tokens":%d,"total_tokens":%d,"completion_tokens":%d,'
        b'"prompt_tokens_details":{"cached_tokens":%d}}'
    ) % (prompt, prompt + completion, completion, cached)


def _bound(kept: dict[Any, Any]) -> None:
    if len(kept) >= KEPT_AT_MOST:
        kept.clear()


def _lost(form: Form) -> bytes:
    content = b'"text":""' if form.api == "text" else b'"message":{"role":"assistant","content":""}'
    return content + b',"logprobs":null,"finish_reason":null,"stop_reason":null,"token_ids":[]}'


def _cut(drawn: Drawn, limits: Limits) -> Drawn:
    text, tokens, ids = drawn.text, drawn.n_tokens, drawn.ids
    found = min(((text.find(s), s) for s in limits.stop if s in text), default=None)
    made = drawn
    if found is not None:
        at, stop = found
        generated = text[: at + len(stop)]
        ids = tuple(encode(generated)) if ids is not None else None
        tokens = len(ids) if ids is not None else max(1, round(tokens * len(generated) / len(text)))
        text = generated if limits.include_stop else text[:at]
        made = replace(
            drawn, text=text, n_tokens=tokens, ids=ids, finish_reason="stop", stop_reason=stop
        )
    most = limits.max_tokens
    if most is None or tokens <= most:
        return made
    return replace(
        made,
        text=text[: max(1, len(text) * most // tokens)],
        n_tokens=most,
        ids=ids[:most] if ids is not None else None,
        finish_reason="length",
        stop_reason=None,
    )


def _frames(drawn: Drawn, form: Form, piece: int) -> list[bytes]:
    """Return what follows the index in each frame: the text and the tokens in equal parts."""
    count = -(-drawn.n_tokens // piece)
    frames = []
    for number in range(count):
        last = number == count - 1
        tokens = slice(number * piece, (number + 1) * piece)
        length = min(piece, drawn.n_tokens - number * piece)
        at, to = (
            (k * piece * SIZE if drawn.ids else len(drawn.text) * k // count)
            for k in (number, number + 1)
        )
        text = drawn.text[at : None if last else to]
        content = {"text": text} if form.api == "text" else {"delta": {"content": text}}
        rest = {
            "logprobs": _logprobs(drawn, form, length),
            "finish_reason": drawn.finish_reason if last else None,
            "stop_reason": drawn.stop_reason if last else None,
            "token_ids": (drawn.ids or ())[tokens] if form.ids else None,
        }
        frames.append(orjson.dumps(content | rest)[1:] + b"]}\n\n")
    return frames


def _logprobs(drawn: Drawn, form: Form, length: int) -> dict[str, Any] | None:
    """Return log-probabilities around the sample's mean."""
    if form.logprobs is None:
        return None
    chance = random.Random(drawn.text)
    own = [round(min(-0.001, chance.gauss(drawn.logprob, 0.2)), 4) for _ in range(length)]
    others = [[(f"t{k}", round(one - 0.7 * k, 4)) for k in range(form.logprobs)] for one in own]
    if form.api == "text":
        tops = [dict(one) for one in others] if form.logprobs else None
        return {
            "tokens": ["t0"] * length,
            "token_logprobs": own,
            "top_logprobs": tops,
            "text_offset": [0] * length,
        }
    return {
        "content": [
            {
                "token": "t0",
                "logprob": one,
                "bytes": None,
                "top_logprobs": [{"token": t, "logprob": p, "bytes": None} for t, p in tops],
            }
            for one, tops in zip(own, others, strict=True)
        ]
    }
