"""Responses over the real engine and a real store: conversations that go on, and what is read back."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest

from fake_model import Say
from fake_vllm import FakeVllm
from faults import Gate, Hold
from forethought.server.app import create_app
from forethought.server.local_engine import LocalEngine, open_engine
from forethought.server.serving import served
from forethought.server.settings import Settings
from response_laws import read_events, strictly

pytestmark = pytest.mark.anyio
SUM = "What is 17 + 25?"


@dataclass(frozen=True)
class Service:
    generator: FakeVllm
    client: openai.AsyncOpenAI
    engine: LocalEngine

    async def ask(self, said: Any = SUM, effort: Any = "low", **body: Any) -> Any:
        asked = {"model": "forethought", "input": said, "reasoning": {"effort": effort}} | body
        return await self.client.responses.create(**asked)

    async def messages(self, response: Any) -> list[Any]:
        """Return what the run of a response was given."""
        await self.engine.store.drain()
        trace = await self.engine.store.read_trace(response.id.removeprefix("resp_"))
        return [(turn["role"], turn["content"]) for turn in trace.trace.messages]


@asynccontextmanager
async def service(tmp_path: Path, say: Say) -> AsyncIterator[Service]:
    async with AsyncExitStack() as stack:
        generator = stack.enter_context(FakeVllm(say))
        settings = Settings(
            generator_url=f"{generator.url}/v1",
            verifier_url="",  # else the one at the default address is asked, where one runs
            database_url=f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
        )
        engine = await stack.enter_async_context(open_engine(settings))
        app = create_app(engine, traces=engine.store)
        url = await stack.enter_async_context(served(app, "127.0.0.1", 0))
        client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
        stack.push_async_callback(client.close)
        yield Service(generator=generator, client=client, engine=engine)


def solution(value: object) -> str:
    return f"## Step 1: 17 + 25 = {value}.\n\nThe final answer is: \\boxed{{{value}}}"


def always(value: object) -> Say:
    return lambda prompt, k: solution(value)


def never_agrees(prompt: str, k: int) -> str:
    return solution(1000 + k)


async def test_a_response_goes_on_from_the_ones_before_it(tmp_path: Path) -> None:
    async with service(tmp_path, always(42)) as it:
        first = await it.ask(instructions="Be brief.")
        second = await it.ask("And 1 + 1?", previous_response_id=first.id)
        third = await it.ask(
            "Sure?", previous_response_id=second.id, instructions="Be kind.", effort="none"
        )
        told = await it.messages(third)
        assert await it.messages(second) == told[1:4]
    assert told == [
        ("system", "Be kind."),
        ("user", SUM),
        ("assistant", solution(42)),
        ("user", "And 1 + 1?"),
        ("assistant", solution(42)),
        ("user", "Sure?"),
    ]
    assert (second.previous_response_id, second.instructions) == (first.id, None)


async def test_a_developers_message_is_kept_in_the_conversation(tmp_path: Path) -> None:
    said: Any = [{"role": "developer", "content": "In French."}, {"role": "user", "content": SUM}]
    async with service(tmp_path, always(42)) as it:
        first = await it.ask(said)
        second = await it.ask("Sure?", previous_response_id=first.id)
        told = await it.messages(second)
    assert told[0] == ("system", "In French.")
    assert len(told) == 4


async def test_a_stored_response_is_what_the_reply_was(tmp_path: Path) -> None:
    async with service(tmp_path, never_agrees) as it:
        reply = await it.ask(instructions="Be brief.", temperature=0.7)
        read = await it.client.responses.with_raw_response.retrieve(reply.id)
    stored = read.parse()
    assert read.headers["x-forethought-trace-id"] == reply.id.removeprefix("resp_")
    assert (stored.id, stored.status, stored.usage) == (reply.id, reply.status, reply.usage)
    assert (stored.instructions, stored.temperature) == ("Be brief.", 0.7)
    assert [item.id for item in stored.output] == [item.id for item in reply.output]
    assert stored.output[-1] == reply.output[-1]
    first: list[Any] = [reply.output[0], stored.output[0]]
    said, kept = (item.summary for item in first)
    assert kept[0] == said[0] and kept[-1] == said[-1]
    ours, theirs = ((r.model_extra or {})["forethought"] for r in (reply, stored))
    assert ours == theirs
    strictly(stored.model_dump())


async def test_all_of_a_request_that_a_response_repeats_is_read_back(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"sum": {"type": "integer"}}}
    asked: dict[str, Any] = {
        "metadata": {"topic": "sums", "user": "anna"},
        "tools": [WEATHER | {"strict": True, "description": "Weather."}],
        "tool_choice": "none",
        "parallel_tool_calls": False,
        "text": {"format": {"type": "json_schema", "name": "sum", "schema": schema}},
        "max_output_tokens": 300,
        "top_p": 0.9,
    }
    async with service(tmp_path, lambda prompt, k: '{"sum": 42}') as it:
        first = await it.ask()
        reply = await it.ask(previous_response_id=first.id, model="forethought-low", **asked)
        concise = await it.client.responses.create(
            model="forethought", input=SUM, reasoning={"effort": "low", "summary": "concise"}
        )
        stored = await it.client.responses.retrieve(reply.id)
        retold = await it.client.responses.retrieve(concise.id)
    repeated = reply.model_dump(exclude={"output", "completed_at"})
    assert stored.model_dump(exclude={"output", "completed_at"}) == repeated
    assert (stored.metadata, stored.previous_response_id) == (asked["metadata"], first.id)
    assert (stored.model, stored.tools[0].type, stored.tool_choice) == (
        "forethought-low",
        "function",
        "none",
    )
    assert retold.output[0] == concise.output[0]


async def test_a_stored_response_is_streamed_again_from_any_event_on(tmp_path: Path) -> None:
    async with service(tmp_path, never_agrees) as it:
        reply = await it.ask()
        url = f"/responses/{reply.id}"
        whole = await it.client.get(f"{url}?stream=true", cast_to=str)
        events = read_events(whole)
        after = events[len(events) // 2].sequence_number
        rest = [
            event
            async for event in await it.client.responses.retrieve(
                reply.id, stream=True, starting_after=after
            )
        ]
        stored = await it.client.responses.retrieve(reply.id)
    assert events[-1].response == stored
    assert rest == events[after + 1 :]


async def test_the_input_of_a_response_is_listed_item_by_item(tmp_path: Path) -> None:
    outputs: Any = []
    async with service(tmp_path, asks_the_tool_first) as it:
        first = await it.ask("What is the weather?", tools=[WEATHER], instructions="Be brief.")
        for item in first.output:
            if item.type == "function_call":
                output = {"call_id": item.call_id, "output": "sunny, 20"}
                outputs.append({"type": "function_call_output"} | output)
        second = await it.ask(outputs, tools=[WEATHER], previous_response_id=first.id)
        pages = it.client.responses.input_items.list(second.id, order="asc", limit=2)
        items: list[Any] = [item async for item in pages]
        newest = await it.client.responses.input_items.list(second.id, limit=1)
        (asked,) = (await it.client.responses.input_items.list(first.id)).data
        with pytest.raises(openai.NotFoundError, match="after"):
            await it.client.responses.input_items.list(second.id, after="msg_1")
    calls = [item for item in first.output if item.type == "function_call"]
    assert [item.type for item in items] == [
        "message",
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
    ]
    assert items[0].content[0].text == "What is the weather?"
    assert [item.call_id for item in items[1:3]] == [call.call_id for call in calls]
    assert [item.output for item in items[3:]] == ["sunny, 20"] * 2
    assert newest.data == items[-1:]
    assert len({item.id for item in items}) == len(items)
    assert getattr(asked, "role", None) == "user"


async def test_a_deleted_response_is_gone_and_its_trace_is_not(tmp_path: Path) -> None:
    async with service(tmp_path, always(42)) as it:
        reply = await it.ask()
        raw = await it.client.responses.with_raw_response.delete(reply.id)
        for again in (it.client.responses.retrieve, it.client.responses.delete):
            with pytest.raises(openai.NotFoundError):
                await again(reply.id)
        with pytest.raises(openai.BadRequestError):
            await it.ask("And?", previous_response_id=reply.id)
        trace = await it.engine.store.read_trace(reply.id.removeprefix("resp_"))
    assert json.loads(raw.http_response.text) == {
        "id": reply.id,
        "object": "response",
        "deleted": True,
    }
    assert (trace.trace.status, trace.trace.answer) == ("finished", "42")


async def test_a_response_in_progress_is_cancelled_by_its_id(tmp_path: Path) -> None:
    gate = Gate()
    async with service(tmp_path, never_agrees) as it:
        it.generator.fault("/v1/completions", Hold(gate, after=3), at=2)
        stream = await it.ask(effort="high", stream=True)
        created = await anext(aiter(stream))
        await gate.reached()
        with pytest.raises(openai.ConflictError, match="only its first reader"):
            await it.client.responses.retrieve(created.response.id, stream=True)
        with pytest.raises(openai.ConflictError, match="cancel it first"):
            await it.client.responses.delete(created.response.id)
        cancelled = await it.client.responses.cancel(created.response.id)
        last = [event async for event in stream][-1]
        await it.generator.idle()
        assert it.generator.open == 0
        gate.open()
        with pytest.raises(openai.ConflictError, match="it is cancelled"):
            await it.client.responses.cancel(created.response.id)
        with pytest.raises(openai.NotFoundError):
            await it.client.responses.cancel("resp_1")
        stored = await it.client.responses.retrieve(created.response.id)
    assert (cancelled.status, stored.status) == ("cancelled", "cancelled")
    assert (last.type, cancelled.id) == ("response.failed", created.response.id)
    strictly(cancelled.model_dump())


async def test_a_response_that_is_not_to_be_stored_cannot_be_read_or_continued(
    tmp_path: Path,
) -> None:
    async with service(tmp_path, always(42)) as it:
        reply = await it.ask(store=False)
        with pytest.raises(openai.NotFoundError):
            await it.client.responses.retrieve(reply.id)
        with pytest.raises(openai.BadRequestError) as caught:
            await it.ask("And?", previous_response_id=reply.id)
    assert (reply.store, caught.value.code) == (False, "previous_response_not_found")


@pytest.mark.parametrize("name", ["resp_0", "resp_", "resp_x", "0", "resp_%", "chatcmpl-1"])
async def test_the_beginning_of_an_id_is_no_id(tmp_path: Path, name: str) -> None:
    async with service(tmp_path, always(42)) as it:
        await it.ask()
        with pytest.raises(openai.NotFoundError):
            await it.client.responses.retrieve(name)
        with pytest.raises(openai.BadRequestError) as caught:
            await it.ask("And?", previous_response_id=name)
    assert caught.value.param == "previous_response_id"


async def test_a_run_of_another_face_is_no_response(tmp_path: Path) -> None:
    async with service(tmp_path, always(42)) as it:
        said: Any = [{"role": "user", "content": SUM}]
        raw = await it.client.chat.completions.with_raw_response.create(
            model="forethought", messages=said
        )
        with pytest.raises(openai.NotFoundError):
            await it.client.responses.retrieve(f"resp_{raw.headers['x-forethought-trace-id']}")


async def test_a_failed_response_is_read_back_as_failed_and_not_continued(tmp_path: Path) -> None:
    async with service(tmp_path, always(42)) as it:
        with pytest.raises(openai.BadRequestError) as caught:
            await it.ask("What is 1 + 1? " * 400)
        name = f"resp_{caught.value.response.headers['x-forethought-trace-id']}"
        stored = await it.client.responses.retrieve(name)
        with pytest.raises(openai.BadRequestError, match="failed and has no answer"):
            await it.ask("And?", previous_response_id=name)
    assert stored.status == "failed" and stored.error is not None
    assert "PromptTooLong" in stored.error.message
    strictly(stored.model_dump())


async def test_a_response_that_goes_on_is_in_progress(tmp_path: Path) -> None:
    gate = Gate()
    async with service(tmp_path, never_agrees) as it:
        it.generator.fault("/v1/completions", Hold(gate, after=3), at=2)
        stream = await it.ask(effort="high", stream=True)
        created = await anext(aiter(stream))
        running = await it.client.responses.retrieve(created.response.id)
        await gate.reached()
        await stream.close()
        await it.generator.idle()
        assert it.generator.open == 0
        gate.open()
        ended = await it.client.responses.retrieve(created.response.id)
    assert (running.status, ended.status) == ("in_progress", "cancelled")
    assert (running.output, ended.error is not None) == ([], True)


async def test_a_search_streams_lawfully_and_its_summary_is_bounded(tmp_path: Path) -> None:
    async with service(tmp_path, never_agrees) as it:
        async with it.client.responses.with_streaming_response.create(
            model="forethought",
            input=SUM,
            stream=True,
            reasoning={"effort": "high", "summary": "concise"},
        ) as raw:
            events = read_events(await raw.text())
        plain = await it.ask(effort="high")
    concise = "\n".join(part.text for part in events[-1].response.output[0].summary)
    excerpts = "\n".join(part.text for part in plain.output[0].summary)
    assert "Difficulty: level" in concise and "Vote:" in concise and "Done:" in concise
    assert "Step 1" not in concise and "Step 1" in excerpts
    assert len(excerpts) < 12_000


WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
OSLO = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>'


def asks_the_tool_first(prompt: str, k: int) -> str:
    if "weather" not in prompt:
        return "Yes."  # to the probe of the server
    return "It is sunny in Oslo." if "sunny, 20" in prompt else OSLO + OSLO.replace("Oslo", "Rome")


@pytest.mark.parametrize("effort", ["none", "low"])
async def test_the_outputs_of_functions_go_on_from_the_response_that_called_them(
    tmp_path: Path, effort: str
) -> None:
    async with service(tmp_path, asks_the_tool_first) as it:
        asked = "What is the weather in Oslo?"
        first = await it.ask(asked, effort, tools=[WEATHER], store=True)
        calls = [item for item in first.output if item.type == "function_call"]
        outputs: Any = [
            {"type": "function_call_output", "call_id": call.call_id, "output": "sunny, 20"}
            for call in calls
        ]
        second = await it.ask(outputs, effort, tools=[WEATHER], previous_response_id=first.id)
        stored = await it.client.responses.retrieve(first.id)
        unknown: Any = [outputs[0] | {"call_id": "another"}]
        with pytest.raises(openai.BadRequestError, match="no function call found"):
            await it.ask(unknown, tools=[WEATHER], previous_response_id=first.id)
        sent = it.generator.sent("/tokenize")[-1]["messages"]
        trace = await it.client.get(f"/traces/{second.id.removeprefix('resp_')}", cast_to=object)
    assert [call.arguments for call in calls] == ['{"city":"Oslo"}', '{"city":"Rome"}']
    assert second.output_text == "It is sunny in Oslo."
    assert [item for item in stored.output if item.type == "function_call"] == calls
    assert [turn["role"] for turn in sent] == ["user", "assistant", "tool", "tool"]
    assert sent[1]["tool_calls"][0]["id"] == calls[0].call_id
    assert isinstance(trace, dict) and len(trace["trace"]["messages"]) == 4


async def test_calls_stream_lawfully(tmp_path: Path) -> None:
    async with service(tmp_path, asks_the_tool_first) as it:
        for effort in ("none", "low"):
            async with it.client.responses.with_streaming_response.create(
                model="forethought",
                input="What is the weather in Oslo?",
                stream=True,
                reasoning={"effort": effort},
                tools=[WEATHER],
            ) as raw:
                events = read_events(await raw.text())
            output = events[-1].response.output
            kinds = [item.type for item in output if item.type != "reasoning"]
            assert kinds == ["function_call", "function_call"]


async def test_an_answer_in_a_schema_is_json_of_it(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"sum": {"type": "integer"}},
        "required": ["sum"],
        "additionalProperties": False,
    }
    form: Any = {"format": {"type": "json_schema", "name": "sum", "schema": schema}}
    async with service(tmp_path, lambda prompt, k: '{"sum": 42}') as it:
        reply = await it.ask(text=form)
    assert reply.output_text.replace(" ", "") == '{"sum":42}'
    assert reply.text.format.type == "json_schema"
