"""The state machine, whole."""

from __future__ import annotations

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from ..nodes.answer import answer
from ..nodes.estimate import estimate
from ..nodes.plan import plan
from ..nodes.revise import revise
from ..nodes.search import search
from ..nodes.state import Asked, Deps, ThinkState
from ..nodes.verify import verify
from .routes import after_estimate, after_search, after_verify


def build_think_graph() -> CompiledStateGraph[ThinkState, Deps, Asked, ThinkState]:
    """START -> estimate -> plan -> search (a round each time) -> verify -> revise -> answer -> END."""
    graph = StateGraph(ThinkState, context_schema=Deps, input_schema=Asked)
    graph.add_node("estimate", estimate)
    graph.add_node("plan", plan)
    graph.add_node("search", search)
    graph.add_node("verify", verify)
    graph.add_node("revise", revise)
    graph.add_node("answer", answer)
    graph.add_edge(START, "estimate")
    graph.add_conditional_edges("estimate", after_estimate)
    graph.add_edge("plan", "search")
    graph.add_conditional_edges("search", after_search)
    graph.add_conditional_edges("verify", after_verify)
    graph.add_edge("revise", "verify")
    graph.add_edge("answer", END)
    return graph.compile()
