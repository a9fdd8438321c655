import asyncio
from collections.abc import Sequence

import pytest

from fakes import ABLE, FakeClock, FakeGenerator, ScriptedGenerator, ask, boxed, deps
from forethought.graphs.run import run_graph
from forethought.graphs.think import build_think_graph
from forethought.nodes.backends.base import OnText, Prompt, Sampled
from forethought.nodes.events import NodeFinished, TextArrived
from forethought.nodes.values import Sampling

pytestmark = pytest.mark.anyio


class Hanging:
    """Says one word, then nothing more, and notices that it is cancelled."""

    abilities = ABLE

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.cancelled = False

    async def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        n: int,
        sampling: Sampling,
        on_text: OnText | None = None,
        timeout_s: float | None = None,
    ) -> Sampled:
        if on_text is not None:
            on_text(0, 0, "Well")
        self.asked.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        raise AssertionError("unreachable")


async def test_tells_when_each_node_ran() -> None:
    clock = FakeClock()

    def say(prompt: Prompt, k: int) -> str:
        clock.now += 0.5
        return boxed(42)

    given = deps(FakeGenerator(say), clock=clock)
    clock.now += 1.0
    events = [e async for e in run_graph(build_think_graph(), ask(), given)]
    assert [(e.node, e.started_s, e.seconds) for e in events if isinstance(e, NodeFinished)] == [
        ("estimate", 1.0, 2.0),
        ("verify", 3.0, 0.0),
        ("answer", 3.0, 0.0),
    ]


async def test_tells_text_only_when_somebody_listens() -> None:
    for live in (True, False):
        generator = ScriptedGenerator([boxed(42)] * 4)
        given = deps(generator, live=live)
        events = [e async for e in run_graph(build_think_graph(), ask(), given)]
        told = [e for e in events if isinstance(e, TextArrived)]
        assert [e.key for e in told] == [f"pilot-{i}" for i in range(4)] * live
        assert {e.text for e in told} == {boxed(42)} if live else not told


async def test_closing_the_iterator_cancels_the_call_at_once() -> None:
    generator = Hanging()
    events = run_graph(build_think_graph(), ask(), deps(generator, live=True))
    assert await anext(events) == TextArrived(key="pilot-0", text="Well")
    await events.aclose()
    assert generator.cancelled


async def test_cancelling_who_waits_for_an_event_cancels_the_call_at_once() -> None:
    generator = Hanging()
    events = run_graph(build_think_graph(), ask(), deps(generator))
    waiting = asyncio.ensure_future(anext(events))
    await generator.asked.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert generator.cancelled
