"""A run's answer as OpenAI's chat JSON, whole or in chunks.

Thinking goes under `reasoning_content` and `reasoning`, the same text in both, because clients read
one or the other; chunks of content carry neither key (some clients test for the key, not its value).
What OpenAI has no field for is in the object `forethought`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from ...nodes.events import Event
from ...nodes.state import Answer
from ...nodes.values import ToolCall
from ..noted import Noted
from .choices import Choice

Json = dict[str, object]
DONE = b"data: [DONE]\n\n"


@dataclass(slots=True, kw_only=True)
class Reply:
    """Writes the JSON of one run."""

    noted: Noted
    model: str
    """As the caller named it."""
    created: int = field(default_factory=lambda: int(time.time()))
    """Seconds since 1970."""

    def note(self, event: Event) -> None:
        """Remember what `forethought` tells about the run."""
        self.noted.note(event)

    def whole(self, answer: Answer, choices: Sequence[Choice], thinking: str) -> Json:
        """Return the reply of a request that is not streamed; the thinking is the first choice's."""
        told = {"reasoning_content": thinking, "reasoning": thinking} if thinking else {}
        listed = [
            {
                "index": index,
                "message": _message(choice) | (told if index == 0 else {}),
                "logprobs": None,
                "finish_reason": finish(choice),
            }
            for index, choice in enumerate(choices)
        ]
        return self._base("chat.completion") | {
            "choices": listed,
            "usage": usage(answer),
            "forethought": self.noted.extension(answer),
        }

    def role_chunk(self, index: int = 0) -> bytes:
        """Return the first chunk of a choice."""
        return self._chunk({"role": "assistant", "content": ""}, index)

    def thinking_chunk(self, text: str) -> bytes:
        """Return a chunk of thinking."""
        return self._chunk({"reasoning_content": text, "reasoning": text})

    def content_chunk(self, text: str, index: int = 0) -> bytes:
        """Return a chunk of a choice's text."""
        return self._chunk({"content": text}, index)

    def call_chunks(self, calls: Sequence[ToolCall], index: int = 0) -> bytes:
        """Return two chunks a call: its name, then its arguments."""
        chunks = []
        for place, call in enumerate(calls):
            begun = {"index": place, "id": call.id, "type": "function"}
            begun["function"] = {"name": call.name, "arguments": ""}
            rest = {"index": place, "function": {"arguments": call.arguments}}
            chunks += [self._chunk({"tool_calls": [piece]}, index) for piece in (begun, rest)]
        return b"".join(chunks)

    def finish_chunk(self, answer: Answer, choice: Choice, index: int = 0) -> bytes:
        """Return the chunk that says why a choice ended, the first one's with the extension object."""
        ended: Json = {"index": index, "delta": {}, "finish_reason": finish(choice)}
        extension = {"forethought": self.noted.extension(answer)} if index == 0 else {}
        return sse(self._base("chat.completion.chunk") | {"choices": [ended]} | extension)

    def usage_chunk(self, answer: Answer) -> bytes:
        """Return the chunk of `stream_options.include_usage`."""
        return sse(self._base("chat.completion.chunk") | {"choices": [], "usage": usage(answer)})

    def _chunk(self, delta: Json, index: int = 0) -> bytes:
        choice: Json = {"index": index, "delta": delta, "finish_reason": None}
        return sse(self._base("chat.completion.chunk") | {"choices": [choice]})

    def _base(self, kind: str) -> Json:
        name = f"chatcmpl-{self.noted.trace_id}"
        return {"id": name, "object": kind, "created": self.created, "model": self.model}


def sse(value: object) -> bytes:
    """Return one server-sent event."""
    return b"data: " + compact_json(value) + b"\n\n"


def compact_json(value: object) -> bytes:
    """Return `value` as JSON."""
    try:
        return orjson.dumps(value)
    except TypeError:  # half of a surrogate pair, which JSON can only hold escaped
        return json.dumps(value).encode()


def finish(choice: Choice | Answer) -> str:
    """Return OpenAI's finish reason."""
    if choice.tool_calls:
        return "tool_calls"
    return "stop" if choice.whole else "length"


def _message(choice: Choice) -> Json:
    if not choice.tool_calls:
        return {"role": "assistant", "content": choice.text}
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in choice.tool_calls
    ]
    return {"role": "assistant", "content": choice.text or None, "tool_calls": calls}


def usage(answer: Answer) -> Json:
    """Return OpenAI's usage: everything that the run spent, thrown away or not."""
    spent = answer.usage
    prompt = spent.prompt_tokens + spent.verifier_tokens
    thinking = max(spent.completion_tokens - answer.answer_tokens, 0)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": spent.completion_tokens,
        "total_tokens": prompt + spent.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": spent.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": thinking},
    }
