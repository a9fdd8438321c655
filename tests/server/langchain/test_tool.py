"""What an agent, and whoever reads it, sees of the thinking behind the tool."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import ToolException

from fake_engine import PILOT, TRACE, ScriptedEngine
from faults import Gate
from forethought import ForethoughtTool
from forethought.nodes.errors import NoCandidate
from forethought.server.app import create_app
from forethought.sync import Forethought
from loopback import Loopback
from scripted_chat_model import ScriptedChatModel, calls

pytestmark = pytest.mark.anyio
ASKED: Any = {"messages": [HumanMessage("How much is 17 + 25?")]}
CALL = {
    "name": "think",
    "args": {"question": "17 + 25 = ?"},
    "id": "call-think",
    "type": "tool_call",
}


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine(PILOT)


@pytest.fixture
def forethought(engine: ScriptedEngine) -> Iterator[Forethought]:
    with Loopback(create_app(engine)) as server, Forethought(base_url=server.url) as it:
        yield it


def model() -> ScriptedChatModel:
    call = calls("think", question="17 + 25 = ?", context="Decimal.", effort="high")
    return ScriptedChatModel(replies=[call, AIMessage("42, I am sure.")])


def check(messages: list[object], scripted: ScriptedChatModel) -> None:
    """The model sees the answer alone; whoever reads the messages sees all in the artifact."""
    _, _, told, last = messages
    assert isinstance(told, ToolMessage) and isinstance(last, AIMessage)
    assert (told.name, told.content, told.status) == ("think", "It is 42.", "success")
    artifact = told.artifact
    assert (artifact["trace_id"], artifact["answer"], artifact["confidence"]) == (TRACE, "42", 0.75)
    assert "(1) It is 42." in artifact["thinking"] and "(2) 41" in artifact["thinking"]
    assert artifact["usage"]["completion"] == 40
    json.dumps(artifact)
    assert last.text == "42, I am sure."
    read = scripted.asked[-1][-1]
    assert isinstance(read, ToolMessage) and read.content == "It is 42."
    assert scripted.bound == [["think"], ["think"]]


async def test_an_asynchronous_agent_uses_the_tool(
    forethought: Forethought, engine: ScriptedEngine
) -> None:
    scripted = model()
    agent = create_agent(scripted, [ForethoughtTool(forethought=forethought)])
    check((await agent.ainvoke(ASKED))["messages"], scripted)
    (ask,) = engine.asked
    assert (ask.effort, ask.messages[-1].content) == ("high", "17 + 25 = ?")
    assert ask.messages[0].content.endswith("Decimal.")


def test_a_synchronous_agent_uses_the_tool(forethought: Forethought) -> None:
    scripted = model()
    agent = create_agent(scripted, [ForethoughtTool(forethought=forethought)])
    check(agent.invoke(ASKED)["messages"], scripted)


def test_the_tools_own_limits_hold_where_the_model_names_none(
    forethought: Forethought, engine: ScriptedEngine
) -> None:
    tool = ForethoughtTool(forethought=forethought, effort="minimal", deadline_s=7.0)
    tool.invoke({"question": "17 + 25 = ?"})
    tool.invoke({"question": "17 + 25 = ?", "effort": "max"})
    assert [ask.effort for ask in engine.asked] == ["minimal", "max"]
    assert engine.asked[0].budget.deadline_s == 7.0


async def test_a_failure_is_raised_and_never_an_answer() -> None:
    app = create_app(ScriptedEngine(NoCandidate("nothing was sampled")))
    with Loopback(app) as server, Forethought(base_url=server.url) as it:
        tool = ForethoughtTool(forethought=it)
        with pytest.raises(ToolException, match="nothing was sampled"):
            tool.invoke(CALL)
        with pytest.raises(ToolException, match="nothing was sampled"):
            await tool.ainvoke(CALL)
        told = ForethoughtTool(forethought=it, handle_tool_error=True).invoke(CALL)
    assert (told.status, told.content) == ("error", "nothing was sampled")


async def test_cancelling_the_agent_cancels_the_run() -> None:
    gate = Gate()
    engine = ScriptedEngine(gate)
    engine.closed = Gate()
    with Loopback(create_app(engine)) as server, Forethought(base_url=server.url) as it:
        agent = create_agent(model(), [ForethoughtTool(forethought=it)])
        answering = asyncio.create_task(agent.ainvoke(ASKED))
        await gate.reached()
        answering.cancel()
        await asyncio.wait({answering})
        await engine.closed.reached()
        engine.closed.open()
    assert (answering.cancelled(), engine.cancelled) == (True, 1)


def test_a_tool_of_its_own_is_closed_by_itself() -> None:
    tool = ForethoughtTool()
    tool.close()
    assert "forethought" not in tool.model_dump()
