import asyncio

import pytest

from fake_engine import TRACE, ScriptedRun, answer
from fakes import FakeClock
from forethought.server.errors import Refusal
from forethought.server.running import Running

pytestmark = pytest.mark.anyio


def run() -> ScriptedRun:
    return ScriptedRun((), answer(), thinks=True)


async def test_a_run_is_hurried_whether_it_is_open_already_or_not_yet() -> None:
    clock, early, late = FakeClock(), run(), run()
    running = Running(clock=clock)
    async with running.entered(None) as first, running.entered(None) as second:
        first.opened(early)
        running.hurry(30.0)
        clock.now += 10.0
        second.opened(late)
        assert (early.hurried, late.hurried) == ([30.0], [20.0])
        assert len(running) == 2
    assert len(running) == 0
    await running.idle()


async def test_only_the_run_of_that_trace_and_that_key_is_cancelled() -> None:
    running = Running()
    with pytest.raises(Refusal) as caught:
        async with running.entered("anna") as going:
            assert not running.cancel(TRACE, "anna")  # it has no trace yet
            going.opened(run())
            assert not running.cancel("other", "anna")
            assert not running.cancel(TRACE, "ben")
            assert not running.cancel(TRACE, None)
            assert running.cancel(TRACE, "anna")
            assert running.cancel(TRACE, "anna")
            await asyncio.get_running_loop().create_future()
    assert (caught.value.status, caught.value.code) == (409, "run_cancelled")
    assert not running.cancel(TRACE, "anna")


async def test_what_else_ends_a_run_goes_on_as_it_is() -> None:
    running = Running()
    for error in (TimeoutError("its own"), asyncio.CancelledError(), ValueError("bad")):
        with pytest.raises(type(error)) as caught:
            async with running.entered(None):
                raise error
        assert caught.value is error
    await running.idle()
