"""What LangChain's chat models for OpenAI and DeepSeek show of the thinking, plain, streamed and in an agent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_deepseek import ChatDeepSeek
from langchain_openai import ChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import SecretStr

from chat_service import chat_service
from fake_engine import LIVE, ScriptedEngine
from forethought.server.app import create_app
from loopback import Loopback

pytestmark = pytest.mark.anyio
SUM = "What is 17 + 25?"


@pytest.fixture
def url() -> Iterator[str]:
    with Loopback(create_app(ScriptedEngine(*LIVE))) as server:
        yield f"{server.url}/v1"


def options(url: str) -> dict[str, Any]:
    return {
        "model": "forethought",
        "base_url": url,
        "api_key": SecretStr("none"),
        "reasoning_effort": "low",
        "stream_usage": True,
        "use_responses_api": False,
        "max_retries": 0,
    }


async def streamed(model: BaseChatOpenAI) -> AIMessageChunk:
    whole: AIMessageChunk | None = None
    async for chunk in model.astream(SUM):
        assert isinstance(chunk, AIMessageChunk)
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    return whole


async def test_chat_openai_gets_the_answer_and_the_token_counts_and_drops_the_thinking(
    url: str,
) -> None:
    model = ChatOpenAI(**options(url))
    for message in (await model.ainvoke(SUM), await streamed(model)):
        assert message.text == "It is 42."
        usage: Any = message.usage_metadata
        assert usage["output_token_details"]["reasoning"] == 31
        assert [block["type"] for block in message.content_blocks] == ["text"]
        assert "reasoning_content" not in message.additional_kwargs


async def test_chat_deepseek_shows_the_thinking_once(url: str) -> None:
    model = ChatDeepSeek(**options(url))
    messages = (await model.ainvoke(SUM), await streamed(model))
    await model.root_async_client.close()
    for message in messages:
        blocks: Any = message.content_blocks
        thinking, said = blocks
        assert said == {"type": "text", "text": "It is 42."}
        assert thinking["type"] == "reasoning"
        assert thinking["reasoning"].count("(1) It is 42.") == 1
        assert "Difficulty: level 3 of 5" in thinking["reasoning"]


async def test_chat_openai_over_responses_shows_the_thinking_as_a_summary(url: str) -> None:
    chosen: dict[str, Any] = {"use_responses_api": True, "output_version": "v1"}
    model = ChatOpenAI(**options(url) | chosen)
    for message in (await model.ainvoke(SUM), await streamed(model)):
        assert message.text == "It is 42."
        usage: Any = message.usage_metadata
        assert usage["output_token_details"]["reasoning"] == 31
        blocks: Any = message.content_blocks
        assert blocks[-1]["type"] == "text"
        told = "".join(block["reasoning"] for block in blocks[:-1])
        assert {block["type"] for block in blocks[:-1]} == {"reasoning"}
        assert told.count("(1) It is 42.") == 1
        assert "Difficulty: level 3 of 5" in told


@tool
def get_weather(city: str) -> str:
    """Weather of a city."""
    return f"sunny in {city}, 20"


def calls_then_answers(prompt: str, k: int) -> str:
    if "sunny in Rome, 20" in prompt:
        return "It is sunny in both."
    call = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "%s"}}\n</tool_call>'
    return call % "Oslo" + call % "Rome" if "weather" in prompt else "Yes."


@pytest.mark.parametrize("over_responses", [False, True])
async def test_an_agent_whose_model_is_the_server_calls_its_tools_and_answers(
    tmp_path: Path, over_responses: bool
) -> None:
    asked: Any = {"messages": [HumanMessage("How is the weather in Oslo and Rome?")]}
    async with chat_service(tmp_path, calls_then_answers) as it:
        chosen: dict[str, Any] = options(str(it.client.base_url)) | {
            "use_responses_api": over_responses
        }
        agent = create_agent(ChatOpenAI(**chosen), [get_weather])
        done = (await agent.ainvoke(asked))["messages"]
        streamed = [part async for part in agent.astream(asked, stream_mode="updates")]
    assert [type(m) for m in done] == [
        HumanMessage,
        AIMessage,
        ToolMessage,
        ToolMessage,
        AIMessage,
    ]
    assert [call["args"] for call in done[1].tool_calls] == [{"city": "Oslo"}, {"city": "Rome"}]
    assert [m.content for m in done[2:4]] == ["sunny in Oslo, 20", "sunny in Rome, 20"]
    assert done[-1].text == "It is sunny in both."
    assert streamed[-1]["model"]["messages"][-1].text == "It is sunny in both."
