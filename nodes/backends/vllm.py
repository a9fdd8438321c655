"""A generator behind vLLM's OpenAI-compatible server, or another server that speaks chat.

Where the server takes token ids, a round of any number of branches is one request to
`/v1/completions` with a list of prompts, and a branch goes on from exactly the tokens that were
sampled. Elsewhere every prompt is a chat request of its own. Wire format: vLLM 0.32 and 0.33.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ..candidate import Step
from ..errors import BackendError, BackendRejected, BackendTimeout, PromptTooLong
from ..values import Message, Sampling, ToolSpec, Usage
from .abandoned import tell_abandoned
from .base import Abilities, OnText, Prompt, Sampled
from .bodies import STOP_KEPT, chat_form, chat_logprobs, likeliest, sampling_body, shown
from .client import ModelServer, mapped_errors, read_json
from .mending import mended, missing
from .pieces import Pieces
from .replies import read_reply
from .turns import wire_tools, wire_turns
from .wire import read_reply_json

RETRY_PAUSES_S = (0.2, 0.8)
"""Before each further try of a call that found nothing."""
PROMPTS_REMEMBERED = 256
_Conversation = tuple[tuple[Message, ...], tuple[ToolSpec, ...]]
"""What a prompt is rendered from."""


class VllmGenerator:
    """Samples from one server. A call that finds nothing is tried again, within its time."""

    def __init__(
        self,
        client: ModelServer,
        abilities: Abilities,
        *,
        retry_pauses_s: Sequence[float] = RETRY_PAUSES_S,
    ) -> None:
        self._client = client
        self._abilities = abilities
        self._server = f"the generator at {client.base_url}"
        self._prompt_ids: dict[_Conversation, list[int]] = {}
        self._retry_pauses_s = retry_pauses_s

    @property
    def abilities(self) -> Abilities:
        """What the server behind it can do."""
        return self._abilities

    async def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        n: int,
        sampling: Sampling,
        on_text: OnText | None = None,
        timeout_s: float | None = None,
    ) -> Sampled:
        """Return `n` independent completions of each prompt."""
        until = None if timeout_s is None else asyncio.get_running_loop().time() + timeout_s
        if self._abilities.token_ids:
            sampled = await self._tried_again(
                lambda: self._by_ids(prompts, n, sampling, on_text, until), until
            )
            return await self._mended(sampled, prompts, n, sampling, until)
        calls: list[Awaitable[Sampled]] = [
            self._tried_again(
                partial(
                    self._request,
                    "chat/completions",
                    body,
                    1,
                    n,
                    partial(_shifted, on_text, i) if on_text else None,
                    until,
                ),
                until,
            )
            for i, body in enumerate(self._chat_body(p, n, sampling) for p in prompts)
        ]
        return _joined(await asyncio.gather(*calls, return_exceptions=True))

    async def _tried_again(
        self, call: Callable[[], Awaitable[Sampled]], until: float | None
    ) -> Sampled:
        """Return what a call gives, at a further try where the earlier ones find nothing.

        A try that could not begin in time is not waited for: its failure is told at once.
        """
        clock = asyncio.get_running_loop().time
        for pause_s in self._retry_pauses_s:
            try:
                return await call()
            except BackendError as exc:
                late = until is not None and clock() + pause_s >= until
                if late or isinstance(exc, BackendRejected | BackendTimeout):
                    raise
            await asyncio.sleep(pause_s)
        return await call()

    async def _mended(
        self,
        sampled: Sampled,
        prompts: Sequence[Prompt],
        n: int,
        sampling: Sampling,
        until: float | None,
    ) -> Sampled:
        """Ask once more for what broke off, as long as the deadline has not come."""
        gaps = missing(sampled, len(prompts), n)
        if not gaps or (until is not None and asyncio.get_running_loop().time() >= until):
            return sampled
        moved = sampling if sampling.seed is None else replace(sampling, seed=sampling.seed + n)
        try:
            again = await self._by_ids([prompts[i] for i in gaps], 1, moved, None, until)
        except BackendError:
            return sampled
        return mended(sampled, again, gaps, len(prompts), n)

    async def _by_ids(
        self,
        prompts: Sequence[Prompt],
        n: int,
        sampling: Sampling,
        on_text: OnText | None,
        until: float | None,
    ) -> Sampled:
        try:
            async with asyncio.timeout_at(until):
                body = await self._token_body(prompts, n, sampling)
        except TimeoutError as exc:
            raise BackendTimeout(f"{self._server} did not answer in time") from exc
        return await self._request("completions", body, len(prompts), n, on_text, until)

    async def _request(
        self,
        path: str,
        body: dict[str, Any],
        prompts: int,
        n: int,
        on_text: OnText | None,
        until: float | None,
    ) -> Sampled:
        with mapped_errors(self._server):
            if on_text is None and until is None:
                reply = read_reply_json(await self._client.post(path, body))
                return read_reply(reply, prompts, n, likeliest(body))
        pieces = Pieces(prompts, n, on_text, likeliest(body))
        fault: BackendError | None = None
        body = {**body, "stream": True, "stream_options": {"include_usage": True}}
        try:
            async with asyncio.timeout_at(until):
                with mapped_errors(self._server):
                    async with self._client.stream(path, body) as events:
                        await pieces.read(events)
        except TimeoutError as exc:
            fault = BackendTimeout(f"{self._server} was cut off at the deadline")
            fault.__cause__ = exc
        except BackendError as exc:
            fault = exc
        except asyncio.CancelledError:
            tell_abandoned(pieces.usage)
            raise
        if fault is None and not pieces.whole:
            fault = BackendError(f"{self._server} ended its stream early")
        if fault is not None and not pieces.anything:
            raise fault
        return Sampled(
            batches=pieces.batches(), usage=pieces.usage, fault=str(fault) if fault else None
        )

    async def _token_body(
        self, prompts: Sequence[Prompt], n: int, sampling: Sampling
    ) -> dict[str, Any]:
        ids = [
            await self._ids((prompt.messages, prompt.tools))
            + [i for step in prompt.prefix for i in await self._step_ids(step)]
            for prompt in prompts
        ]
        room = _room(self._abilities, max(map(len, ids)))
        return {
            "model": self._abilities.model,
            "prompt": ids,
            "max_tokens": min(sampling.max_tokens, room),
            "return_token_ids": True,
            **shown(prompts[0], sampling),
            **({} if sampling.logprobs is None else {"logprobs": sampling.logprobs}),
            **sampling_body(sampling, n),
        }

    async def _ids(self, conversation: _Conversation) -> list[int]:
        """Return the token ids of a conversation, rendered by the server's own chat template."""
        if conversation not in self._prompt_ids:
            messages, tools = conversation
            body: dict[str, Any] = {
                "model": self._abilities.model,
                "messages": wire_turns(messages),
                "add_generation_prompt": True,
            }
            if tools:
                body["tools"] = wire_tools(tools)
            with mapped_errors(self._server):
                reply = read_json(await self._client.post("/tokenize", body))
                ids = [int(token) for token in reply["tokens"]]
            while len(self._prompt_ids) >= PROMPTS_REMEMBERED:
                del self._prompt_ids[next(iter(self._prompt_ids))]
            self._prompt_ids[conversation] = ids
        return self._prompt_ids[conversation]

    async def _step_ids(self, step: Step) -> Sequence[int]:
        """Return the ids of a step as it was sampled, or of a text that was not sampled."""
        if step.token_ids is not None or not step.text:
            return step.token_ids or ()
        body = {
            "model": self._abilities.model,
            "prompt": step.text,
            "add_special_tokens": False,
        }
        with mapped_errors(self._server):
            reply = read_json(await self._client.post("/tokenize", body))
            return [int(token) for token in reply["tokens"]]

    def _chat_body(self, prompt: Prompt, n: int, sampling: Sampling) -> dict[str, Any]:
        turns = wire_turns(prompt.messages)
        extra: dict[str, Any] = dict(STOP_KEPT) if sampling.stop else {}
        if prompt.prefix:
            begun = "".join(step.text for step in prompt.prefix)
            turns.append({"role": "assistant", "content": begun})
            extra |= {"add_generation_prompt": False, "continue_final_message": True}
        return {
            "model": self._abilities.model,
            "messages": turns,
            "max_tokens": sampling.max_tokens,
            **extra,
            **chat_form(prompt),
            **chat_logprobs(sampling),
            **sampling_body(sampling, n),
        }


def _room(abilities: Abilities, prompt_tokens: int) -> int:
    """Return how many tokens an answer may have after a prompt of that length."""
    if abilities.max_model_len is None:
        return 1 << 30
    room = abilities.max_model_len - prompt_tokens
    if room < 1:
        raise PromptTooLong(
            f"the prompt has {prompt_tokens} tokens and the context of {abilities.model} holds "
            f"{abilities.max_model_len}, answer included"
        )
    return room


def _shifted(on_text: OnText, prompt: int, _: int, sample: int, text: str) -> None:
    on_text(prompt, sample, text)


def _joined(replies: Sequence[Sampled | BaseException]) -> Sampled:
    """Return the replies to one prompt each as one; a failed one is an empty batch and a fault."""
    failed = [reply for reply in replies if isinstance(reply, BaseException)]
    came = [reply for reply in replies if isinstance(reply, Sampled)]
    for error in failed:
        if not came or not isinstance(error, BackendError):
            raise error
    faults = [*map(str, failed), *(reply.fault for reply in came if reply.fault)]
    return Sampled(
        batches=tuple(r.batches[0] if isinstance(r, Sampled) else () for r in replies),
        usage=sum((reply.usage for reply in came), Usage()),
        fault=faults[0] if faults else None,
    )
