"""The generator, the process reward model, and the whole path, on a real vLLM."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from forethought.nodes.algorithms.base import Search, Tools
from forethought.nodes.algorithms.beam_search import BeamSearch
from forethought.nodes.backends.base import Prompt
from forethought.nodes.backends.client import new_client
from forethought.nodes.backends.probe import examine_generator
from forethought.nodes.backends.vllm import VllmGenerator
from forethought.nodes.candidate import Step
from forethought.nodes.prompts import answer_messages
from forethought.nodes.values import Message, Question, Sampling
from forethought.nodes.verifiers.vllm_prm import VllmProcessVerifier
from forethought.server.app import create_app
from forethought.server.backend.options import BackendUrls
from forethought.server.local_engine import open_engine
from forethought.server.serving import served
from forethought.server.settings import Settings
from forethought.storage.store import Store

pytestmark = [pytest.mark.anyio, pytest.mark.live]
CLIPS = Question(
    messages=(
        Message(
            "user",
            "A baker has 12 eggs. He uses 3 for bread and 4 for cake. How many eggs are left?",
        ),
    ),
    kind="math",
)
GREEDY = Sampling(temperature=0.0, top_p=1.0, max_tokens=120)


@asynccontextmanager
async def generator(servers: BackendUrls) -> AsyncIterator[VllmGenerator]:
    async with new_client(servers.generator_url) as client:
        yield VllmGenerator(client, await examine_generator(client, None))


@asynccontextmanager
async def verifier(servers: BackendUrls) -> AsyncIterator[VllmProcessVerifier]:
    assert servers.verifier_url is not None and servers.verifier_model is not None
    async with new_client(servers.verifier_url) as client:
        yield VllmProcessVerifier(client, servers.verifier_model)


@dataclass(frozen=True)
class Service:
    client: openai.AsyncOpenAI
    database: str


@asynccontextmanager
async def service(servers: BackendUrls, tmp_path: Path) -> AsyncIterator[Service]:
    settings = Settings(
        generator_url=servers.generator_url,
        verifier_url=servers.verifier_url,
        database_url=f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
        max_answer_tokens=250,
    )
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(settings))
        url = await stack.enter_async_context(served(create_app(engine), "127.0.0.1", 0))
        client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
        stack.push_async_callback(client.close)
        assert settings.database_url is not None
        yield Service(client=client, database=settings.database_url)


async def test_the_server_can_do_what_the_searches_need(servers: BackendUrls) -> None:
    async with generator(servers) as model:
        able = model.abilities
    assert able.token_ids and able.continuation and able.logprobs and able.generative_scoring
    assert able.max_model_len == 4096


async def test_a_branch_goes_on_exactly_where_its_tokens_ended(servers: BackendUrls) -> None:
    prompt = Prompt(messages=answer_messages(CLIPS))
    async with generator(servers) as model:
        whole = (await model.complete([prompt], n=1, sampling=GREEDY)).batches[0][0]
        begun = Sampling(temperature=0.0, top_p=1.0, max_tokens=120, stop=("\n\n",))
        first = (await model.complete([prompt], n=1, sampling=begun)).batches[0][0]
        step = Step(key="0", parent=None, text=first.text, token_ids=first.token_ids)
        rest = await model.complete(
            [Prompt(messages=prompt.messages, prefix=(step,))], n=1, sampling=GREEDY
        )
    assert first.end == "stop" and first.text.endswith("\n\n")
    assert first.token_ids and whole.token_ids
    assert whole.token_ids[: len(first.token_ids)] == first.token_ids
    assert whole.text.startswith(first.text + rest.batches[0][0].text[:20])


async def test_several_prompts_are_one_request_and_come_back_in_order(
    servers: BackendUrls,
) -> None:
    asked = [f"Repeat exactly this word and nothing else: {word}" for word in ("apple", "river")]
    prompts = [Prompt(messages=(Message("user", text),)) for text in asked]
    async with generator(servers) as model:
        sampled = await model.complete(prompts, n=2, sampling=Sampling(temperature=0.1))
    assert [len(batch) for batch in sampled.batches] == [2, 2]
    for word, batch in zip(("apple", "river"), sampled.batches, strict=True):
        assert all(word in completion.text.lower() for completion in batch)
    assert sampled.usage.calls == 1


async def test_the_verifier_scores_as_it_did_when_it_was_trained(servers: BackendUrls) -> None:
    recorded = json.loads((Path(__file__).parent / "scored_example.json").read_text())
    question = Question(messages=(Message("user", recorded["question"]),), kind="math")
    async with verifier(servers) as judge:
        scored = await judge.score(question, [recorded["steps"], recorded["steps"][:1]])
    assert [len(row) for row in scored.scores] == [len(recorded["steps"]), 1]
    assert scored.scores[0] == pytest.approx(recorded["scores"], abs=0.03)
    assert scored.scores[1][0] == pytest.approx(recorded["scores"][0], abs=0.03)
    assert scored.usage.verifier_tokens > 0


async def test_a_beam_search_grows_scores_and_ends(servers: BackendUrls) -> None:
    async with generator(servers) as model, verifier(servers) as judge:
        tools = Tools(
            question=CLIPS,
            messages=answer_messages(CLIPS),
            generator=model,
            verifier=judge,
            sampling=Sampling(max_tokens=200, seed=1),
        )
        beam, search = BeamSearch(n=4, m=2), Search(epoch=1)
        while not search.done:
            search = await beam.advance(search, tools)
    whole = [candidate for candidate in search.candidates if candidate.whole]
    assert search.rounds >= 2 and 1 <= len(whole) <= 4
    assert all(step.score is not None for candidate in whole for step in candidate.steps)
    assert not search.faults


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_gets_thinking_answer_usage_and_a_trace(
    servers: BackendUrls, tmp_path: Path, stream: bool
) -> None:
    asked: Any = {
        "model": "forethought",
        "messages": [{"role": "user", "content": CLIPS.text}],
        "reasoning_effort": "low",
    }
    async with service(servers, tmp_path) as it:
        if stream:
            thinking, content, usage, trace_id = await _streamed(it.client, asked)
        else:
            reply = await it.client.chat.completions.create(**asked)
            message = reply.choices[0].message
            thinking, content = message.model_extra["reasoning_content"], message.content
            usage, trace_id = reply.usage, reply.model_extra["forethought"]["trace_id"]
    store = await Store.open(it.database)
    trace = await store.read_trace(trace_id)
    await store.close()
    assert content and "Pilot" in thinking and "Vote" in thinking
    assert 0 < usage.completion_tokens_details.reasoning_tokens < usage.completion_tokens
    assert trace.trace.status == "finished" and trace.trace.answer_text == content
    assert all(c.score is not None for c in trace.candidates if c.ending == "whole")
    written = sum(call.completion_tokens for call in trace.calls)
    assert usage.completion_tokens == written


async def _streamed(client: openai.AsyncOpenAI, asked: Any) -> tuple[str, str, Any, str]:
    thinking, content, usage = "", "", None
    raw = await client.chat.completions.with_raw_response.create(
        **asked, stream=True, stream_options={"include_usage": True}
    )
    async for chunk in raw.parse():
        for choice in chunk.choices:
            thinking += (choice.delta.model_extra or {}).get("reasoning_content") or ""
            content += choice.delta.content or ""
        usage = chunk.usage or usage
    return thinking, content, usage, raw.headers["x-forethought-trace-id"]


async def test_a_deadline_ends_a_real_run_in_time_with_what_it_has(
    servers: BackendUrls, tmp_path: Path
) -> None:
    async with service(servers, tmp_path) as it:
        reply = await it.client.chat.completions.create(
            model="forethought",
            messages=[{"role": "user", "content": "What is the sum of the first 40 primes?"}],
            reasoning_effort="max",
            extra_body={"forethought": {"deadline_s": 8, "task_kind": "math"}},
        )
    said: Any = (reply.model_extra or {})["forethought"]
    assert said["stop_reason"] in ("deadline", "no_whole_answer")
    assert reply.choices[0].message.content


async def test_a_client_that_leaves_stops_the_work_on_the_model_server(
    servers: BackendUrls, tmp_path: Path
) -> None:
    async with service(servers, tmp_path) as it:
        stream = await it.client.chat.completions.create(
            model="forethought",
            messages=[{"role": "user", "content": "What is the sum of the first 40 primes?"}],
            reasoning_effort="max",
            extra_body={"forethought": {"task_kind": "math"}},
            stream=True,
        )
        async for chunk in stream:
            if chunk.choices and (chunk.choices[0].delta.model_extra or {}).get("reasoning"):
                break
        await stream.close()
    async with generator(servers) as model, httpx2.AsyncClient() as http:
        hello = Prompt(messages=(Message("user", "Say yes."),))
        await model.complete([hello], n=1, sampling=Sampling(max_tokens=1))  # moves the gauges
        metrics = await http.get(servers.generator_url.replace("/v1", "/metrics"))
    running = [line for line in metrics.text.splitlines() if "num_requests_running{" in line]
    assert running and all(line.endswith(" 0.0") for line in running)
