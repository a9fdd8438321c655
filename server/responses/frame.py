"""A response's JSON around its output: what was asked, its status, what it cost.

The object is OpenAI's (`openai.types.responses.Response`, client 3.54); what OpenAI has no field for
is in the object `forethought`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

from ...nodes.budget import Effort
from ...nodes.state import Answer
from ..errors import Refusal

Json = dict[str, object]
Status = Literal["in_progress", "completed", "incomplete", "failed", "cancelled"]
PREFIX = "resp_"
"""A response's id is this and the id of its trace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a response repeats of its request."""

    model: str
    """As the caller named it."""
    effort: Effort
    summary: str | None = None
    """How much of the thinking is told."""
    instructions: str | None = None
    previous: str | None = None
    """Id of the response before it."""
    metadata: dict[str, str] = field(default_factory=dict)
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    store: bool = True
    text: Json = field(default_factory=lambda: {"format": {"type": "text"}})
    tools: tuple[Json, ...] = ()
    tool_choice: object = "auto"
    parallel_tool_calls: bool = True
    created_at: int = field(default_factory=lambda: int(time.time()))
    """Seconds since 1970."""

    def response(self, trace_id: str, status: Status, output: list[Json]) -> Json:
        """Return the object, without what is only known at the end."""
        return {
            "id": PREFIX + trace_id,
            "object": "response",
            "created_at": self.created_at,
            "completed_at": None,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": None,
            "instructions": self.instructions,
            "max_output_tokens": self.max_output_tokens,
            "metadata": self.metadata,
            "model": self.model,
            "output": output,
            "parallel_tool_calls": self.parallel_tool_calls,
            "previous_response_id": self.previous,
            "reasoning": {"effort": self.effort, "summary": self.summary},
            "store": self.store,
            "temperature": self.temperature,
            "text": self.text,
            "tool_choice": self.tool_choice,
            "tools": list(self.tools),
            "top_p": self.top_p,
            "truncation": "disabled",
            "usage": None,
        }


def usage(answer: Answer) -> Json:
    """Return OpenAI's usage: everything that the run spent, thrown away or not."""
    spent = answer.usage
    read = spent.prompt_tokens + spent.verifier_tokens
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": spent.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": spent.completion_tokens,
        "output_tokens_details": {
            "reasoning_tokens": max(spent.completion_tokens - answer.answer_tokens, 0)
        },
        "total_tokens": read + spent.completion_tokens,
    }


def error(refusal: Refusal) -> Json:
    """Return the error of a failed response. OpenAI's codes there are a closed list; ours is in
    `type`, which is open."""
    code = "server_error" if refusal.status >= 500 else "invalid_prompt"
    return {
        "code": code,
        "message": refusal.message,
        "param": refusal.param,
        "type": refusal.code or refusal.type,
    }
