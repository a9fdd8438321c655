"""bench/upstream as its clients see it: one process, asked over HTTP."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.backends.base import Prompt, Sampled
from forethought.nodes.backends.client import new_client
from forethought.nodes.backends.probe import examine_generator
from forethought.nodes.backends.vllm import VllmGenerator
from forethought.nodes.candidate import Step
from forethought.nodes.errors import BackendError
from forethought.nodes.values import Message, Question, Sampling
from forethought.nodes.verifiers.registry import VERIFIERS, find_format

pytestmark = pytest.mark.anyio
BENCH = Path(__file__).parents[2] / "bench"


def part(name: str) -> Any:
    """A module of the package, which is not on the path."""
    if "upstream" not in sys.modules:
        spec = importlib.util.spec_from_file_location("upstream", BENCH / "upstream/__init__.py")
        assert spec and spec.loader
        sys.modules["upstream"] = importlib.util.module_from_spec(spec)
    return importlib.import_module(f"upstream.{name}")


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with part("running").running("--questions", "20", "--step-ms", "0.01") as upstream:
        yield upstream


@pytest.fixture
def upstream(running: Any) -> Any:
    running.post("/faults")
    running.post("/reset")
    return running


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = {"Two.\n\nThe answer is \\boxed{2}": True, "One.\n\nThe answer is \\boxed{1}": False}
    samples = [
        {"text": text, "prm": [0.6, 0.9 if ok else 0.1], "n_tokens": 7, "fin": True, "ok": ok}
        for text, ok in texts.items()
    ]
    row = {"id": "q", "question": "What is 1 + 1?", "gold": "2", "samples": samples}
    path = tmp_path_factory.mktemp("pool") / "pool.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def recorded(pool: Path) -> Iterator[Any]:
    with part("running").running("--pool", str(pool)) as upstream:
        yield upstream


def question(upstream: Any, number: int = 1) -> str:
    return str(upstream.get("/questions")[number]["text"])


async def sampled(
    upstream: Any, *, n: int, timeout_s: float | None = None, prefix: tuple[Step, ...] = ()
) -> Sampled:
    async with new_client(f"{upstream.url}/v1") as client:
        generator = VllmGenerator(
            client, await examine_generator(client, None), retry_pauses_s=(0, 0)
        )
        upstream.post("/reset")
        prompt = Prompt(messages=(Message("user", question(upstream)),), prefix=prefix)
        stop = ("\n\n",) if prefix else ()
        return await generator.complete(
            [prompt], n=n, sampling=Sampling(stop=stop), timeout_s=timeout_s
        )


@given(st.text())
def test_tokens_are_reversible(text: str) -> None:
    tokens = part("tokens")
    assert tokens.decode(tokens.encode(text)) == text


async def test_is_a_vllm_with_everything_to_a_service_that_asks(upstream: Any) -> None:
    async with new_client(f"{upstream.url}/v1") as client:
        abilities = await examine_generator(client, None)
        assert await find_format(client, abilities.model) == "qwen-prm"
    assert (abilities.token_ids, abilities.continuation) == (True, True)
    assert (abilities.logprobs, abilities.generative_scoring) == (True, True)


@pytest.mark.parametrize("timeout_s", [None, 60.0])
async def test_counts_what_it_tells_whole_and_streamed(
    upstream: Any, timeout_s: float | None
) -> None:
    got = await sampled(upstream, n=8, timeout_s=timeout_s)
    counters = upstream.counters()
    assert len(got.batches[0]) == counters["samples"] == 8
    assert sum(c.n_tokens for c in got.batches[0]) == got.usage.completion_tokens
    assert counters["completion_tokens"] == got.usage.completion_tokens
    assert counters["prompt_tokens"] == got.usage.prompt_tokens
    assert counters["posts"] == {"/v1/completions": 1, "/tokenize": 1}
    assert (counters["open"], counters["left"]) == (0, 0)


async def test_the_same_samples_come_again_after_a_reset_whole_or_streamed(upstream: Any) -> None:
    runs = [await sampled(upstream, n=8), await sampled(upstream, n=8, timeout_s=60.0)]
    assert runs[0].batches == runs[1].batches


async def test_goes_on_with_a_beginning_as_far_as_a_stop(upstream: Any) -> None:
    whole = (await sampled(upstream, n=1)).batches[0][0].text
    begun = Step(key="0", parent=None, text=whole[: whole.index("## Step 3")])
    went_on = (await sampled(upstream, n=1, prefix=(begun,))).batches[0][0]
    assert went_on.text.startswith("## Step 3: toward ")
    assert (went_on.text[-2:], went_on.end) == ("\n\n", "stop")


def test_answers_are_right_as_often_as_it_says() -> None:
    bank = part("seeded").SeededBank(part("seeded").Mix(count=40, easy=0.9, hard=0.4), 0)
    for which, p in ((0, 0.9), (1, 0.4)):
        asked = bank.questions[which::2]
        draws = [bank.draw(one, k, "") for one in asked for k in range(256)]
        right = [bank.is_right(one, bank.draw(one, 0, "").text) for one in asked]
        assert sum(d.right for d in draws) / len(draws) == pytest.approx(p, abs=0.02)
        assert right == [bank.draw(one, 0, "").right for one in asked]


async def test_scores_right_steps_above_wrong_ones_and_judges_so(upstream: Any) -> None:
    async with new_client(f"{upstream.url}/v1") as client:
        asked = upstream.get("/questions")[0]
        said = Question(messages=(Message("user", asked["text"]),), kind="number")
        steps = [[f"We go toward {n}.", f"Answer: {n}"] for n in (asked["gold"], "-1")]
        for form in ("qwen-prm", "judge"):
            right, wrong = (await VERIFIERS[form](client, "mock").score(said, steps)).scores
            assert right[-1] >= 0.5
            assert right[-1] > wrong[-1]


async def test_every_so_many_samples_one_is_lost(upstream: Any) -> None:
    upstream.post("/faults", {"lost_every": 8})
    body = {"messages": [{"role": "user", "content": question(upstream)}], "n": 8}
    async with httpx2.AsyncClient(base_url=upstream.url) as http:
        choices = (await http.post("/v1/chat/completions", json=body)).json()["choices"]
    assert [c["finish_reason"] for c in choices] == ["stop"] * 7 + [None]
    assert upstream.counters()["faults"] == {"lost": 1}


async def test_errors_and_cuts_come_in_the_share_that_was_set(upstream: Any) -> None:
    upstream.post("/faults", {"error_share": 1.0, "status": 503})
    body = {"messages": [{"role": "user", "content": question(upstream)}], "model": "mock"}
    async with httpx2.AsyncClient(base_url=upstream.url) as http:
        assert (await http.post("/v1/chat/completions", json=body)).status_code == 503
        upstream.post("/faults", {"cut_share": 1.0})
        for stream in (False, True):
            with pytest.raises(httpx2.RemoteProtocolError):
                await http.post("/v1/chat/completions", json={**body, "stream": stream})
    assert upstream.counters()["faults"] == {"error": 1, "cut": 2}
    assert upstream.counters()["open"] == 0


async def test_a_client_that_leaves_is_counted_with_the_tokens_it_wasted(upstream: Any) -> None:
    upstream.post("/faults", {"stall_share": 1.0, "stall_s": 600})
    body = {"messages": [{"role": "user", "content": question(upstream)}], "model": "mock"}
    async with httpx2.AsyncClient(base_url=upstream.url, timeout=0.2) as http:
        with pytest.raises(httpx2.ReadTimeout):
            await http.post("/v1/chat/completions", json=body)
    counters = upstream.counters()
    assert (counters["left"], counters["left_tokens"], counters["open"]) == (1, 0, 0)


async def test_goes_down_and_comes_back_at_the_same_port(upstream: Any) -> None:
    async with new_client(f"{upstream.url}/v1") as client:
        generator = VllmGenerator(
            client, await examine_generator(client, None), retry_pauses_s=(0, 0)
        )
        prompt = Prompt(messages=(Message("user", question(upstream)),))
        upstream.post("/faults", {"down_s": 0.3})
        with pytest.raises(BackendError):
            await generator.complete([prompt], n=1, sampling=Sampling())
        got: Sampled | None = None
        async with asyncio.timeout(10):
            while got is None:
                try:
                    got = await generator.complete([prompt], n=1, sampling=Sampling())
                except BackendError:
                    await asyncio.sleep(0)
    assert got.batches[0][0].end == "eos"


async def test_recorded_samples_come_with_their_own_lengths_and_scores(recorded: Any) -> None:
    got = await sampled_from_chat(recorded)
    assert sorted(c.text[-3:] for c in got.batches[0]) == ["{1}", "{2}"]
    assert got.usage.completion_tokens == 14
    async with new_client(f"{recorded.url}/v1") as client:
        said = Question(messages=(Message("user", "What is 1 + 1?"),), kind="number")
        verifier = VERIFIERS["qwen-prm"](client, "mock")
        scored = await verifier.score(said, [["Two.", "The answer is \\boxed{2}"]])
        assert list(scored.scores[0]) == pytest.approx([0.6, 0.9])
        with pytest.raises(BackendError, match="not recorded"):
            await verifier.score(said, [["Three."]])


async def test_recorded_samples_are_never_continued(recorded: Any) -> None:
    async with new_client(f"{recorded.url}/v1") as client:
        abilities = await examine_generator(client, None)
    assert (abilities.token_ids, abilities.continuation) == (False, False)


async def test_what_was_cut_of_recorded_samples_goes_on_once_as_itself(pool: Path) -> None:
    asked = Message("user", "What is 1 + 1?")
    with part("running").running("--pool", str(pool), "--goes-on") as upstream:
        async with new_client(f"{upstream.url}/v1") as client:
            generator = VllmGenerator(
                client, await examine_generator(client, None), retry_pauses_s=(0, 0)
            )
            assert generator.abilities.continuation
            upstream.post("/reset")
            stop = Sampling(stop=("\n\n",))
            begun = await generator.complete([Prompt(messages=(asked,))], n=2, sampling=stop)
            texts = sorted(c.text for c in begun.batches[0])
            assert texts == ["One.\n\n", "Two.\n\n"]
            prompt = Prompt(messages=(asked,), prefix=(Step(key="0", parent=None, text=texts[0]),))
            rest = await generator.complete([prompt], n=1, sampling=Sampling())
            assert [c.text for c in rest.batches[0]] == ["The answer is \\boxed{1}"]
            with pytest.raises(BackendError, match="waits to go on"):
                await generator.complete([prompt], n=1, sampling=Sampling())
            said = Question(messages=(asked,), kind="number")
            scored = await VERIFIERS["qwen-prm"](client, "mock").score(said, [["One."], ["Two."]])
            assert [list(s) for s in scored.scores] == [pytest.approx([0.6])] * 2
        beginning = begun.usage.completion_tokens // 2
        assert upstream.counters()["completion_tokens"] == 7 + beginning


async def sampled_from_chat(upstream: Any) -> Sampled:
    async with new_client(f"{upstream.url}/v1") as client:
        generator = VllmGenerator(client, await examine_generator(client, None))
        upstream.post("/reset")
        prompt = Prompt(messages=(Message("user", "What is 1 + 1?"),))
        return await generator.complete([prompt], n=2, sampling=Sampling())


async def test_sequences_beyond_the_batch_wait_in_their_order() -> None:
    part_of = part("engine")
    engine = part_of.Engine(part_of.Cost(step_s=1e-4, max_sequences=2))
    ended: list[str] = []
    done = asyncio.Event()

    def ends(name: str) -> Any:
        def told(tokens: int) -> None:
            ended.append(name)
            if len(ended) == 3:
                done.set()

        return told

    for name, length in (("long", 60), ("short", 20), ("late", 20)):
        engine.add(part_of.Sequence(length, length, ends(name)))
    assert (engine.running, engine.waiting) == (2, 1)
    await asyncio.wait_for(done.wait(), 10)
    assert ended == ["short", "late", "long"]
    assert (engine.running, engine.waiting) == (0, 0)


async def test_a_sequence_that_is_dropped_says_how_far_it_got() -> None:
    part_of = part("engine")
    engine = part_of.Engine(part_of.Cost(step_s=1.0, max_sequences=1))
    runs, waits = (part_of.Sequence(5, 5, lambda tokens: None) for _ in range(2))
    engine.add(runs)
    engine.add(waits)
    assert (engine.drop(waits), engine.drop(runs)) == (0, 0)
    assert (engine.running, engine.waiting) == (0, 0)
