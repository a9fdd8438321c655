"""Node by node is the same run as LangGraph's own."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any, TypedDict

import pytest
from langgraph.graph import END, START, StateGraph

from fakes import FakeGenerator, FakeVerifier, ask, boxed, deps
from forethought.graphs.direct import build_direct_graph
from forethought.graphs.run import run_graph
from forethought.graphs.stepping import nodes_of
from forethought.graphs.think import build_think_graph
from forethought.nodes.backends.base import Prompt
from forethought.nodes.budget import Budget
from forethought.nodes.errors import NoCandidate
from forethought.nodes.events import NodeFinished
from forethought.nodes.state import Deps

pytestmark = pytest.mark.anyio
Given = Callable[[bool], Deps]


def cycling(*each: object) -> Callable[[Prompt, int], str]:
    return lambda prompt, k: boxed(each[k % len(each)])


def _always(score: float, steps: Sequence[str]) -> float:
    return score


def given(
    *answers: object, generations: int = 16, score: float | None = None
) -> Callable[[bool], Deps]:
    """The same collaborators each time, on a clock that stands still."""

    def make(live: bool) -> Deps:
        return deps(
            FakeGenerator(cycling(*answers)),
            None if score is None else FakeVerifier(partial(_always, score)),
            budget=Budget(generations=generations),
            clock=lambda: 0.0,
            live=live,
        )

    return make


@pytest.mark.parametrize(
    ("make", "nodes"),
    [
        (given(42), {"estimate", "verify", "answer"}),
        (given(*range(16)), {"estimate", "plan", "search", "verify", "answer"}),
        (
            given(*range(64), generations=20, score=0.1),
            {"estimate", "plan", "search", "verify", "revise", "answer"},
        ),
    ],
)
async def test_both_ways_give_the_same_nodes_and_writes(make: Given, nodes: set[str]) -> None:
    graph = build_think_graph()
    runs: list[list[tuple[str, Any]]] = []
    for live in (False, True):
        events = [event async for event in run_graph(graph, ask(), make(live))]
        runs.append([(e.node, dict(e.writes)) for e in events if isinstance(e, NodeFinished)])
    assert runs[0] == runs[1]
    assert {node for node, _ in runs[0]} == nodes


async def test_both_ways_answer_directly_and_fail_alike() -> None:
    for live in (False, True):
        graph = build_direct_graph()
        (event,) = [
            e
            async for e in run_graph(graph, ask(kind="free"), given("x", generations=1)(live))
            if isinstance(e, NodeFinished)
        ]
        assert event.node == "direct"
        silent = deps(FakeGenerator(lambda prompt, k: ""), live=live)
        with pytest.raises(NoCandidate):
            _ = [e async for e in run_graph(build_think_graph(), ask(), silent)]


class Sum(TypedDict):
    total: Annotated[int, operator.add]


class Plain(TypedDict):
    total: int


async def _one(state: Plain) -> Plain:
    return {"total": 1}


def test_a_graph_with_fan_out_is_refused() -> None:
    graph = StateGraph(Plain)
    for name in ("a", "b"):
        graph.add_node(name, _one)
        graph.add_edge(START, name)
        graph.add_edge(name, END)
    with pytest.raises(ValueError, match="several nodes at once"):
        nodes_of(graph.compile())


def test_a_graph_that_adds_up_what_its_nodes_write_is_refused() -> None:
    graph = StateGraph(Sum)
    graph.add_node("a", _one)
    graph.add_edge(START, "a")
    with pytest.raises(ValueError, match="reducers"):
        nodes_of(graph.compile())
