"""Python's face, in process and against a server: the same questions, answers and errors."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import StateGraph

import forethought
from fake_engine import LIVE, PILOT, TRACE, ScriptedEngine, answer
from fake_vllm import FakeVllm
from faults import Gate
from forethought import (
    Answering,
    Forethought,
    Needs,
    NodeEnded,
    Settings,
    Thinking,
    Thought,
    ThoughtEvent,
    TokensSpent,
)
from forethought.nodes.errors import (
    BackendError,
    BackendGarbled,
    BackendTimeout,
    BudgetSpent,
    ForethoughtError,
    NoCandidate,
    PromptTooLong,
    StoreError,
)
from forethought.nodes.events import TextArrived
from forethought.nodes.values import Message
from forethought.server.api.asked import CONTEXT, Asked
from forethought.server.api.local import LocalMind
from forethought.server.app import create_app
from forethought.storage.store import Store
from forethought.sync import Forethought as SyncForethought
from loopback import Loopback

pytestmark = pytest.mark.anyio
SUM = "What is 17 + 25?"


class Said(TypedDict):
    """The state of somebody's graph."""

    said: str


def solution(value: object) -> str:
    return f"## Step 1: 17 + 25 = {value}.\n\nThe final answer is: \\boxed{{{value}}}"


def settings_for(server: FakeVllm, tmp_path: Path) -> Settings:
    return Settings(
        generator_url=f"{server.url}/v1",
        verifier_url="",
        database_url=f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
    )


def local(engine: ScriptedEngine) -> LocalMind:
    return LocalMind(engine, default_effort="medium")


async def events_of(mind: LocalMind, *, live: bool = True) -> list[ThoughtEvent]:
    async with aclosing(mind.events(Asked(question=SUM), live=live)) as events:
        return [event async for event in events]


def test_the_public_names_are_these() -> None:
    assert forethought.__all__ == sorted(forethought.__all__)
    assert forethought.__all__ == [
        "Answering",
        "Forethought",
        "ForethoughtError",
        "ForethoughtMiddleware",
        "ForethoughtTool",
        "Needs",
        "NodeEnded",
        "Settings",
        "Thinking",
        "Thought",
        "ThoughtEvent",
        "TokensSpent",
    ]
    assert all(getattr(forethought, name) is not None for name in forethought.__all__)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Forthought'"):
        _ = forethought.Forthought


@pytest.mark.parametrize("use", ["forethought", "forethought.Forethought(base_url='http://a')"])
def test_importing_it_loads_no_server_until_it_is_used(use: str) -> None:
    heavy = "fastapi", "langgraph", "langchain_core", "sqlalchemy", "openai", "pydantic", "numpy"
    program = f"import sys, forethought; {use}; print([m for m in {heavy!r} if m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert ran.stdout.strip() == "[]"


async def test_it_thinks_in_this_process_and_keeps_a_trace(tmp_path: Path) -> None:
    with FakeVllm(lambda prompt, k: solution(42)) as server:
        settings = settings_for(server, tmp_path)
        async with Forethought(settings=settings) as it:
            thought = await it.think(SUM, effort="low")
    assert (thought.text, thought.answer, thought.whole) == (solution(42), "42", True)
    assert (thought.stop_reason, thought.generations, thought.confidence) == ("confident", 4, 1.0)
    assert thought.thinking.startswith("Pilot") and thought.thinking.endswith("agree.")
    store = await Store.open(str(settings.database_url))
    trace = (await store.read_trace(thought.trace_id)).trace
    await store.close()
    assert (trace.status, trace.answer, trace.face) == ("finished", "42", "python")


async def test_a_server_gives_the_same_thought_as_this_process() -> None:
    engine = ScriptedEngine(PILOT)
    (*_, here) = await events_of(local(engine), live=False)
    with Loopback(create_app(engine)) as server:
        async with Forethought(base_url=server.url) as it:
            there = await it.think(SUM)
            events = [event async for event in it.stream(SUM)]
    assert isinstance(here, Thought)
    assert here == there
    assert events[-1] == here
    assert here.trace_id == TRACE
    assert here.usage == TokensSpent(prompt=100, cached=64, verifier=30, completion=40, thinking=31)
    assert (here.level, here.faults) == (3, ("one sample was lost",))


async def test_what_is_told_comes_in_order_and_adds_up_here_and_there() -> None:
    engine = ScriptedEngine(*LIVE)
    here = await events_of(local(engine))
    with Loopback(create_app(engine)) as server:
        async with Forethought(base_url=f"{server.url}/v1/") as it:
            there = [event async for event in it.stream(SUM)]
    for events in (here, there):
        *told, words, last = events
        thinking = "".join(e.text for e in told if isinstance(e, Thinking | NodeEnded))
        assert words == Answering(text="It is 42.")
        assert isinstance(last, Thought) and last.thinking == thinking.strip()
    assert [type(event) for event in here[:3]] == [Thinking, Thinking, NodeEnded]
    ended = here[2]
    assert isinstance(ended, NodeEnded) and ended.node == "estimate"
    assert "(2) 41" in ended.text and "Difficulty: level 3 of 5" in ended.text


async def test_a_direct_answer_streams_as_the_answer_and_nothing_was_thought() -> None:
    engine = ScriptedEngine(
        TextArrived(key="direct-0", text=" It is"), TextArrived(key="direct-0", text=" 42.")
    )
    asked = Asked(question=SUM, effort="none")
    with Loopback(create_app(engine)) as server:
        async with (
            Forethought(base_url=server.url) as it,
            aclosing(local(engine).events(asked, live=True)) as events,
        ):
            here = [event async for event in events]
            there = [event async for event in it.stream(SUM, effort="none")]
    assert here[:-1] == [Answering(text="It is"), Answering(text=" 42.")]
    assert here == there
    assert isinstance(here[-1], Thought) and here[-1].thinking == ""


async def test_every_option_reaches_the_engine_the_same_way() -> None:
    engine = ScriptedEngine()
    options: dict[str, Any] = {
        "effort": "high",
        "kind": "math",
        "max_generations": 12,
        "max_thinking_tokens": 4000,
        "deadline_s": 20.0,
        "needs": Needs(confidence=0.9, seconds=5.0),
        "context": "Numbers are decimal.",
    }
    async with aclosing(local(engine).events(Asked(question=SUM, **options), live=False)) as events:
        _ = [event async for event in events]
    with Loopback(create_app(engine)) as server:
        async with Forethought(base_url=server.url) as it:
            await it.think(SUM, **options)
    here, there = engine.asked
    assert (here.face, there.face) == ("python", "chat")
    for ask in (here, there):
        assert (ask.effort, ask.kind, ask.budget.generations) == ("high", "math", 12)
        assert (ask.budget.tokens, ask.budget.deadline_s) == (4000, 20.0)
        assert ask.needs == Needs(confidence=0.9, seconds=5.0)
        assert ask.messages == (
            Message("system", f"{CONTEXT}Numbers are decimal."),
            Message("user", SUM),
        )


@pytest.mark.parametrize(
    "error",
    [
        PromptTooLong("the prompt is too long"),
        BudgetSpent("deadline"),
        BudgetSpent("tokens"),
        BackendTimeout("it did not answer in time"),
        BackendGarbled("it answered nonsense"),
        BackendError("it could not be reached"),
        NoCandidate("nothing was sampled"),
        StoreError("the disk is full"),
    ],
)
@pytest.mark.parametrize("live", [False, True])
async def test_an_error_at_a_server_is_the_error_that_it_is_here(
    error: ForethoughtError, live: bool
) -> None:
    engine = ScriptedEngine(PILOT, error)
    with Loopback(create_app(engine)) as server:
        async with Forethought(base_url=server.url) as it:
            with pytest.raises(type(error)) as caught:
                if live:
                    _ = [event async for event in it.stream(SUM)]
                else:
                    await it.think(SUM)
    assert type(caught.value) is type(error)
    assert str(error) in str(caught.value)
    with pytest.raises(type(error)):
        await events_of(local(engine), live=live)


async def test_a_server_that_is_not_there_is_a_backend_error() -> None:
    async with Forethought(base_url="http://127.0.0.1:9") as it:
        with pytest.raises(BackendError, match="could not be reached"):
            await it.think(SUM)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("effort", "huge"),
        ("max_generations", -1),
        ("max_thinking_tokens", 0),
        ("deadline_s", 0.0),
        ("deadline_s", float("nan")),
    ],
)
async def test_a_wrong_argument_is_a_value_error_that_names_it(argument: str, value: Any) -> None:
    options: Any = {argument: value}
    with pytest.raises(ValueError, match=argument):
        await Forethought(base_url="http://127.0.0.1:9").think(SUM, **options)
    with pytest.raises(ValueError, match="question"):
        Asked(question=" ")


def test_arguments_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ValueError, match="api_key"):
        Forethought(api_key="secret")
    with pytest.raises(ValueError, match="settings"):
        Forethought(base_url="http://127.0.0.1:9", settings=Settings())


async def test_a_wrong_variable_of_the_environment_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORETHOUGHT_PILOT", "none")
    with pytest.raises(ValueError, match="FORETHOUGHT_PILOT"):
        async with Forethought():
            pass
    with pytest.raises(ValueError, match="FORETHOUGHT_PILOT"), SyncForethought():
        pass
    assert "forethought" not in {thread.name for thread in threading.enumerate()}


async def test_leaving_a_stream_or_cancelling_a_call_cancels_the_run() -> None:
    engine = ScriptedEngine(PILOT, Gate())
    async with aclosing(local(engine).events(Asked(question=SUM), live=True)) as events:
        await anext(events)
    assert (engine.cancelled, engine.open) == (1, 0)
    gate = Gate()
    engine = ScriptedEngine(gate)
    thinking = asyncio.create_task(events_of(local(engine)))
    await gate.reached()
    thinking.cancel()
    await asyncio.wait({thinking})
    assert (thinking.cancelled(), engine.cancelled, engine.open) == (True, 1, 0)


async def test_a_run_inside_somebodys_graph_is_no_part_of_that_graph(tmp_path: Path) -> None:
    saver = InMemorySaver()
    with FakeVllm(lambda prompt, k: solution(42)) as server:
        async with Forethought(settings=settings_for(server, tmp_path)) as it:

            async def node(state: Said) -> Said:
                return {"said": (await it.think(state["said"], effort="low")).text}

            builder = StateGraph(Said)
            builder.add_node("node", node)
            builder.set_entry_point("node")
            graph = builder.compile(checkpointer=saver)
            seen = [
                namespace
                async for namespace, _ in graph.astream(
                    {"said": SUM},
                    {"configurable": {"thread_id": "1"}},
                    stream_mode="updates",
                    subgraphs=True,
                )
            ]
    assert (seen, set(saver.storage["1"])) == ([()], {""})


async def test_the_sync_form_works_inside_a_running_event_loop() -> None:
    app = create_app(ScriptedEngine(*LIVE))
    with Loopback(app) as server, SyncForethought(base_url=server.url) as it:
        thought = it.think(SUM, effort="low")
        *told, last = it.stream(SUM, effort="low")
    assert thought.text == "It is 42."
    assert last == thought
    assert isinstance(told[0], Thinking)


async def test_the_sync_form_needs_no_block_and_opens_again_after_a_close(tmp_path: Path) -> None:
    with FakeVllm(lambda prompt, k: solution(42)) as server:
        it = SyncForethought(settings=settings_for(server, tmp_path))
        assert it.think(SUM, effort="low").answer == "42"
        it.close()
        it.close()
        assert it.think(SUM, effort="low").answer == "42"
        it.close()


def test_a_program_that_ends_without_a_close_loses_no_trace(tmp_path: Path) -> None:
    with FakeVllm(lambda prompt, k: solution(42)) as server:
        settings = settings_for(server, tmp_path)
        program = (
            "from forethought import Settings; from forethought.sync import Forethought\n"
            f"settings = Settings(**{settings.model_dump(exclude_defaults=True)!r})\n"
            f"print(Forethought(settings=settings).think({SUM!r}, effort='low').trace_id)"
        )
        ran = subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True
        )
    with sqlite3.connect(tmp_path / "traces.db") as database:
        rows = database.execute("SELECT id, status FROM trace").fetchall()
    database.close()
    assert (rows, ran.stderr) == ([(ran.stdout.strip(), "finished")], "")


async def test_leaving_a_sync_stream_cancels_the_run() -> None:
    engine = ScriptedEngine(PILOT, Gate())
    engine.closed = Gate()
    with Loopback(create_app(engine)) as server, SyncForethought(base_url=server.url) as it:
        events = it.stream(SUM)
        next(events)
        events.close()
        await engine.closed.reached()
        engine.closed.open()
    assert (engine.cancelled, engine.open) == (1, 0)


def test_the_sync_form_raises_what_the_other_one_raises() -> None:
    engine = ScriptedEngine(NoCandidate("nothing was sampled"))
    with Loopback(create_app(engine)) as server, SyncForethought(base_url=server.url) as it:
        with pytest.raises(NoCandidate):
            it.think(SUM)
        with pytest.raises(NoCandidate):
            list(it.stream(SUM))
        with pytest.raises(ValueError, match="deadline_s"):
            it.think(SUM, deadline_s=-1)


def test_a_cut_answer_is_marked_here_and_there() -> None:
    engine = ScriptedEngine(answer=answer("It is", whole=False))
    with Loopback(create_app(engine)) as server, SyncForethought(base_url=server.url) as it:
        assert it.think(SUM).whole is False
