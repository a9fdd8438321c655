"""The baseline: one call and its answer."""

from __future__ import annotations

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from ..nodes.direct import direct
from ..nodes.state import Asked, Deps, ThinkState


def build_direct_graph() -> CompiledStateGraph[ThinkState, Deps, Asked, ThinkState]:
    """START -> direct -> END."""
    graph = StateGraph(ThinkState, context_schema=Deps, input_schema=Asked)
    graph.add_node("direct", direct)
    graph.add_edge(START, "direct")
    graph.add_edge("direct", END)
    return graph.compile()
