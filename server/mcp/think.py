"""The `think` tool: starts a run, tells how it gets on, and returns its answer.

The run is in a task of its own (`live.py`), closed under a shield: the SDK cancels a handler
again at every await, which would cut the closing of the run's own calls short.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import anyio
from mcp.types import CallToolResult, Tool, ToolAnnotations

from ...nodes.budget import GENERATIONS, Budget, Effort
from ...nodes.kinds import infer_kind
from ...nodes.state import Answer
from ...nodes.values import Message
from ..engine import Ask, Engine
from ..errors import refusal_of
from ..live import Live
from ..narrate import STOPPED
from .arguments import ThinkArguments
from .progress import sentence_of, still_thinking
from .results import Thought, failure, success

log = logging.getLogger(__name__)
Tell = Callable[[str], Awaitable[None]]
"""Sends a sentence to the client."""

THINK = Tool(
    name="think",
    title="Think before answering",
    description="Answers one hard question by thinking first: draws several answers, checks and "
    "compares them, revises where there is doubt, and returns the best with how sure it is. Use it "
    "for mathematics, logic, counting, planning and code that must be right. It sees only what is "
    "passed here.",
    input_schema=ThinkArguments.model_json_schema(),
    output_schema=Thought.model_json_schema(mode="serialization"),
    annotations=ToolAnnotations(
        read_only_hint=True, idempotent_hint=False, destructive_hint=False, open_world_hint=False
    ),
)


def to_ask(arguments: ThinkArguments, default_effort: Effort) -> Ask:
    """Return what the engine is asked.

    The context comes before the question in the same turn: it is the caller's data, which a system
    message would turn into orders. A kind that is not declared is guessed from the question alone,
    for the words of a context say nothing about the answer.
    """
    effort = arguments.effort or default_effort
    content, kind = arguments.question, arguments.answer_kind
    if arguments.context:
        content = f"Context:\n{arguments.context}\n\nQuestion:\n{arguments.question}"
        kind = kind or infer_kind(arguments.question)
    return Ask(
        messages=(Message("user", content),),
        effort=effort,
        budget=Budget(generations=GENERATIONS[effort]),
        kind=kind,
        face="mcp",
    )


async def think(engine: Engine, ask: Ask, tell: Tell, *, pulse_s: float) -> CallToolResult:
    """Return the answer, or why there is none; being cancelled stops the run.

    Args:
        engine: Answers.
        ask: What it is asked.
        tell: Told a sentence whenever there is news, and after each silence.
        pulse_s: Seconds of silence.
    """
    live = Live(engine, ask)
    try:
        answer = await _follow(live, tell, pulse_s)
        return _result(answer, ask.effort, await live.opened())
    except Exception as error:  # the outermost handler of a run
        refusal = refusal_of(error)
        if refusal.status == 500:
            log.exception("run %s failed", live.trace_id)
        where = "" if live.trace_id is None else f" (trace {live.trace_id})"
        return failure(f"{refusal.message}{where}")
    finally:
        with anyio.CancelScope(shield=True):
            await live.close()


async def _follow(live: Live, tell: Tell, pulse_s: float) -> Answer:
    clock = asyncio.get_running_loop().time
    began = clock()
    while not isinstance(moment := await live.next(pulse_s), Answer):
        sentence = still_thinking(clock() - began) if moment is None else sentence_of(moment)
        if sentence is not None:
            await tell(sentence)
    return moment


def _result(answer: Answer, effort: Effort, trace_id: str) -> CallToolResult:
    thought = Thought(
        text=answer.text,
        answer=answer.answer,
        confidence=answer.confidence,
        probability=answer.probability,
        whole=answer.whole,
        stop_reason=answer.stop_reason,
        effort=effort,
        generations=answer.generations,
        tokens=answer.usage.completion_tokens,
        seconds=answer.seconds,
        trace_id=trace_id,
        faults=list(answer.faults),
    )
    return success(thought, answer.text, _note(thought))


def _note(thought: Thought) -> str:
    """Return in a line what the reply itself does not say."""
    parts = [STOPPED[thought.stop_reason]]
    if not thought.whole:
        parts.append("the reply was cut off")
    if thought.probability is not None:
        parts.append(f"P(right) about {thought.probability:.2f}")
    elif thought.confidence is not None:
        parts.append(f"{thought.confidence:.0%} of the vote")
    parts += [f"trouble: {fault}" for fault in thought.faults]
    return f"[{'; '.join(parts)}; trace {thought.trace_id}]"
