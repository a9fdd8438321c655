"""Runs a graph and yields what happens, as our events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from langgraph.graph.state import CompiledStateGraph

from ..nodes.events import Event, NodeFinished
from ..nodes.state import Asked, Deps, ThinkState
from ..nodes.values import Question

Graph = CompiledStateGraph[ThinkState, Deps, Asked, ThinkState]


async def run_graph(graph: Graph, question: Question, deps: Deps) -> AsyncGenerator[Event]:
    """Yield a run's events; closing the iterator cancels the node that is running.

    Raises:
        ForethoughtError: the run could give no answer.
    """
    before = deps.meter.seconds
    stream: AsyncGenerator[Any]  # what a mode carries: "custom" our event, "updates" node to writes
    stream = graph.astream(  # type: ignore[assignment]  # it is declared as an iterator
        {"question": question}, context=deps, stream_mode=["updates", "custom"]
    )
    async with aclosing(stream):
        async for mode, chunk in stream:
            if mode == "custom":
                yield chunk
                continue
            now = deps.meter.seconds
            for node, writes in chunk.items():
                yield NodeFinished(node=node, writes=writes, started_s=before, seconds=now - before)
            before = now
