"""What LangChain's OpenAI client, and those that read `reasoning_content`, show of the thinking."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import SecretStr

from fake_engine import LIVE, ScriptedEngine
from forethought.server.app import create_app
from loopback import Loopback

pytestmark = pytest.mark.anyio
SUM = "What is 17 + 25?"


class ReadsReasoning(BaseChatOpenAI):
    """Reads `reasoning_content` where langchain-deepseek's `ChatDeepSeek` does."""

    def _create_chat_result(
        self,
        response: dict[str, Any] | openai.BaseModel,
        generation_info: dict[str, Any] | None = None,
    ) -> ChatResult:
        result = super()._create_chat_result(response, generation_info)
        assert isinstance(response, openai.BaseModel)
        said = response.choices[0].message.model_extra.get("reasoning_content")  # type: ignore[attr-defined]  # of a base class
        result.generations[0].message.response_metadata["model_provider"] = "deepseek"
        if said is not None:
            result.generations[0].message.additional_kwargs["reasoning_content"] = said
        return result

    def _convert_chunk_to_generation_chunk(
        self,
        chunk: dict[str, Any],
        default_chunk_class: type,
        base_generation_info: dict[str, Any] | None,
    ) -> ChatGenerationChunk | None:
        made = super()._convert_chunk_to_generation_chunk(
            chunk, default_chunk_class, base_generation_info
        )
        if made is not None and chunk.get("choices"):
            made.message.response_metadata["model_provider"] = "deepseek"
            said = chunk["choices"][0]["delta"].get("reasoning_content")
            if said is not None:
                made.message.additional_kwargs["reasoning_content"] = said
        return made


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


async def test_a_client_that_reads_reasoning_content_shows_the_thinking_once(url: str) -> None:
    model = ReadsReasoning(**options(url))
    for message in (await model.ainvoke(SUM), await streamed(model)):
        blocks: Any = message.content_blocks
        thinking, said = blocks
        assert said == {"type": "text", "text": "It is 42."}
        assert thinking["type"] == "reasoning"
        assert thinking["reasoning"].count("(1) It is 42.") == 1
        assert "Difficulty: level 3 of 5" in thinking["reasoning"]
