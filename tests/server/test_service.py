"""The whole service against stand-ins of the model servers: what a client sees, what SQL keeps."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest

from fake_model import Say, Score
from fake_vllm import FakeVllm
from faults import HTML, Cut, Die, Garble, Gate, Hold, Refuse
from forethought.server.app import create_app
from forethought.server.local_engine import open_engine
from forethought.server.serving import served
from forethought.server.settings import Settings
from forethought.storage.store import Store
from forethought.storage.views import TraceDetail

pytestmark = pytest.mark.anyio
SUM = [{"role": "user", "content": "What is 17 + 25?"}]
DEAD_URL = "http://127.0.0.1:9/v1"


@dataclass(frozen=True)
class Service:
    generator: FakeVllm
    client: openai.AsyncOpenAI
    database: str
    verifier: FakeVllm | None = None

    async def ask(self, effort: str = "medium", **body: Any) -> Any:
        asked = {"model": "forethought", "messages": SUM, "reasoning_effort": effort} | body
        return await self.client.chat.completions.create(**asked)

    async def newest_trace(self) -> TraceDetail:
        store = await Store.open(self.database)
        try:
            newest = await store.list_traces(1)
            return await store.read_trace(newest[0].id)
        finally:
            await store.close()


@asynccontextmanager
async def service(
    tmp_path: Path, say: Say, score: Score | None = None, **settings: Any
) -> AsyncIterator[Service]:
    """Run the service; everything it stored is readable when the block has ended."""
    database = f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}"
    async with AsyncExitStack() as stack:
        generator = stack.enter_context(FakeVllm(say))
        verifier = stack.enter_context(FakeVllm(score=score, model="prm")) if score else None
        chosen: dict[str, Any] = {
            "generator_url": f"{generator.url}/v1",
            "verifier_url": f"{verifier.url}/v1" if verifier else "",
            "database_url": database,
        } | settings
        engine = await stack.enter_async_context(open_engine(Settings(**chosen)))
        url = await stack.enter_async_context(served(create_app(engine), "127.0.0.1", 0))
        client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
        stack.push_async_callback(client.close)
        yield Service(generator=generator, client=client, database=database, verifier=verifier)


def solution(value: object) -> str:
    return f"## Step 1: 17 + 25 = {value}.\n\nThe final answer is: \\boxed{{{value}}}"


def always(value: object) -> Say:
    return lambda prompt, k: solution(value)


def never_agrees(prompt: str, k: int) -> str:
    return solution(1000 + k)


async def test_a_pilot_that_agrees_answers_after_one_call(tmp_path: Path) -> None:
    async with service(tmp_path, always(42)) as it:
        reply = await it.ask()
        calls = len(it.generator.sent("/v1/completions"))
    trace = await it.newest_trace()
    assert reply.choices[0].message.content == solution(42)
    assert reply.model_extra["forethought"]["stop_reason"] == "confident"
    assert calls == 2  # one of the probe, one of the pilot
    assert (trace.trace.status, trace.trace.answer) == ("finished", "42")
    assert len(trace.candidates) == 4


@pytest.mark.parametrize(("selection", "answer"), [("best", "2"), ("weighted", "1")])
async def test_a_pilot_that_is_all_there_is_is_chosen_from_as_it_is_asked_for(
    tmp_path: Path, selection: str, answer: str
) -> None:
    strategy = {"name": "best_of_n", "n": 4, "selection": selection}
    extra = {"forethought": {"max_generations": 4, "strategy": strategy}}
    async with service(
        tmp_path,
        lambda prompt, k: solution((1, 1, 2, 3)[k % 4]),
        lambda asked, steps: 0.9 if "{2}" in steps[-1] else 0.5,
    ) as it:
        await it.ask(extra_body=extra)
    assert (await it.newest_trace()).trace.answer == answer


async def test_usage_is_what_the_model_servers_counted(tmp_path: Path) -> None:
    async with service(tmp_path, never_agrees, lambda asked, steps: 0.5) as it:
        reply = await it.ask("low")
    trace = await it.newest_trace()
    usage = reply.usage
    read = sum(call.prompt_tokens + call.verifier_tokens for call in trace.calls)
    written = sum(call.completion_tokens for call in trace.calls)
    assert (usage.prompt_tokens, usage.completion_tokens) == (read, written)
    assert usage.total_tokens == read + written
    answer_tokens = len(reply.choices[0].message.content) + 1
    assert usage.completion_tokens_details.reasoning_tokens == written - answer_tokens


async def test_thinking_streams_before_the_answer(tmp_path: Path) -> None:
    async with service(tmp_path, always(42)) as it:
        stream = await it.ask("low", stream=True)
        deltas = [chunk.choices[0].delta async for chunk in stream if chunk.choices]
    thinking = [d.model_extra.get("reasoning_content") for d in deltas]
    first_content = next(i for i, d in enumerate(deltas) if d.content)
    assert any(thinking[:first_content]) and not any(thinking[first_content:])
    assert "".join(d.content or "" for d in deltas) == solution(42)


async def test_effort_none_is_the_callers_own_messages_once(tmp_path: Path) -> None:
    async with service(tmp_path, always(42)) as it:
        reply = await it.ask("none")
        sent = it.generator.sent("/tokenize")[-1]
    trace = await it.newest_trace()
    assert sent["messages"] == SUM
    assert reply.choices[0].message.content == solution(42)
    assert reply.usage.completion_tokens_details.reasoning_tokens == 0
    assert (trace.trace.strategy, trace.trace.stop_reason) == ("direct", "direct")


async def test_a_free_question_goes_to_the_model_as_it_is_and_streams_as_content(
    tmp_path: Path,
) -> None:
    asked = [{"role": "user", "content": "Write a poem about rain."}]
    async with service(tmp_path, lambda prompt, k: "Rain, rain.") as it:
        stream = await it.ask("high", messages=asked, stream=True)
        deltas = [chunk.choices[0].delta async for chunk in stream if chunk.choices]
    assert "".join(d.content or "" for d in deltas) == "Rain, rain."
    assert not any((d.model_extra or {}).get("reasoning_content") for d in deltas)


async def test_a_budget_of_zero_is_a_direct_answer(tmp_path: Path) -> None:
    async with service(tmp_path, always(42)) as it:
        reply = await it.ask("high", extra_body={"forethought": {"max_generations": 0}})
    assert reply.model_extra["forethought"]["stop_reason"] == "direct"


async def test_answers_cut_by_max_tokens_are_marked_and_never_called_whole(tmp_path: Path) -> None:
    async with service(tmp_path, always(42)) as it:
        reply = await it.ask("low", max_completion_tokens=5)
    trace = await it.newest_trace()
    assert reply.choices[0].finish_reason == "length"
    assert reply.choices[0].message.content == solution(42)[:5].strip()
    assert reply.model_extra["forethought"]["stop_reason"] == "no_whole_answer"
    assert {candidate.ending for candidate in trace.candidates} == {"length"}


async def test_a_token_budget_is_never_exceeded(tmp_path: Path) -> None:
    budget = {"forethought": {"max_thinking_tokens": 300}}
    async with service(tmp_path, never_agrees) as it:
        reply = await it.ask("max", extra_body=budget)
    assert reply.model_extra["forethought"]["stop_reason"] == "tokens"
    assert reply.usage.completion_tokens <= 300
    assert "boxed" in reply.choices[0].message.content


async def test_a_deadline_returns_the_best_so_far(tmp_path: Path) -> None:
    gate = Gate()
    async with service(tmp_path, never_agrees) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=3)
        reply = await it.ask("high", extra_body={"forethought": {"deadline_s": 2.0}})
        gate.open()
    trace = await it.newest_trace()
    assert reply.model_extra["forethought"]["stop_reason"] == "deadline"
    assert reply.choices[0].message.content == solution(1000)
    assert trace.trace.stop_reason == "deadline"


async def test_a_deadline_before_any_text_is_a_504(tmp_path: Path) -> None:
    gate = Gate()
    async with service(tmp_path, always(42)) as it:
        it.generator.fault("/v1/completions", Hold(gate), at=2)
        with pytest.raises(openai.InternalServerError) as caught:
            await it.ask("high", extra_body={"forethought": {"deadline_s": 0.5}})
        gate.open()
    trace = await it.newest_trace()
    assert caught.value.status_code == 504
    assert (trace.trace.status, trace.trace.error) == (
        "failed",
        "BudgetSpent: the budget of deadline is spent",
    )


async def test_a_prompt_longer_than_the_context_is_a_400(tmp_path: Path) -> None:
    long = [{"role": "user", "content": "What is 1 + 1? " * 400}]
    async with service(tmp_path, always(42)) as it:
        with pytest.raises(openai.BadRequestError) as caught:
            await it.ask(messages=long)
    assert caught.value.code == "context_length_exceeded"
    assert (await it.newest_trace()).trace.status == "failed"


async def test_a_generator_that_is_down_is_a_502_with_a_trace(tmp_path: Path) -> None:
    async with service(tmp_path, always(42), generator_url=DEAD_URL) as it:
        with pytest.raises(openai.InternalServerError, match="could not be reached") as caught:
            await it.ask()
    trace = await it.newest_trace()
    assert caught.value.response.headers["x-forethought-trace-id"] == trace.trace.id
    assert (caught.value.status_code, trace.trace.status) == (502, "failed")


async def test_a_generator_that_comes_up_later_is_found(tmp_path: Path) -> None:
    async with service(tmp_path, always(42)) as it:
        it.generator.fault("/v1/models", Refuse(status=503), at=1)
        with pytest.raises(openai.InternalServerError):
            await it.ask()
        reply = await it.ask()
    assert reply.choices[0].message.content == solution(42)


async def test_a_verifier_that_is_down_leaves_a_majority_and_a_fault(tmp_path: Path) -> None:
    async with service(tmp_path, always(42), verifier_url=DEAD_URL) as it:
        reply = await it.ask("low")
    trace = await it.newest_trace()
    assert reply.choices[0].message.content == solution(42)
    assert "could not be reached" in reply.model_extra["forethought"]["faults"][0]
    assert trace.verdicts[0].selection == "majority"


async def test_one_error_is_survived_and_recorded(tmp_path: Path) -> None:
    async with service(tmp_path, always(42)) as it:
        it.generator.fault("/v1/completions", Refuse(), at=2)
        reply = await it.ask("low")
    assert reply.choices[0].message.content == solution(42)


@pytest.mark.parametrize("fault", [Refuse(), Garble(body=HTML)])
async def test_a_generator_that_only_fails_is_a_502_and_never_text(
    tmp_path: Path, fault: Refuse | Garble
) -> None:
    async with service(tmp_path, always(42)) as it:
        for call in (2, 3, 4):  # the first is the probe's
            it.generator.fault("/v1/completions", fault, at=call)
        with pytest.raises(openai.InternalServerError) as caught:
            await it.ask("low")
    assert caught.value.status_code == 502
    assert "boxed" not in caught.value.message


async def test_a_generator_that_dies_in_the_middle_leaves_the_best_so_far(tmp_path: Path) -> None:
    async with service(tmp_path, never_agrees) as it:
        it.generator.fault("/v1/completions", Die(), at=3)
        reply = await it.ask("high")
    trace = await it.newest_trace()
    assert reply.choices[0].message.content == solution(1000)
    assert reply.model_extra["forethought"]["stop_reason"] == "upstream"
    assert len(trace.candidates) == 4
    assert trace.trace.faults


async def test_a_stream_that_breaks_keeps_the_samples_that_had_ended(tmp_path: Path) -> None:
    answers = iter(range(1000, 2000))
    async with service(tmp_path, lambda prompt, k: solution(next(answers))) as it:
        it.generator.fault("/v1/completions", Cut(after=20), at=2)
        stream = await it.ask("low", stream=True)
        async for _ in stream:
            pass
    trace = await it.newest_trace()
    assert trace.trace.status == "finished"
    assert {candidate.ending for candidate in trace.candidates} <= {"whole", "stopped"}
    assert trace.trace.faults


async def test_a_client_that_leaves_cancels_every_call(tmp_path: Path) -> None:
    gate = Gate()
    async with service(tmp_path, never_agrees) as it:
        it.generator.fault("/v1/completions", Hold(gate, after=3), at=2)
        stream = await it.ask("high", stream=True)
        await anext(aiter(stream))
        await gate.reached()
        await stream.close()
        await it.generator.idle()
        assert it.generator.open == 0
        gate.open()
    assert (await it.newest_trace()).trace.status == "cancelled"


async def test_a_shutdown_leaves_no_running_trace(tmp_path: Path) -> None:
    async with service(tmp_path, always(42)) as it:
        for _ in range(3):
            await it.ask("low")
    store = await Store.open(it.database)
    statuses = {trace.status for trace in await store.list_traces(10)}
    await store.close()
    assert statuses == {"finished"}


async def test_a_larger_model_answers_the_hardest_questions(tmp_path: Path) -> None:
    with FakeVllm(always(42), model="large") as larger:
        settings = {"larger_url": f"{larger.url}/v1", "larger_price": 3}
        async with service(tmp_path, never_agrees, lambda asked, steps: 0.01, **settings) as it:
            reply = await it.ask("medium")
        asked = larger.sent("/v1/completions")
    said = reply.model_extra["forethought"]
    assert reply.choices[0].message.content == solution(42)
    assert (said["strategy"], asked[-1]["n"]) == ("escalation", 4)
    assert said["generations"] == 4 + 4 * 3


async def test_a_larger_model_that_is_down_is_a_fault_and_not_a_failure(tmp_path: Path) -> None:
    async with service(tmp_path, always(42), larger_url=DEAD_URL) as it:
        reply = await it.ask("low")
    assert reply.choices[0].message.content == solution(42)
    assert "could not be reached" in reply.model_extra["forethought"]["faults"][0]


async def test_temperature_zero_is_a_fixed_seed_since_equal_samples_hold_no_vote(
    tmp_path: Path,
) -> None:
    async with service(tmp_path, always(42)) as it:
        await it.ask("low", temperature=0)
        await it.ask("none", temperature=0)
        thinking, direct = it.generator.sent("/v1/completions")[-2:]
    assert (thinking["n"], thinking["temperature"], thinking["seed"]) == (4, 0.8, 0)
    assert (direct["n"], direct["temperature"]) == (1, 0.0)
    assert "seed" not in direct


async def test_free_text_is_drafted_judged_and_revised_where_a_judge_is_set(tmp_path: Path) -> None:
    asked = [{"role": "user", "content": "Write a poem about rain."}]

    def poem(prompt: str, k: int) -> str:
        return "Rain, revised." if "Attempt 1" in prompt else f"Rain {k}."

    def likes_revisions(prompt: str) -> dict[str, float]:
        sure = 0.9 if "revised" in prompt else 0.2
        return {"Yes": sure, "No": 1 - sure}

    with FakeVllm(poem, tops=likes_revisions, model="both") as server:
        chosen: Any = {"generator_url": f"{server.url}/v1", "verifier_url": None}
        async with service(tmp_path, poem, **chosen, verifier_format="judge") as it:
            reply = await it.ask("low", messages=asked)
            more = await it.ask("medium", messages=asked)
    assert reply.choices[0].message.content.startswith("Rain")
    assert more.choices[0].message.content == "Rain, revised."
    assert more.model_extra["forethought"]["generations"] == 4 + 4 + 2


async def test_the_pilot_refines_a_guessed_kind_and_never_a_declared_one(tmp_path: Path) -> None:
    letters = [{"role": "user", "content": "What is 1 + 1? Say B for 2."}]
    async with service(tmp_path, lambda prompt, k: "The final answer is: \\boxed{B}") as it:
        await it.ask("low", messages=letters)
        await it.ask("low", messages=letters, extra_body={"forethought": {"task_kind": "math"}})
    store = await Store.open(it.database)
    kinds = [(await store.read_trace(t.id)).trace.kind for t in await store.list_traces(2)]
    await store.close()
    assert kinds == ["math", "choice"]


async def test_nothing_is_sampled_after_a_vote_is_decided(tmp_path: Path) -> None:
    drawn = iter([0, 0, 1, 2, 3, 4])  # the first two are the probe's
    async with service(tmp_path, lambda prompt, k: solution(next(drawn, 42))) as it:
        reply = await it.ask("max")
        await it.generator.idle()  # the server hears of a closed connection after the client
        asked = [body["n"] for body in it.generator.sent("/v1/completions")[1:]]
    said = reply.model_extra["forethought"]
    assert (said["stop_reason"], said["answer"]) == ("decided", "42")
    assert asked == [4, 4, 8]  # 256 were allowed; 1 against 4 was open, 1 against 12 is not
    assert reply.usage.completion_tokens == sum(
        call.completion_tokens for call in (await it.newest_trace()).calls
    )
