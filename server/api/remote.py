"""Thinks at a Forethought server, over `POST /v1/chat/completions`; errors come back as ours.

It knows the wire that `server/chat/reply.py` writes, and nothing of an engine.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, get_args

import openai
from openai.types import CompletionUsage

from ...nodes.errors import (
    BackendError,
    BackendGarbled,
    BackendRejected,
    BackendTimeout,
    BudgetSpent,
    ForethoughtError,
    NoCandidate,
    NotStored,
    PromptTooLong,
    Resource,
    StoreError,
)
from .asked import Asked
from .openai_client import mapped_errors, new_client
from .thought import Answering, Thinking, Thought, ThoughtEvent, TokensSpent

MODEL = "forethought"
"""Whatever model the server runs."""
TIMEOUT_S = 3600.0
"""Of silence. Runs are bounded by their budget, not by this."""
ERRORS: dict[str, type[ForethoughtError]] = {
    "context_length_exceeded": PromptTooLong,
    "no_candidate": NoCandidate,
    "policy_not_found": NotStored,
    "store_unavailable": StoreError,
    "upstream_garbled": BackendGarbled,
    "upstream_rejected": BackendRejected,
    "upstream_timeout": BackendTimeout,
    "upstream_unavailable": BackendError,
}
"""By the code in the error object; the other direction of `server/errors.py`."""


class RemoteMind:
    """A server, asked by Python."""

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        self._client = client
        self._server = f"the Forethought server at {client.base_url}"

    async def events(self, asked: Asked, *, live: bool) -> AsyncGenerator[ThoughtEvent]:
        """Think, and yield what happens; see `Mind`."""
        with mapped_errors(self._server), _our_errors():
            if live:
                async for event in self._streamed(asked):
                    yield event
            else:
                yield await self._whole(asked)

    async def _whole(self, asked: Asked) -> Thought:
        reply = await self._client.chat.completions.create(
            model=MODEL, messages=_messages(asked), extra_body=_body(asked)
        )
        choice = reply.choices[0]
        said = (choice.message.model_extra or {}).get("reasoning_content") or ""
        extension = (reply.model_extra or {})["forethought"]
        text = choice.message.content or ""
        return _thought(text, said, choice.finish_reason, extension, reply.usage)

    async def _streamed(self, asked: Asked) -> AsyncIterator[ThoughtEvent]:
        said: list[str] = []
        text: list[str] = []
        finish: str | None = None
        extension: dict[str, Any] = {}
        usage: CompletionUsage | None = None
        async with await self._client.chat.completions.create(
            model=MODEL,
            messages=_messages(asked),
            stream=True,
            stream_options={"include_usage": True},
            extra_body=_body(asked),
        ) as chunks:
            async for chunk in chunks:
                extension = (chunk.model_extra or {}).get("forethought", extension)
                usage = chunk.usage or usage
                for choice in chunk.choices:
                    finish = choice.finish_reason or finish
                    if thinking := (choice.delta.model_extra or {}).get("reasoning_content"):
                        said.append(thinking)
                        yield Thinking(text=thinking)
                    if choice.delta.content:
                        text.append(choice.delta.content)
                        yield Answering(text=choice.delta.content)
        yield _thought("".join(text), "".join(said), finish, extension, usage)


@asynccontextmanager
async def open_remote(base_url: str, api_key: str | None) -> AsyncIterator[RemoteMind]:
    """Hold a pooled client of the server for as long as the block lasts; `/v1` may be left out."""
    url = base_url.rstrip("/").removesuffix("/v1") + "/v1"
    async with new_client(url, api_key=api_key, timeout_s=TIMEOUT_S) as client:
        yield RemoteMind(client)


def _messages(asked: Asked) -> Any:  # the client's type is a union of a dozen dicts
    return [{"role": m.role, "content": m.content} for m in asked.messages]


def _body(asked: Asked) -> dict[str, object]:
    """Return what OpenAI's client has no typed argument for."""
    needs = asked.needs
    wanted = needs and {
        "confidence": needs.confidence,
        "seconds": needs.seconds,
        "tokens": needs.tokens,
    }
    limits: dict[str, object] = {
        "max_generations": asked.max_generations,
        "max_thinking_tokens": asked.max_thinking_tokens,
        "deadline_s": asked.deadline_s,
        "task_kind": asked.kind,
        "needs": wanted,
    }
    body: dict[str, object] = {"forethought": limits}
    return body if asked.effort is None else body | {"reasoning_effort": asked.effort}


def _thought(
    text: str,
    thinking: str,
    finish: str | None,
    extension: dict[str, Any],
    usage: CompletionUsage | None,
) -> Thought:
    if usage is None or finish is None:
        raise BackendGarbled("the Forethought server's reply ended too early")
    read, details = usage.prompt_tokens_details, usage.completion_tokens_details
    difficulty = extension["difficulty"]
    return Thought(
        text=text,
        answer=extension["answer"],
        confidence=extension["confidence"],
        probability=extension["probability"],
        stop_reason=extension["stop_reason"],
        generations=extension["generations"],
        usage=TokensSpent(
            prompt=usage.prompt_tokens - extension["verifier_tokens"],
            cached=(read and read.cached_tokens) or 0,
            verifier=extension["verifier_tokens"],
            completion=usage.completion_tokens,
            thinking=(details and details.reasoning_tokens) or 0,
        ),
        seconds=extension["seconds"],
        trace_id=extension["trace_id"],
        whole=finish != "length",
        faults=tuple(extension["faults"]),
        needs_met=extension["needs_met"],
        level=difficulty and difficulty["level"],
        strategy=extension["strategy"],
        thinking=thinking.strip(),
    )


@contextmanager
def _our_errors() -> Iterator[None]:
    """Turn an error object of the server back into the error that it was made of."""
    try:
        yield
    except openai.APIError as exc:
        if (error := _error(exc)) is not None:
            raise error from exc
        raise


def _error(exc: openai.APIError) -> ForethoughtError | None:
    message = exc.message
    if isinstance(exc.body, dict):
        message = str(exc.body.get("message") or message)
    if exc.code == "deadline_exceeded":
        return BudgetSpent("deadline")
    if exc.code == "budget_too_small":
        return BudgetSpent(_resource_in(message))
    return ERRORS[exc.code](message) if exc.code in ERRORS else None


def _resource_in(message: str) -> Resource:
    resources: tuple[Resource, ...] = get_args(Resource)
    for resource in resources:
        if resource in message:
            return resource
    return "generations"
