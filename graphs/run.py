"""Runs a graph and yields what happens, as our events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

from ..nodes.events import Event, NodeFinished, NodeName
from ..nodes.state import Asked, Deps, ThinkState
from ..nodes.values import Question
from .stepping import Graph, steps


async def run_graph(graph: Graph, question: Question, deps: Deps) -> AsyncGenerator[Event]:
    """Yield a run's events; closing the iterator cancels the node that is running.

    Raises:
        ForethoughtError: the run could give no answer.
    """
    asked: Asked = {"question": question}
    running = _streamed(graph, asked, deps) if deps.live else _stepped(graph, asked, deps)
    async with aclosing(running) as events:
        async for event in events:
            yield event


async def _stepped(graph: Graph, asked: Asked, deps: Deps) -> AsyncGenerator[Event]:
    before = deps.meter.seconds
    async with aclosing(steps(graph, asked, deps)) as finished:
        async for step in finished:
            now = deps.meter.seconds
            yield _finished(step.node, step.writes, before, now)
            before = now


async def _streamed(graph: Graph, asked: Asked, deps: Deps) -> AsyncGenerator[Event]:
    """Run it by LangGraph, whose stream carries text on its way between the nodes."""
    before = deps.meter.seconds
    stream: AsyncGenerator[Any]  # what a mode carries: "custom" our event, "updates" node to writes
    stream = graph.astream(  # type: ignore[assignment]  # it is declared as an iterator
        asked, context=deps, stream_mode=["updates", "custom"]
    )
    async with aclosing(stream):
        async for mode, chunk in stream:
            if mode == "custom":
                yield chunk
                continue
            now = deps.meter.seconds
            for node, writes in chunk.items():
                yield _finished(node, writes, before, now)
            before = now


def _finished(node: str, writes: Any, before: float, now: float) -> NodeFinished:
    return NodeFinished(
        node=cast(NodeName, node),
        writes=cast(ThinkState, writes),
        started_s=before,
        seconds=now - before,
    )
