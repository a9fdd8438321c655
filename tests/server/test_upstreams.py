from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fake_vllm import FakeVllm
from fakes import ask
from faults import Refuse
from forethought.nodes.backends.base import Prompt
from forethought.nodes.errors import BackendRejected
from forethought.nodes.values import Sampling
from forethought.server.app import create_app
from forethought.server.cli.doctor import examine
from forethought.server.local_engine import open_engine
from forethought.server.settings import Settings
from forethought.server.upstreams import Upstreams

pytestmark = pytest.mark.anyio
PROMPT = Prompt(messages=ask().messages)


@asynccontextmanager
async def upstreams(**settings: Any) -> AsyncIterator[Upstreams]:
    it = Upstreams(Settings(**settings))
    yield it
    await it.close()


def pairs(text: str) -> list[list[float]]:
    return [[0.4, 0.6]] * text.count("<extra_0>")


async def test_the_format_is_the_one_that_is_set() -> None:
    with FakeVllm(values=lambda text: [[0.0]]) as server:
        url = f"{server.url}/v1"
        async with upstreams(verifier_url=url, verifier_format="outcome") as it:
            verifier = await it.verifier()
            assert verifier is not None
            assert verifier.granularity == "solution"
            assert (await verifier.score(ask(), [["a", "b"]])).scores == ((0.5,),)


async def test_a_server_of_another_format_is_a_fault_that_names_it() -> None:
    with FakeVllm(values=pairs) as server:
        url = f"{server.url}/v1"
        async with upstreams(verifier_url=url, verifier_format="math-shepherd") as it:
            with pytest.raises(BackendRejected, match="does not score as math-shepherd does"):
                await it.verifier()


async def test_auto_asks_the_server() -> None:
    with FakeVllm(values=pairs) as server:
        async with upstreams(verifier_url=f"{server.url}/v1", verifier_format="auto") as it:
            verifier = await it.verifier()
            assert verifier is not None
            assert (await verifier.score(ask(), [["a"]])).scores == ((0.6,),)
    with FakeVllm(lambda prompt, k: "") as server:
        async with upstreams(verifier_url=f"{server.url}/v1", verifier_format="auto") as it:
            with pytest.raises(BackendRejected, match="scores in no known format"):
                await it.verifier()


async def test_the_judge_is_the_generator_where_no_verifier_is_set() -> None:
    tops = {"Yes": 0.8, "No": 0.2}
    with FakeVllm(lambda prompt, k: "", tops=lambda prompt: tops) as server:
        url = f"{server.url}/v1"
        async with upstreams(generator_url=url, verifier_format="judge") as it:
            verifier = await it.verifier()
            assert verifier is not None
            scored = await verifier.score(ask(), [["a"]])
            assert list(scored.scores[0]) == pytest.approx([0.8])
    with FakeVllm(tops=lambda prompt: tops, model="other") as server:
        async with upstreams(
            generator_url="http://127.0.0.1:9/v1",
            verifier_url=f"{server.url}/v1",
            verifier_format="judge",
        ) as it:
            verifier = await it.verifier()
            assert verifier is not None
            assert verifier.model == "other"


def sums(prompt: str, k: int) -> str:
    return "17 + 25 = 42\n\nThe final answer is: \\boxed{42}"


async def test_several_urls_are_one_generator_whose_runs_are_spread() -> None:
    with FakeVllm(sums) as one, FakeVllm(sums) as other:
        urls = f"{one.url}/v1, {other.url}/v1"
        async with upstreams(generator_url=urls, verifier_url="") as it:
            for _ in range(4):
                generator = await it.generator()
                for _ in range(2):
                    await generator.complete([PROMPT], n=1, sampling=Sampling())
            assert await it.ready() == []
            assert it.model == "fake"
            assert [state.replica.state for state in it.states()] == ["up", "up"]
            assert [state.replica.requests for state in it.states()] == [4, 4]


async def test_a_server_that_dies_is_followed_by_the_other_and_shown() -> None:
    with FakeVllm(sums) as one, FakeVllm(sums) as other:
        urls = f"{one.url}/v1,{other.url}/v1"
        async with upstreams(generator_url=urls, verifier_url="") as it:
            generator = await it.generator()
            await generator.complete([PROMPT], n=1, sampling=Sampling())
            one.die()
            for _ in range(3):
                sampled = await generator.complete([PROMPT], n=2, sampling=Sampling())
                assert len(sampled.batches[0]) == 2
            (down, up) = (state.replica for state in it.states())
            assert (down.state, up.state) == ("down", "up")
            assert "could not be reached" in (down.reason or "")
            assert await it.ready() == []


@pytest.mark.parametrize(("alone", "tries"), [(True, 3), (False, 2)])
async def test_a_server_alone_is_tried_three_times_and_one_of_two_twice(
    alone: bool, tries: int
) -> None:
    calls = "/v1/completions"
    with FakeVllm(sums) as one, FakeVllm(sums) as other:
        urls = f"{one.url}/v1" if alone else f"{one.url}/v1,{other.url}/v1"
        async with upstreams(generator_url=urls, verifier_url="") as it:
            generator = await it.generator()
            probes = len(one.sent(calls))
            for call in range(1, 3):
                one.fault(calls, Refuse(), at=probes + call)
            sampled = await generator.complete([PROMPT], n=1, sampling=Sampling())
            assert len(sampled.batches[0]) == 1
            assert len(one.sent(calls)) == probes + tries


async def test_a_server_of_another_model_is_refused_with_what_it_serves() -> None:
    with FakeVllm(sums) as one, FakeVllm(sums, model="other") as other:
        urls = f"{one.url}/v1,{other.url}/v1"
        async with upstreams(generator_url=urls, verifier_url="") as it:
            await it.generator()
            states = [state.replica for state in it.states()]
            assert [state.state for state in states] == ["up", "refused"]
            assert f"{other.url}/v1 serves other, not 'fake'" in (states[1].reason or "")


async def test_several_verifiers_are_one_and_none_that_is_up_is_not_ready() -> None:
    with FakeVllm(score=lambda prompt, steps: 0.5) as one:
        gone = "http://127.0.0.1:9/v1"
        async with upstreams(verifier_url=f"{gone},{one.url}/v1") as it:
            verifier = await it.verifier()
            assert verifier is not None
            assert (verifier.model, verifier.granularity) == ("fake", "step")
            assert (await verifier.score(ask(), [["a"]])).scores == ((0.5,),)
        async with upstreams(generator_url=f"{gone},{gone}", verifier_url="") as it:
            (reason,) = await it.ready()
            assert "no generator can be used" in reason


async def test_the_watch_brings_a_server_back_and_ends_with_its_block() -> None:
    with FakeVllm(sums) as one, FakeVllm(sums) as other:
        urls = f"{one.url}/v1,{other.url}/v1"
        async with upstreams(generator_url=urls, verifier_url="", upstream_probe_s=0.01) as it:
            await it.generator()
            one.fault("/health", Refuse())
            async with it.watching():
                await one.called("/health", 4)
                one.heal()
                # Two listings at its start, one when it is opened anew.
                await one.called("/v1/models", 2)
                await one.called("/health", 6)
            assert [state.replica.state for state in it.states()] == ["up", "up"]


async def test_ready_shows_each_server_of_a_role_that_has_several(tmp_path: Path) -> None:
    with FakeVllm(sums) as one, FakeVllm(sums) as other:
        settings = Settings(
            generator_url=f"{one.url}/v1,{other.url}/v1",
            verifier_url="",
            database_url=f"sqlite:///{tmp_path / 'traces.db'}",
        )
        async with open_engine(settings) as engine:
            app = create_app(engine, upstreams=engine.upstreams)
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
                told = (await http.get("/readyz")).json()
    assert told["status"] == "ready"
    shown = [(state["role"], state["url"], state["state"]) for state in told["upstreams"]]
    assert shown == [("generator", f"{server.url}/v1", "up") for server in (one, other)]


async def test_the_doctor_names_each_server_and_how_it_stands_beside_the_others(
    tmp_path: Path,
) -> None:
    with FakeVllm(sums) as one, FakeVllm(sums, model="other") as other:
        settings = Settings(
            generator_url=f"{one.url}/v1,{other.url}/v1",
            verifier_url="",
            database_url=f"sqlite:///{tmp_path / 'traces.db'}",
        )
        findings = await examine(settings)
    parts = [(finding.what, finding.ok) for finding in findings]
    assert parts == [
        ("generator", True),
        ("generator", True),
        ("verifier", None),
        ("generator group", True),
        ("generator group", False),
        ("traces", True),
    ]
    assert "serves other, not 'fake'" in findings[4].says
