"""A response's JSON around its output: what was asked, its status, what it cost.

The object is OpenAI's (`openai.types.responses.Response`, client 3.54); what OpenAI has no field for
is in the object `forethought`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...nodes.budget import Effort
from ...nodes.state import Answer
from ..errors import Refusal
from .kept import Kept

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
    kept: Kept
    """What the trace keeps too."""
    instructions: str | None = None
    store: bool = True
    created_at: int
    """Seconds since 1970."""

    def response(self, trace_id: str, status: Status, output: list[Json]) -> Json:
        """Return the object, without what is only known at the end."""
        kept = self.kept
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
            "max_output_tokens": kept.max_output_tokens,
            "metadata": kept.metadata,
            "model": self.model,
            "output": output,
            "parallel_tool_calls": kept.parallel_tool_calls,
            "previous_response_id": kept.previous_response_id,
            "reasoning": {"effort": self.effort, "summary": kept.summary},
            "store": self.store,
            "temperature": kept.temperature,
            "text": kept.text,
            "tool_choice": kept.tool_choice,
            "tools": list(kept.tools),
            "top_p": kept.top_p,
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
