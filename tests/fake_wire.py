"""vLLM's wire forms that the fake's routes share: prompts in, choices, frames and errors out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from chatml import Json, chatml, encode
from faults import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One choice of a reply; frame j of a stream holds `texts[j]` and `ids[j]`."""

    texts: list[str]
    ids: list[list[int]]
    finish_reason: str
    stop_reason: str | None
    prompt_ids: list[int]


class Bad(Exception):
    """A request that vLLM refuses."""

    def __init__(self, status: int, message: str, param: str | None = None) -> None:
        super().__init__(message)
        kind = {404: "NotFoundError", 500: "InternalServerError"}.get(status, "BadRequestError")
        self.status = status
        self.error = {"message": message, "type": kind, "param": param, "code": status}


def rendered(body: Json) -> str:
    open_end = bool(body.get("continue_final_message"))
    generation = bool(body.get("add_generation_prompt", True))
    if open_end and generation:
        text = "Cannot set both `continue_final_message` and `add_generation_prompt` to True."
        raise Bad(400, text)
    turns = [turn_text(turn) for turn in body["messages"]]
    if body.get("tools"):
        told = "".join(f"\n{json.dumps(tool)}" for tool in body["tools"])
        turns = [{"role": "system", "content": f"# Tools{told}"}, *turns]
    return chatml(turns, generation=generation, open_end=open_end)


def turn_text(turn: Json) -> Json:
    """Return a turn with its calls in its text, as Qwen's template writes them."""
    calls = [
        f"\n<tool_call>\n{json.dumps({'name': f['name'], 'arguments': json.loads(f['arguments'])})}"
        "\n</tool_call>"
        for f in (call["function"] for call in turn.get("tool_calls") or ())
    ]
    return turn | {"content": "".join([turn["content"] or "", *calls])} if calls else turn


def read_prompts(value: Any, param: str) -> list[list[int]]:
    """Read a prompt in any of vLLM's four forms."""
    if isinstance(value, str):
        return [encode(value)]
    if not isinstance(value, list) or not value:
        raise Bad(400, "Input should be a valid string or list", f"body.{param}")
    if isinstance(value[0], int):
        return [value]
    return [encode(v) if isinstance(v, str) else v for v in value]


def interleaved(samples: list[Sample]) -> list[tuple[int, int, Sample]]:
    """Return (frame, choice, sample), a frame of every sample in turn, as batched decoding does."""
    order = [(j, c, s) for c, s in enumerate(samples) for j in range(len(s.ids))]
    return sorted(order, key=lambda item: item[:2])


def event(value: Json) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


def streamed(frames: list[bytes], base: Json, body: Json, usage: Json) -> Reply:
    if (body.get("stream_options") or {}).get("include_usage"):
        frames = [*frames, event(base | {"choices": [], "usage": usage})]
    done = (*frames, b"data: [DONE]\n\n")
    return Reply(frames=done, content_type="text/event-stream")


def whole(value: Json, status: int = 200) -> Reply:
    return Reply(frames=(json.dumps(value).encode(),), status=status)
