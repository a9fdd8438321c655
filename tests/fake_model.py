"""What a model server replies, in vLLM's JSON (as 0.32 sends it); knows nothing of connections.

A sample that ends by itself has `len(text) + 1` tokens, the last one being `<|im_end|>`. It is
deterministic: sampling settings change nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

from chatml import END, SPECIAL, START, TAG, Json, chatml, decode, encode
from fake_wire import Bad, Sample, event, interleaved, read_prompts, rendered, streamed, whole
from faults import Reply

Say = Callable[[str, int], str]
"""(prompt with everything the answer begins with, how many samples were drawn from this very prompt
before) -> what the model goes on with until it ends by itself."""
Score = Callable[[str, tuple[str, ...]], float]
"""(conversation up to the answer, its steps so far) -> P(good) of the newest step."""
Judge = Callable[[str, str], float]
"""(query, item) -> probability of the first label."""
Values = Callable[[str], list[list[float]]]
"""Text -> what a head says at each place that `/pooling` reports; `/classify` has the last alone."""
Tops = Callable[[str], dict[str, float]]
"""Prompt -> probabilities of the likeliest next tokens, for chat requests that ask for them."""

BLOCK = 16
"""Tokens of one block of the prefix cache."""


def script(*texts: str) -> Say:
    """Answer with `texts`, one a sample, whatever is asked; running out is an error."""
    left = list(texts)

    def say(prompt: str, k: int) -> str:
        if not left:
            raise AssertionError(f"the script ran out at {prompt!r}")
        return left.pop(0)

    return say


class FakeModel:
    """A generator, a process verifier or a judge, by which callables it is given."""

    def __init__(
        self,
        say: Say | None,
        score: Score | None,
        judge: Judge | None,
        *,
        values: Values | None = None,
        tops: Tops | None = None,
        model: str,
        max_model_len: int,
        piece: int,
    ) -> None:
        self._say, self._score, self._judge = say, score, judge
        self._values, self._tops = values, tops
        self.model = model
        self.max_model_len = max_model_len
        self.piece = piece
        """Tokens in a frame of a stream."""
        self.problems: list[Exception] = []
        """What the callables raised."""
        self._drawn: Counter[str] = Counter()
        self._cache: set[int] = set()

    def reply(self, path: str, body: Json) -> Reply:
        """Return what vLLM would send."""
        routes: dict[str, Callable[[Json], Reply]] = {
            "/health": lambda _: Reply(frames=(b"",)),
            "/version": lambda _: whole({"version": "0.32.0"}),
            "/v1/models": self._models,
            "/tokenize": self._tokenize,
            "/detokenize": lambda b: whole({"prompt": decode(b["tokens"])}),
        }
        if self._say is not None:
            routes |= {"/v1/completions": self._completions, "/v1/chat/completions": self._chat}
        if self._score is not None:
            routes["/pooling"] = self._pooling
        if self._values is not None:
            routes |= {"/pooling": self._pooled_values, "/classify": self._classify}
        if self._tops is not None:
            routes["/v1/chat/completions"] = self._likeliest
        if self._judge is not None:
            routes["/generative_scoring"] = self._generative_scoring
        try:
            if path not in routes:
                return whole({"detail": "Not Found"}, 404)
            if body.get("model", self.model) != self.model:
                text = f"The model `{body['model']}` does not exist. Valid aliases: {self.model}."
                raise Bad(404, text, "model")
            return routes[path](body)
        except Bad as bad:
            return whole({"error": bad.error}, bad.status)
        except Exception as problem:  # noqa: BLE001  # raised again when the server's block ends
            self.problems.append(problem)
            return whole({"error": Bad(500, str(problem)).error}, 500)

    def _models(self, _: Json) -> Reply:
        card = {"id": self.model, "object": "model", "created": 0, "owned_by": "vllm"}
        card |= {"root": self.model, "parent": None, "max_model_len": self.max_model_len}
        return whole({"object": "list", "data": [card]})

    def _tokenize(self, body: Json) -> Reply:
        ids = encode(rendered(body) if "messages" in body else body["prompt"])
        strings = [decode([i]) for i in ids] if body.get("return_token_strs") else None
        reply = {"count": len(ids), "max_model_len": self.max_model_len}
        return whole(reply | {"tokens": ids, "token_strs": strings})

    def _completions(self, body: Json) -> Reply:
        prompts = read_prompts(body.get("prompt"), "prompt")
        samples = self._generate(prompts, body, body.get("max_tokens", 16))
        usage = self._usage(prompts, samples)
        base = {"id": "cmpl-1", "object": "text_completion", "created": 0, "model": self.model}
        ids_wanted = bool(body.get("return_token_ids"))
        if body.get("stream"):
            frames = []
            for j, c, s in interleaved(samples):
                last = j == len(s.ids) - 1
                choice = {"index": c, "text": s.texts[j], "logprobs": None}
                choice |= {"finish_reason": s.finish_reason if last else None}
                choice |= {"stop_reason": s.stop_reason if last else None}
                choice |= {"prompt_token_ids": s.prompt_ids if ids_wanted and j == 0 else None}
                choice |= {"token_ids": s.ids[j] if ids_wanted else None}
                frames.append(event(base | {"choices": [choice]}))
            return streamed(frames, base, body, usage)
        choices = [
            {
                "index": c,
                "text": "".join(s.texts),
                "logprobs": None,
                "finish_reason": s.finish_reason,
                "stop_reason": s.stop_reason,
                "token_ids": [i for ids in s.ids for i in ids] if ids_wanted else None,
                "prompt_logprobs": None,
                "prompt_token_ids": s.prompt_ids if ids_wanted else None,
            }
            for c, s in enumerate(samples)
        ]
        return whole(base | {"choices": choices, "usage": usage})

    def _chat(self, body: Json) -> Reply:
        prompts = [encode(rendered(body))]
        limit = body.get("max_completion_tokens", body.get("max_tokens"))
        samples = self._generate(prompts, body, limit)
        usage = self._usage(prompts, samples)
        base = {"id": "chatcmpl-1", "created": 0, "model": self.model}
        ids_wanted = bool(body.get("return_token_ids"))
        if body.get("stream"):
            base["object"] = "chat.completion.chunk"
            frames = []
            for c in range(len(samples)):
                delta = {"role": "assistant", "content": ""}
                choice = {"index": c, "delta": delta, "logprobs": None, "finish_reason": None}
                frames.append(event(base | {"choices": [choice]}))
            for j, c, s in interleaved(samples):
                choice = {"index": c, "delta": {"content": s.texts[j]}, "logprobs": None}
                choice["token_ids"] = s.ids[j] if ids_wanted else None
                choice["finish_reason"] = None
                if j == len(s.ids) - 1:
                    choice |= {"finish_reason": s.finish_reason, "stop_reason": s.stop_reason}
                frames.append(event(base | {"choices": [choice]}))
            return streamed(frames, base, body, usage)
        choices = [
            {
                "index": c,
                "message": {
                    "role": "assistant",
                    "content": "".join(s.texts),
                    "refusal": None,
                    "function_call": None,
                    "reasoning": None,
                },
                "logprobs": None,
                "finish_reason": s.finish_reason,
                "stop_reason": s.stop_reason,
                "token_ids": [i for ids in s.ids for i in ids] if ids_wanted else None,
            }
            for c, s in enumerate(samples)
        ]
        return whole(base | {"object": "chat.completion", "choices": choices, "usage": usage})

    def _generate(self, prompts: list[list[int]], body: Json, limit: int | None) -> list[Sample]:
        """Draw n samples of each prompt; nothing is drawn when one of them is refused."""
        if limit is not None and limit < 1:
            raise Bad(400, f"max_tokens must be at least 1, got {limit}.", "max_tokens")
        if limit is not None and limit > self.max_model_len:
            text = f"max_tokens={limit} cannot be greater than max_model_len={self.max_model_len}."
            raise Bad(400, f"{text} Please request fewer output tokens.", "max_tokens")
        for prompt in prompts:
            self._check_length(prompt)
        return [
            self._sample(prompt, body, self.max_model_len if limit is None else limit)
            for prompt in prompts
            for _ in range(body.get("n") or 1)
        ]

    def _sample(self, prompt: list[int], body: Json, limit: int) -> Sample:
        assert self._say is not None
        before = decode(prompt)
        text = self._say(before, self._drawn[before])
        self._drawn[before] += 1
        stops = body.get("stop") or []
        stops = [stops] if isinstance(stops, str) else stops
        first = min(((text.find(s), s) for s in stops if s in text), default=None)
        shown = text
        if first is not None:
            at, stop = first
            text = text[: at + len(stop)]
            shown = text if body.get("include_stop_str_in_output") else text[:at]
        ids = encode(text) + ([] if first else [SPECIAL[END]])
        room = min(limit, self.max_model_len - len(prompt))
        cut = len(ids) > room
        ids = ids[:room]
        shown = shown[: len(decode(ids))]
        pieces = [ids[i : i + self.piece] for i in range(0, len(ids), self.piece)] or [[]]
        texts = []
        for piece in pieces:
            length = len(decode(piece))
            texts.append(shown[:length])
            shown = shown[length:]
        return Sample(
            texts=texts,
            ids=pieces,
            finish_reason="length" if cut else "stop",
            stop_reason=first[1] if first and not cut else None,
            prompt_ids=prompt,
        )

    def _check_length(self, prompt: list[int]) -> None:
        if len(prompt) >= self.max_model_len:
            raise Bad(
                400,
                f"This model's maximum context length is {self.max_model_len} tokens. However, "
                f"your prompt contains {len(prompt)} input tokens, which exceeds this limit even "
                "without any output tokens. Please reduce the length of the input prompt. "
                f"(parameter=input_tokens, value={len(prompt)})",
                "input_tokens",
            )

    def _usage(self, prompts: list[list[int]], samples: list[Sample]) -> Json:
        read = sum(map(len, prompts))
        written = sum(len(ids) for sample in samples for ids in sample.ids)
        usage: Json = {"prompt_tokens": read, "total_tokens": read + written}
        usage["completion_tokens"] = written
        cached = sum(map(self._remember, prompts))
        usage["prompt_tokens_details"] = {"cached_tokens": cached}
        return usage

    def _remember(self, prompt: list[int]) -> int:
        """Return how many tokens of `prompt` are in the prefix cache, and put it there."""
        cached = state = 0
        hit = True
        for at in range(0, len(prompt) - BLOCK, BLOCK):
            state = hash((state, *prompt[at : at + BLOCK]))
            hit = hit and state in self._cache
            cached += BLOCK if hit else 0
            self._cache.add(state)
        return cached

    def _pooling(self, body: Json) -> Reply:
        assert self._score is not None
        if "messages" in body:
            prompts = [encode(chatml(body["messages"], generation=False))]
        else:
            prompts = read_prompts(body.get("input"), "input")
        for prompt in prompts:
            self._check_length(prompt)
        data = []
        for index, prompt in enumerate(prompts):
            conversation, answer, rest = decode(prompt).rpartition(f"{START}assistant\n")
            steps = rest.split(TAG)[:-1]
            pairs = []
            for k in range(1, len(steps) + 1):
                good = self._score(conversation + answer, tuple(steps[:k]))
                pairs.append([1.0 - good, good])
            data.append({"index": index, "object": "pooling", "data": pairs})
        base = {"id": "pooling-1", "object": "list", "created": 0, "model": self.model}
        return whole(base | {"data": data, "usage": self._usage(prompts, [])})

    def _texts(self, body: Json) -> tuple[list[str], Json]:
        """Return the texts of a pooling request and the usage of reading them."""
        if "messages" in body:
            generation = bool(body.get("add_generation_prompt", False))
            prompts = [encode(chatml(body["messages"], generation=generation))]
        else:
            prompts = read_prompts(body.get("input"), "input")
        for prompt in prompts:
            self._check_length(prompt)
        return [decode(prompt) for prompt in prompts], self._usage(prompts, [])

    def _pooled_values(self, body: Json) -> Reply:
        assert self._values is not None
        texts, usage = self._texts(body)
        data = [
            {"index": k, "object": "pooling", "data": self._values(text)}
            for k, text in enumerate(texts)
        ]
        base = {"id": "pooling-1", "object": "list", "created": 0, "model": self.model}
        return whole(base | {"data": data, "usage": usage})

    def _classify(self, body: Json) -> Reply:
        assert self._values is not None
        texts, usage = self._texts(body)
        data = []
        for k, text in enumerate(texts):
            probs = self._values(text)[-1]
            data.append({"index": k, "label": "", "probs": probs, "num_classes": len(probs)})
        base = {"id": "classify-1", "object": "list", "created": 0, "model": self.model}
        return whole(base | {"data": data, "usage": usage})

    def _likeliest(self, body: Json) -> Reply:
        """One token of chat with its likeliest alternatives."""
        assert self._tops is not None
        prompt = rendered(body)
        self._check_length(encode(prompt))
        tops = [
            {"token": token, "logprob": math.log(p), "bytes": None}
            for token, p in self._tops(prompt).items()
        ][: body["top_logprobs"]]
        first = {**tops[0], "top_logprobs": tops}
        choice = {"index": 0, "logprobs": {"content": [first]}, "finish_reason": "length"}
        choice["message"] = {"role": "assistant", "content": first["token"]}
        usage = self._usage([encode(prompt)], []) | {"completion_tokens": 1}
        base = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0}
        return whole(base | {"model": self.model, "choices": [choice], "usage": usage})

    def _generative_scoring(self, body: Json) -> Reply:
        assert self._judge is not None
        query = body["query"] if isinstance(body["query"], str) else decode(body["query"])
        items = [i if isinstance(i, str) else decode(i) for i in body["items"]]
        data = [
            {"index": k, "object": "score", "score": self._judge(query, item)}
            for k, item in enumerate(items)
        ]
        read = sum(len(encode(query + item)) for item in items)
        usage: Json = {"prompt_tokens": read, "total_tokens": read + len(items)}
        usage |= {"completion_tokens": len(items), "prompt_tokens_details": None}
        base = {"id": "generative-scoring-1", "object": "list", "created": 0, "model": self.model}
        return whole(base | {"data": data, "usage": usage})
