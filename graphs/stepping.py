"""Runs a compiled graph node by node, without the scheduler around it.

The wiring is LangGraph's: nodes, edges, routes and what each of them may read come from the graph itself.
What is left out is what Pregel does for graphs that ours are not: channels, checkpoints, tasks and
callbacks, some 0.3 ms of processor time a superstep, which was a third of what a whole run cost. Tests
hold both ways to the same events. It knows no fan-out, no reducer and no text on its way: a graph with
the first two is refused, and a run that somebody listens to is LangGraph's own (`run.py`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, get_origin, get_type_hints

from langgraph.graph import END, START
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from ..nodes.state import Asked, Deps, ThinkState

State = dict[str, Any]  # a TypedDict that is partly there
Graph = CompiledStateGraph[ThinkState, Deps, Asked, ThinkState]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node: what it does, what it may read, and what follows it."""

    call: Callable[..., Awaitable[Mapping[str, Any]]]
    reads: frozenset[str]
    then: str | None
    """The next node; None where `route` says."""
    route: Callable[[State], str] | None
    route_reads: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A node that has ended."""

    node: str
    writes: Mapping[str, Any]


@lru_cache(maxsize=16)
def nodes_of(graph: Graph) -> dict[str, Node]:
    """Return the nodes of a graph in which one node follows another.

    Raises:
        ValueError: it is another kind of graph.
    """
    builder = graph.builder
    if builder.waiting_edges or any(map(_is_reduced, _hints(builder.state_schema).values())):
        raise ValueError("only graphs without fan-out and reducers are run node by node")
    after: dict[str, str] = {}
    for before, name in builder.edges:
        if before in after or before in builder.branches:
            raise ValueError(f"{before!r} is followed by several nodes at once")
        after[before] = name
    found = {START: _node(None, frozenset(), after.get(START), None)}
    for name, spec in builder.nodes.items():
        branches = list(builder.branches.get(name, {}).values())
        if len(branches) > 1:
            raise ValueError(f"{name!r} has several routes")
        call = getattr(spec.runnable, "afunc", None)
        reads = frozenset(_hints(spec.input_schema))
        found[name] = _node(call, reads, after.get(name), branches[0] if branches else None)
    return found


async def steps(graph: Graph, asked: Asked, deps: Deps) -> AsyncGenerator[Finished]:
    """Yield each node as it ends; closing the iterator, or cancelling, ends the one that runs."""
    nodes = nodes_of(graph)
    runtime = Runtime(context=deps)
    state: State = dict(asked)
    name = nodes[START].then or END
    while name != END:
        node = nodes[name]
        writes = await node.call(_read(state, node.reads), runtime)
        state |= writes
        yield Finished(node=name, writes=writes)
        if node.route is not None:
            name = node.route(_read(state, node.route_reads))
        else:
            name = node.then or END


def _node(call: Any, reads: frozenset[str], then: str | None, branch: Any) -> Node:
    route = None if branch is None else branch.path.func
    route_reads = frozenset() if branch is None else frozenset(_hints(branch.input_schema))
    return Node(call=call, reads=reads, then=then, route=route, route_reads=route_reads)


def _read(state: State, names: frozenset[str]) -> State:
    return {name: value for name, value in state.items() if name in names}


def _hints(schema: Any) -> dict[str, Any]:
    return get_type_hints(schema, include_extras=True)


def _is_reduced(hint: Any) -> bool:
    return get_origin(hint) is Annotated
