"""The routes: takes a request, draws its samples, counts, and lets things go wrong as told."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import orjson

from .bank import Bank, Drawn
from .begun import Begun
from .connection import Connection
from .counters import Counters
from .engine import Engine
from .faults import Faults
from .job import Job
from .judge import rating
from .metrics import metrics
from .reading import Json, Prompt, Reader, Refused, rendered, stops
from .scoring import Scoring
from .tokens import END_ID, decode, encode
from .wire import Form, Limits, Wire

_CONTROL = frozenset({"/reset", "/faults", "/die"})
_CANNOT_FAIL = frozenset({"/tokenize", "/detokenize"})


class Upstream:
    """One server."""

    def __init__(
        self,
        bank: Bank,
        engine: Engine,
        *,
        model: str,
        max_model_len: int,
        piece: int,
        chat_only: bool,
        goes_on: bool,
        seed: int,
    ) -> None:
        self.counters = Counters()
        self.faults = Faults()
        self.connections: set[Connection] = set()
        self.on_down: Callable[[float], None] = lambda seconds: None
        """Called to close the port for some seconds."""
        self._bank = bank
        self._engine = engine
        self._wire = Wire(model)
        self._reader = Reader(bank)
        self._scoring = Scoring(bank, self.counters, model)
        self._model = model
        self._max_model_len = max_model_len
        self._piece = piece
        self._rng = random.Random(seed)
        self._draws: Counter[int] = Counter()
        self._begun = Begun() if goes_on and not bank.continues else None
        self._samples = 0
        self._sampled = {"/v1/chat/completions"} if chat_only else {
            "/v1/chat/completions", "/v1/completions"
        }  # fmt: skip
        gets: dict[str, Callable[[Json], Any]] = {
            "/v1/models": self._models,
            "/version": lambda _: {"version": "0.32.0"},
            "/health": lambda _: {},
            "/counters": lambda _: self.counters.shown(),
            "/questions": lambda _: [asdict(asked) for asked in bank.questions],
        }
        posts: dict[str, Callable[[Json], Any]] = {
            "/reset": self._reset,
            "/faults": self._set_faults,
            "/die": lambda _: os._exit(1),
            "/pooling": self._scoring.pooling,
        }
        if not chat_only:
            posts |= {
                "/tokenize": self._tokenize,
                "/detokenize": lambda body: {"prompt": decode(body["tokens"])},
                "/generative_scoring": self._scoring.generative_scoring,
            }
        self._routes = {("GET", path): route for path, route in gets.items()}
        self._routes |= {("POST", path): route for path, route in posts.items()}

    def opened(self, connection: Connection) -> None:
        """Know of a connection."""
        self.connections.add(connection)
        self.counters.connections += 1
        self.counters.accepted += 1

    def closed(self, connection: Connection) -> None:
        """Forget it."""
        self.connections.discard(connection)
        self.counters.connections -= 1

    def take(self, connection: Connection, method: str, path: str, raw: bytes) -> None:
        """Answer a request."""
        if method == "GET" and path == "/metrics":
            text = metrics(self._model, self._engine, self.counters)
            connection.reply(200, text, b"text/plain; version=0.0.4; charset=utf-8")
        elif method != "POST" or path in _CONTROL:
            self._answer(connection, method, path, raw)
        else:
            self.counters.began(path)
            wrong = None if path in _CANNOT_FAIL else self.faults.draw(self._rng)
            if wrong is not None:
                self.counters.faults[wrong] += 1
            if wrong == "error":
                self._refuse(connection, Refused(self.faults.status, "broken on purpose"))
                self._over()
            elif wrong == "stall":
                late = partial(self._post, connection, path, raw)
                self._later(connection, self.faults.stall_s, late)
            else:
                self._post(connection, path, raw, cuts=wrong == "cut")

    def _over(self) -> None:
        self.counters.open -= 1

    def _later(self, connection: Connection, seconds: float, act: Callable[[], None]) -> None:
        """Act later, unless the client leaves before."""

        def come() -> None:
            connection.on_left = None
            act()

        def leave() -> None:
            timer.cancel()
            self.counters.left += 1
            self._over()

        timer = asyncio.get_running_loop().call_later(seconds, come)
        connection.on_left = leave

    def _post(self, connection: Connection, path: str, raw: bytes, *, cuts: bool = False) -> None:
        """Answer a request that is counted."""
        if path not in self._sampled:
            self._answer(connection, "POST", path, raw, cuts=cuts)
            self._over()
            return
        try:
            self._sample(connection, path, orjson.loads(raw), cuts=cuts)
        except Refused as refused:
            self._refuse(connection, refused)
            self._over()
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            self._refuse(connection, Refused(400, f"{type(exc).__name__}: {exc}"))
            self._over()

    def _answer(
        self, connection: Connection, method: str, path: str, raw: bytes, *, cuts: bool = False
    ) -> None:
        """Answer what is there at once."""
        try:
            route = self._routes.get((method, path))
            if route is None:
                raise Refused(404, "Not Found")
            reply = orjson.dumps(route(orjson.loads(raw) if raw else {}))
        except Refused as refused:
            self._refuse(connection, refused)
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            self._refuse(connection, Refused(400, f"{type(exc).__name__}: {exc}"))
        else:
            if cuts:
                connection.break_off(reply)
            else:
                connection.reply(200, reply)

    def _refuse(self, connection: Connection, refused: Refused) -> None:
        kind = "InternalServerError" if refused.status >= 500 else "BadRequestError"
        error = {"message": str(refused), "type": kind, "param": refused.param}
        body = {"error": error | {"code": refused.status}}
        connection.reply(refused.status, orjson.dumps(body))

    def _models(self, _: Json) -> Json:
        card = {"id": self._model, "object": "model", "created": 1, "owned_by": "vllm"}
        card |= {"root": self._model, "parent": None, "max_model_len": self._max_model_len}
        return {"object": "list", "data": [card]}

    def _reset(self, _: Json) -> Json:
        self.counters.reset()
        self._draws.clear()
        if self._begun is not None:
            self._begun.clear()
        self._reader.forget_cache()
        self._samples = 0
        return {}

    def _set_faults(self, body: Json) -> Json:
        self.faults = Faults.read(body)
        if self.faults.seed is not None:
            self._rng.seed(self.faults.seed)
        if self.faults.down_s:
            self.on_down(self.faults.down_s)
        return asdict(self.faults)

    def _tokenize(self, body: Json) -> Json:
        ids = encode(rendered(body) if "messages" in body else body["prompt"])
        strings = [decode([i]) for i in ids] if body.get("return_token_strs") else None
        reply = {"count": len(ids), "max_model_len": self._max_model_len}
        return reply | {"tokens": ids, "token_strs": strings}

    def _sample(self, connection: Connection, path: str, body: Json, *, cuts: bool) -> None:
        """Draw `n` samples of each prompt, and send them off."""
        if body.get("model", self._model) != self._model:
            raise Refused(404, f"The model `{body['model']}` does not exist.", "model")
        chat = path == "/v1/chat/completions"
        prompts = self._reader.prompts(body, chat=chat)
        if chat:
            logprobs = body.get("top_logprobs", 0) if body.get("logprobs") else None
            limit = body.get("max_completion_tokens") or body.get("max_tokens")
        else:
            logprobs, limit = body.get("logprobs"), body.get("max_tokens") or 16
        if chat and limit == 1 and logprobs:
            self._odds(connection, prompts[0], logprobs)
            return
        n = body.get("n") or 1
        drawn: list[Drawn | None] = []
        for prompt in prompts:
            limits = self._limits(prompt, limit, body)
            whole = self._draw(prompt, n, body)
            cut = [self._wire.cut(one, limits) for one in whole]
            if self._begun is not None and prompt.asked is not None:
                self._begun.keep(prompt.asked, whole, cut)
            drawn += cut
        if self._lose(drawn) and len(drawn) == 1:
            raise Refused(self.faults.status, "lost on purpose")
        read = sum(prompt.tokens for prompt in prompts)
        cached = sum(prompt.tokens - 1 for prompt in prompts if prompt.cached)
        for prompt in prompts:
            prompt.cached = True
        self.counters.prompt_tokens += read
        self.counters.cached_tokens += cached
        self.counters.samples += len(drawn)
        if limit == 1:
            self.counters.probes += len(drawn)
        job = Job(
            connection,
            self._wire,
            self.counters,
            Form(
                api="chat" if chat else "text",
                ids=bool(body.get("return_token_ids")),
                logprobs=logprobs,
            ),
            drawn,
            prompt=read,
            cached=cached,
            piece=self._piece,
            stream=bool(body.get("stream")),
            include_usage=bool((body.get("stream_options") or {}).get("include_usage")),
            cuts=cuts,
            on_done=self._over,
        )
        cost = self._engine.cost
        run = job.at_once if cost.batches_nothing else partial(job.run, self._engine)
        if cost.latency_s:
            self._later(connection, cost.latency_s, run)
        else:
            run()

    def _limits(self, prompt: Prompt, limit: int | None, body: Json) -> Limits:
        room = self._max_model_len - prompt.tokens
        if room < 1:
            message = (
                f"This model's maximum context length is {self._max_model_len} tokens. However, "
                f"your prompt contains {prompt.tokens} input tokens."
            )
            raise Refused(400, message, "input_tokens")
        return Limits(
            max_tokens=min(limit or room, room),
            stop=stops(body.get("stop")),
            include_stop=bool(body.get("include_stop_str_in_output")),
        )

    def _draw(self, prompt: Prompt, n: int, body: Json) -> list[Drawn]:
        asked, seed = prompt.asked, body.get("seed")
        if prompt.begun and not self._bank.continues and self._begun is None:
            raise Refused(400, "recorded samples cannot be continued")
        if prompt.begun and asked is not None and self._begun is not None:
            return [self._begun.rest(asked, prompt.begun) for _ in range(n)]
        if prompt.rates:
            return [_words(rating(self._bank, prompt.text))] * n
        if asked is None:
            return [_words("I do not know this question.")] * n
        if seed is None:
            first = self._draws[asked.number]
            self._draws[asked.number] += n
        else:
            first = random.Random(seed).randrange(1 << 20)
        return [self._bank.draw(asked, first + k, prompt.begun) for k in range(n)]

    def _lose(self, drawn: list[Drawn | None]) -> int:
        """Take the samples out that are lost, and return how many."""
        every, lost = self.faults.lost_every, 0
        for place in range(len(drawn) if every else 0):
            self._samples += 1
            if self._samples % every == 0:
                drawn[place] = None
                lost += 1
        if lost:
            self.counters.faults["lost"] += lost
        return lost

    def _odds(self, connection: Connection, prompt: Prompt, tops: int) -> None:
        """Answer one token when the engine would have it."""
        reply = self._scoring.odds(prompt.text, prompt.tokens, tops)

        def send() -> None:
            connection.reply(200, reply)
            self._over()

        cost = self._engine.cost
        wait = cost.latency_s + cost.step_s + prompt.tokens * cost.prefill_s
        if wait:
            self._later(connection, wait, send)
        else:
            send()


def _words(text: str) -> Drawn:
    ids = (*encode(text), END_ID)
    return Drawn(text=text, n_tokens=len(ids), ids=ids)
