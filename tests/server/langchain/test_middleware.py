"""What an agent, its model and its user see of the thinking that the middleware does."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import BaseModel

from fake_engine import LIVE, TRACE, ScriptedEngine
from fake_vllm import FakeVllm
from forethought import ForethoughtMiddleware, Settings
from forethought.nodes.errors import NoCandidate
from forethought.server.app import create_app
from forethought.server.langchain.reading import background, last_question
from forethought.sync import Forethought
from loopback import Loopback
from scripted_chat_model import ScriptedChatModel, calls

pytestmark = pytest.mark.anyio
ASKED: Any = {"messages": [HumanMessage("How much is a + b?")]}


@tool
def look_up(name: str) -> str:
    """Return the value of a name."""
    return f"{name} is 17"


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine(*LIVE)


@pytest.fixture
def forethought(engine: ScriptedEngine) -> Iterator[Forethought]:
    with Loopback(create_app(engine)) as server, Forethought(base_url=server.url) as it:
        yield it


def with_a_tool() -> ScriptedChatModel:
    """It calls the tool, would answer 41, and answers 42 when it has read the thinking."""
    return ScriptedChatModel(replies=[calls("look_up", name="a"), "Surely 41.", "It is 42."])


def check_last(message: object) -> None:
    assert isinstance(message, AIMessage)
    assert message.text == "It is 42."
    thinking = message.additional_kwargs["reasoning_content"]
    assert "(1) It is 42." in thinking and "Difficulty: level 3 of 5" in thinking
    assert message.content_blocks == [
        {"type": "reasoning", "reasoning": thinking},
        {"type": "text", "text": "It is 42."},
    ]
    numbers = message.response_metadata["forethought"]
    assert (numbers["trace_id"], numbers["answer"], numbers["confidence"]) == (TRACE, "42", 0.75)


def check_streamed(modes: list[Any]) -> None:
    """The user's stream has no word of the draft; the thinking comes before the answer."""
    pieces = [piece for mode, (piece, _) in [m for m in modes if m[0] == "messages"] if mode]
    said = "".join(p.text for p in pieces if isinstance(p, AIMessage | AIMessageChunk))
    assert said == "It is 42."
    thought = [part["forethought"]["thinking"] for mode, part in modes if mode == "custom"]
    assert "(1) It is 42." in "".join(thought)
    last_thought = max(i for i, (mode, _) in enumerate(modes) if mode == "custom")
    words = [i for i, (m, p) in enumerate(modes) if m == "messages" and p[0].text == "42."]
    assert last_thought < words[0]


async def test_the_draft_is_kept_from_the_user_and_the_answer_carries_the_thinking(
    forethought: Forethought, engine: ScriptedEngine
) -> None:
    model = with_a_tool()
    middleware = ForethoughtMiddleware(forethought, effort="high")
    agent = create_agent(model, [look_up], system_prompt="Be brief.", middleware=[middleware])
    messages = (await agent.ainvoke(ASKED))["messages"]
    assert [type(m) for m in messages] == [HumanMessage, AIMessage, ToolMessage, AIMessage]
    check_last(messages[-1])
    (ask,) = engine.asked
    assert ask.effort == "high"
    assert ask.messages[-1].content == "How much is a + b?"
    assert "look_up: a is 17" in ask.messages[0].content
    told = model.asked[-1][0].text
    assert told.startswith("Be brief.") and "It is 42." in told and "75%" in told
    assert "Surely" not in told


async def test_an_asynchronous_stream_shows_the_thinking_and_then_the_answer(
    forethought: Forethought,
) -> None:
    agent = create_agent(with_a_tool(), [look_up], middleware=[ForethoughtMiddleware(forethought)])
    streamed = agent.astream(ASKED, stream_mode=["messages", "custom"])
    check_streamed([part async for part in streamed])


def test_a_synchronous_agent_streams_and_returns_the_same(forethought: Forethought) -> None:
    middleware = [ForethoughtMiddleware(forethought)]
    agent = create_agent(with_a_tool(), [look_up], middleware=middleware)
    check_streamed(list(agent.stream(ASKED, stream_mode=["messages", "custom"])))
    again = create_agent(with_a_tool(), [look_up], middleware=middleware)
    check_last(again.invoke(ASKED)["messages"][-1])


async def test_without_tools_there_is_no_draft(forethought: Forethought) -> None:
    model = ScriptedChatModel(replies=[AIMessage("It is 42.")])
    agent = create_agent(model, middleware=[ForethoughtMiddleware(forethought)])
    check_last((await agent.ainvoke(ASKED))["messages"][-1])


async def test_where_nothing_was_thought_the_models_own_answer_stands(
    forethought: Forethought,
) -> None:
    direct = [ForethoughtMiddleware(forethought, effort="none")]
    drafted = ScriptedChatModel(replies=[AIMessage("A poem.")])
    agent = create_agent(drafted, [look_up], middleware=direct)
    last = (await agent.ainvoke(ASKED))["messages"][-1]
    assert (last.text, last.additional_kwargs) == ("A poem.", {})
    plain = ScriptedChatModel(replies=[AIMessage("A poem.")])
    assert create_agent(plain, middleware=direct).invoke(ASKED)["messages"][-1].text == "A poem."
    assert len(plain.asked) == 1


async def test_a_structured_answer_survives(forethought: Forethought) -> None:
    class Total(BaseModel):
        """The total."""

        total: int

    model = ScriptedChatModel(replies=[calls("Total", total=41), calls("Total", total=42)])
    agent = create_agent(
        model,
        [look_up],
        response_format=ToolStrategy(Total),
        middleware=[ForethoughtMiddleware(forethought)],
    )
    done = await agent.ainvoke(ASKED)
    assert done["structured_response"] == Total(total=42)
    carrying = [m for m in done["messages"] if "reasoning_content" in m.additional_kwargs]
    assert len(carrying) == 1 and carrying[0].tool_calls[0]["args"] == {"total": 42}


async def test_a_failure_of_the_thinking_is_raised() -> None:
    app = create_app(ScriptedEngine(NoCandidate("nothing was sampled")))
    with Loopback(app) as server, Forethought(base_url=server.url) as it:
        model = ScriptedChatModel(replies=[])
        agent = create_agent(model, middleware=[ForethoughtMiddleware(it)])
        with pytest.raises(NoCandidate):
            await agent.ainvoke(ASKED)
        with pytest.raises(NoCandidate):
            agent.invoke(ASKED)


async def test_a_run_in_this_process_leaves_nothing_in_the_agents_checkpoints(
    tmp_path: Path,
) -> None:
    saver = InMemorySaver()
    with FakeVllm(lambda prompt, k: "The final answer is: \\boxed{42}") as server:
        settings = Settings(
            generator_url=f"{server.url}/v1",
            verifier_url="",
            database_url=f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
        )
        with Forethought(settings=settings) as it:
            model = ScriptedChatModel(replies=[AIMessage("It is 42.")])
            middleware = [ForethoughtMiddleware(it, effort="low", kind="math")]
            agent = create_agent(model, middleware=middleware, checkpointer=saver)
            await agent.ainvoke(ASKED, {"configurable": {"thread_id": "1"}})
    assert set(saver.storage["1"]) == {""}
    state = await agent.aget_state({"configurable": {"thread_id": "1"}})
    assert [m.type for m in state.values["messages"]] == ["human", "ai"]


def test_the_question_is_the_last_one_and_the_rest_is_background() -> None:
    messages = [
        HumanMessage("What is a?"),
        calls("look_up", name="a"),
        ToolMessage("a is 17", tool_call_id="1", name="look_up"),
        AIMessage("a is 17.", additional_kwargs={"reasoning_content": "secret"}),
        HumanMessage("And twice that?"),
        ToolMessage("b is 25", tool_call_id="2", name="look_up"),
    ]
    assert last_question(messages) == "And twice that?"
    assert background(messages) == (
        "The conversation so far:\nuser: What is a?\nassistant: a is 17.\n\n"
        "What tools have found:\nlook_up: b is 25"
    )
    assert (last_question([AIMessage("Hello.")]), background(messages[:1])) == (None, None)


def test_without_langchain_one_sentence_names_the_extra() -> None:
    program = "import sys, forethought; sys.modules['langchain'] = None; forethought."
    command = [sys.executable, "-c", f"{program}ForethoughtTool; forethought.ForethoughtMiddleware"]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    last = ran.stderr.strip().splitlines()[-1]
    assert last == (
        "ImportError: ForethoughtMiddleware needs LangChain's agents: "
        "pip install 'forethought[langchain]'"
    )
