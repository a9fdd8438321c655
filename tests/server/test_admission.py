import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import FakeClock
from forethought.server.admission import Admission, Line, Ticket
from forethought.server.try_later import TryLater

pytestmark = pytest.mark.anyio
STEPS = st.lists(
    st.tuples(st.just("enter"), st.integers(-2, 2)) | st.tuples(st.just("leave"), st.integers(0)),
    max_size=60,
)


@given(max_running=st.integers(1, 4), max_waiting=st.integers(0, 4), steps=STEPS)
def test_the_line_keeps_its_laws(
    max_running: int, max_waiting: int, steps: list[tuple[str, int]]
) -> None:
    line = Line(max_running=max_running, max_waiting=max_waiting)
    inside: list[Ticket] = []
    for what, number in steps:
        waiting = sorted(line.waiting)
        if what == "enter":
            ticket, last = line.enter(number)
            inside.append(ticket)
            if last is not None:
                assert len(waiting) == max_waiting
                assert last == max([*waiting, ticket])
                inside.remove(last)
        elif inside:
            ticket = inside.pop(number % len(inside))
            ran = ticket in line.running
            following = line.leave(ticket)
            expected = waiting[0] if ran and waiting else None
            assert following == expected
        assert line.running | line.waiting == set(inside)
        assert not line.running & line.waiting
        assert len(line.running) <= max_running
        assert len(line.waiting) <= max_waiting
        assert not line.waiting or len(line.running) == max_running


@pytest.mark.parametrize(("running", "waiting"), [(0, 1), (1, -1)])
def test_a_line_without_room_is_a_mistake(running: int, waiting: int) -> None:
    with pytest.raises(ValueError, match="a line needs room"):
        Line(max_running=running, max_waiting=waiting)


class Crowd:
    """Tasks that stand in a line, hold their place until they are told, and say what became of it."""

    def __init__(self, max_running: int, max_waiting: int) -> None:
        self.clock = FakeClock()
        self.line = Line(max_running=max_running, max_waiting=max_waiting)
        self.admission = Admission(self.line, clock=self.clock)
        self.started: list[str] = []
        self._done: dict[str, asyncio.Event] = {}

    async def come(self, name: str, priority: int = 0) -> asyncio.Task[None]:
        self._done[name] = asyncio.Event()
        task = asyncio.create_task(self._stand(name, priority))
        await settled()
        return task

    async def end(self, name: str) -> None:
        self._done[name].set()
        await settled()

    async def _stand(self, name: str, priority: int) -> None:
        async with self.admission.admitted(priority):
            self.started.append(name)
            await self._done[name].wait()


async def settled() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_waits_starts_by_priority_and_then_by_arrival() -> None:
    crowd = Crowd(max_running=1, max_waiting=9)
    tasks = [await crowd.come(name, p) for name, p in [("a", 0), ("b", 0), ("c", 5), ("d", 0)]]
    tasks.append(await crowd.come("e", 5))
    for name in ("a", "c", "e", "b", "d"):
        assert crowd.started[-1] == name
        await crowd.end(name)
    await asyncio.gather(*tasks)
    assert not crowd.line.running


async def test_past_the_line_a_run_is_refused_and_told_when_to_come_back() -> None:
    crowd = Crowd(max_running=1, max_waiting=1)
    first, second = await crowd.come("a"), await crowd.come("b")
    with pytest.raises(TryLater) as caught:
        await (await crowd.come("c"))
    error = caught.value
    assert (error.status, error.code, error.retry_after_s) == (503, "overloaded", 10)
    assert error.body()["error"]["type"] == "server_error"
    await crowd.end("a")
    await crowd.end("b")
    await asyncio.gather(first, second)


async def test_a_key_of_priority_takes_the_place_of_the_last_who_waits() -> None:
    crowd = Crowd(max_running=1, max_waiting=1)
    first, second = await crowd.come("a"), await crowd.come("b")
    third = await crowd.come("c", priority=1)
    with pytest.raises(TryLater):
        await second
    await crowd.end("a")
    await crowd.end("c")
    await asyncio.gather(first, third)
    assert crowd.started == ["a", "c"]


async def test_a_client_that_leaves_leaves_the_line() -> None:
    crowd = Crowd(max_running=1, max_waiting=2)
    first, second, third = [await crowd.come(name) for name in "abc"]
    second.cancel()
    await settled()
    assert len(crowd.line.waiting) == 1
    await crowd.end("a")
    await crowd.end("c")
    await asyncio.gather(first, third)
    assert crowd.started == ["a", "c"]


async def test_a_client_that_leaves_at_the_moment_it_is_called_passes_its_place_on() -> None:
    crowd = Crowd(max_running=1, max_waiting=2)
    first, second, third = [await crowd.come(name) for name in "abc"]
    second.cancel()  # and before it has noticed, its turn comes
    await crowd.end("a")
    assert crowd.started == ["a", "c"]
    fourth = await crowd.come("d")
    await crowd.end("c")
    fourth.cancel()
    await crowd.end("d")
    await asyncio.gather(first, second, third, fourth, return_exceptions=True)
    assert not crowd.line.running and not crowd.line.waiting


async def test_the_time_told_follows_how_long_runs_last() -> None:
    crowd = Crowd(max_running=1, max_waiting=0)
    for name in ("a", "b", "c", "d"):
        task = await crowd.come(name)
        crowd.clock.now += 20.0
        await crowd.end(name)
        await task
    task = await crowd.come("e")
    with pytest.raises(TryLater) as caught:
        await (await crowd.come("f"))
    assert 5 < caught.value.retry_after_s <= 20
    await crowd.end("e")
    await task


async def test_a_line_that_closes_sends_all_who_wait_away_and_lets_the_rest_end() -> None:
    crowd = Crowd(max_running=1, max_waiting=2)
    first, second = await crowd.come("a"), await crowd.come("b")
    crowd.admission.close()
    for refused in (second, await crowd.come("c")):
        with pytest.raises(TryLater) as caught:
            await refused
        assert (caught.value.code, caught.value.retry_after_s) == ("shutting_down", 1)
    assert not first.done()
    await crowd.end("a")
    await first
