"""Runs a graph and yields what happens, as our events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from typing import Any

from langgraph.graph.state import CompiledStateGraph

from ..nodes.events import Event, NodeFinished
from ..nodes.state import Asked, Deps, ThinkState
from ..nodes.values import Question

Graph = CompiledStateGraph[ThinkState, Deps, Asked, ThinkState]


async def run_graph(graph: Graph, question: Question, deps: Deps) -> AsyncIterator[Event]:
    """Yield a run's events; closing the iterator cancels the node that is running.

    Raises:
        ForethoughtError: the run could give no answer.
    """
    before = deps.meter.seconds
    stream = graph.astream({"question": question}, context=deps, stream_mode=["updates", "custom"])
    chunk: (
        Any  # what a stream mode carries: for "custom" our own event, for "updates" node to writes
    )
    async for mode, chunk in stream:
        if mode == "custom":
            yield chunk
            continue
        now = deps.meter.seconds
        for node, writes in chunk.items():
            yield NodeFinished(node=node, writes=writes, started_s=before, seconds=now - before)
        before = now
