"""The group over servers whose every answer waits for the test."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from forethought.nodes.backends.abandoned import hearing_abandoned, tell_abandoned
from forethought.nodes.backends.base import OnText
from forethought.nodes.backends.replicas.hedging import ENOUGH, Pace
from forethought.nodes.backends.replicas.load import Load
from forethought.nodes.backends.replicas.replicas import Replicas
from forethought.nodes.backends.replicas.request import Home, Request
from forethought.nodes.backends.replicas.roster import Roster
from forethought.nodes.backends.replicas.server import Identity, Opened
from forethought.nodes.errors import BackendError, BackendRejected, BackendTimeout
from forethought.nodes.values import Usage

pytestmark = pytest.mark.anyio


SPENT = Usage(calls=1, completion_tokens=1)


@dataclass(frozen=True)
class Reply:
    said: str
    usage: Usage = SPENT
    fault: str | None = None


@dataclass
class Asked:
    """A request that waits for the test to end it."""

    reply: "asyncio.Future[Reply]"
    tell: OnText | None
    cancelled: bool = False


@dataclass
class FakeServer:
    """A server, and what it serves: itself."""

    url: str
    model: str = "small"
    tokens: tuple[int, ...] | None = (1, 2)
    well: bool = True
    says: str | None = None
    """Answers at once with this; None leaves it to the test."""
    busy: Load | None = None
    asked: list[Asked] = field(default_factory=list)
    probes: int = 0

    async def open(self) -> Opened["FakeServer"]:
        self.probes += 1
        if not self.well:
            raise BackendError(f"{self.url} is away")
        return Opened(served=self, identity=Identity(model=self.model, tokens=self.tokens))

    async def ping(self) -> None:
        self.probes += 1
        if not self.well:
            raise BackendError(f"{self.url} is away")

    async def load(self) -> Load | None:
        return self.busy

    async def ask(self, _: float | None, tell: OnText | None) -> Reply:
        one = Asked(asyncio.get_running_loop().create_future(), tell)
        self.asked.append(one)
        if not self.well:
            raise BackendError(f"{self.url} is away")
        if self.says is not None:
            return Reply(self.says)
        try:
            return await one.reply
        except asyncio.CancelledError:
            one.cancelled = True
            tell_abandoned(Usage(calls=1, completion_tokens=7))
            raise


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def ask(one: FakeServer, seconds: float | None, tell: OnText | None) -> Reply:
    return await one.ask(seconds, tell)


def request(**chosen: object) -> Request[FakeServer, Reply]:
    return Request(ask=ask, fault=lambda reply: reply.fault, **chosen)  # type: ignore[arg-type]


async def group_of(
    *servers: FakeServer, clock: Callable[[], float] | None = None, limit: int = 256
) -> Replicas[FakeServer]:
    roster: Roster[FakeServer] = Roster(
        servers, role="generator", clock=clock or Clock(), limit=limit, chance=random.Random(0)
    )
    await roster.opened()
    return Replicas(roster, pace=Pace(least_s=0.0))


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


def states(group: Replicas[FakeServer]) -> list[str]:
    return [state.state for state in group.roster.states()]


async def test_a_run_stays_where_it_began_and_runs_are_spread() -> None:
    servers = [FakeServer("a", says="a"), FakeServer("b", says="b")]
    group = await group_of(*servers)
    for expected in "ab":
        home = Home()
        said = [(await group.call(request(), home)).said for _ in range(3)]
        assert said == [expected] * 3


async def test_a_request_that_fails_goes_on_to_the_next_and_the_run_stays_there_at_last() -> None:
    one, other = FakeServer("a", says="a"), FakeServer("b", says="b")
    group = await group_of(one, other)
    home = Home()
    assert (await group.call(request(), home)).said == "a"
    one.well = False
    said = [(await group.call(request(), home)).said for _ in range(6)]
    assert said == ["b"] * 6
    assert states(group) == ["down", "up"]
    assert len(one.asked) == 4, "once when it was well, and three failures"
    assert home.place == 1


async def test_a_server_comes_back_when_a_probe_succeeds() -> None:
    clock = Clock()
    one, other = FakeServer("a", says="a"), FakeServer("b", says="b")
    group = await group_of(one, other, clock=clock)
    one.well = False
    for _ in range(3):
        await group.roster.check()
    assert states(group) == ["down", "up"]
    one.well = True
    assert (await group.call(request(), Home(place=0))).said == "b"
    await group.roster.check()
    assert states(group) == ["up", "up"]
    assert (await group.call(request(), Home(place=0))).said == "a"


async def test_servers_that_are_all_down_are_asked_all_the_same() -> None:
    one, other = FakeServer("a", says="a"), FakeServer("b", says="b")
    group = await group_of(one, other)
    one.well = other.well = False
    with pytest.raises(BackendError, match="is away"):
        for _ in range(4):
            with pytest.raises(BackendError, match="is away"):
                await group.call(request(), Home())
        assert states(group) == ["down", "down"]
        await group.call(request(), Home())
    other.well = True
    assert (await group.call(request(), Home())).said == "b"
    assert states(group) == ["down", "up"]


async def test_another_model_or_tokenizer_under_an_address_is_refused_and_says_so() -> None:
    strange = FakeServer("c", says="c", tokens=(9, 9))
    group = await group_of(
        FakeServer("a", says="a"), FakeServer("b", model="large", says="b"), strange
    )
    assert states(group) == ["up", "refused", "refused"]
    reasons = [state.reason or "" for state in group.roster.states()]
    assert "serves large, not 'small' as the others do" in reasons[1]
    assert "its tokens for the same conversation are different" in reasons[2]
    assert [(await group.call(request(), Home())).said for _ in range(3)] == ["a"] * 3
    strange.tokens = (1, 2)
    await group.roster.check()
    assert states(group) == ["up", "refused", "up"]


async def test_a_server_that_comes_back_with_another_model_gets_no_request() -> None:
    one, other = FakeServer("a", says="a"), FakeServer("b", says="b")
    group = await group_of(one, other)
    one.well = False
    for _ in range(3):
        await group.roster.check()
    one.well, one.model = True, "large"
    await group.roster.check()
    assert states(group) == ["refused", "up"]
    assert (await group.call(request(), Home(place=0))).said == "b"


async def test_nothing_to_be_had_is_an_error_that_says_why_of_each() -> None:
    roster = Roster([FakeServer("a", well=False), FakeServer("b", well=False)], role="verifier")
    with pytest.raises(BackendError, match=r"no verifier can be used: a is away; b is away"):
        await roster.opened()


async def test_servers_that_are_not_there_are_looked_for_once_a_probe_is_due() -> None:
    clock = Clock()
    server = FakeServer("a", says="a", well=False)
    roster = Roster([server, FakeServer("b", well=False)], role="generator", clock=clock)
    for _ in range(3):
        with pytest.raises(BackendError, match="no generator can be used"):
            await roster.opened()
    assert server.probes == 1
    clock.now, server.well = 2.0, True
    assert await roster.opened() == [server]


async def test_a_request_goes_only_to_a_server_that_can_do_it() -> None:
    servers = [FakeServer("a", says="a"), FakeServer("b", says="b")]
    group = await group_of(*servers)
    able = request(able=lambda one: one.url == "b")
    assert [(await group.call(able, Home())).said for _ in range(4)] == ["b"] * 4
    with pytest.raises(BackendError, match="can do what was asked"):
        await group.call(request(able=lambda one: False), Home())


async def test_what_a_server_refuses_for_what_is_in_it_is_not_asked_elsewhere() -> None:
    servers = [FakeServer("a"), FakeServer("b")]
    group = await group_of(*servers)
    asking = asyncio.create_task(group.call(request(), Home()))
    await settled()
    servers[0].asked[0].reply.set_exception(BackendRejected("too hot"))
    with pytest.raises(BackendRejected, match="too hot"):
        await asking
    assert not servers[1].asked
    assert states(group) == ["up", "up"]


async def test_requests_without_room_wait_in_line_and_go_where_room_comes_first() -> None:
    servers = [FakeServer("a"), FakeServer("b")]
    group = await group_of(*servers, limit=4)
    asking = [asyncio.create_task(group.call(request(weight=3), Home())) for _ in range(5)]
    await settled()
    assert [len(server.asked) for server in servers] == [1, 1]
    servers[1].asked[0].reply.set_result(Reply("b"))
    await settled()
    assert [len(server.asked) for server in servers] == [1, 2]
    assert asking[1].done()
    for task in asking[3:]:
        task.cancel()
    servers[1].asked[1].reply.set_result(Reply("b"))
    servers[0].asked[0].reply.set_result(Reply("a"))
    await asyncio.gather(*asking, return_exceptions=True)
    assert [state.sequences for state in group.roster.states()] == [0, 0]


async def test_a_wait_for_room_ends_with_the_time() -> None:
    servers = [FakeServer("a"), FakeServer("b")]
    group = await group_of(*servers, limit=1)
    held = [asyncio.create_task(group.call(request(), Home())) for _ in range(2)]
    await settled()
    with pytest.raises(BackendTimeout, match="had room in time"):
        await group.call(request(timeout_s=0.01), Home())
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)


async def warmed(group: Replicas[FakeServer], servers: list[FakeServer]) -> None:
    """Let the group learn that a request takes nothing."""
    for server in servers:
        server.says = server.url
    for _ in range(ENOUGH):
        await group.call(request(), Home())
    for server in servers:
        server.says = None
        server.asked.clear()


async def straggling(
    group: Replicas[FakeServer], on_text: OnText | None = None
) -> "asyncio.Task[Reply]":
    asking = asyncio.create_task(group.call(request(on_text=on_text), Home(place=0)))
    await asyncio.wait({asking}, timeout=0.001)  # past a threshold of no time
    await settled()
    return asking


async def test_a_straggler_is_asked_again_where_it_is_idle_and_the_losers_are_counted() -> None:
    servers = [FakeServer("a"), FakeServer("b")]
    group = await group_of(*servers)
    await warmed(group, servers)
    told: list[Usage] = []
    with hearing_abandoned(told.append):
        asking = await straggling(group)
        servers[1].asked[0].reply.set_result(Reply("b"))
        assert (await asking).said == "b"
    assert all(one.cancelled for one in servers[0].asked)
    assert told == [Usage(calls=1, completion_tokens=7)] * len(servers[0].asked)
    assert [state.sequences for state in group.roster.states()] == [0, 0]


async def test_where_two_straggle_a_third_is_asked_and_no_more() -> None:
    servers = [FakeServer("a"), FakeServer("b")]
    group = await group_of(*servers)
    await warmed(group, servers)
    asking = await straggling(group)
    while len(servers[0].asked) < 2:
        await asyncio.wait({asking}, timeout=0.001)
    await settled()
    assert [len(server.asked) for server in servers] == [2, 1]
    servers[0].asked[1].reply.set_result(Reply("a, again"))
    assert (await asking).said == "a, again"
    assert servers[0].asked[0].cancelled and servers[1].asked[0].cancelled
    assert [state.sequences for state in group.roster.states()] == [0, 0]


async def test_a_straggler_is_left_alone_where_the_other_server_is_busy() -> None:
    servers = [FakeServer("a"), FakeServer("b", busy=Load(running=4, waiting=1, cache=0.1))]
    group = await group_of(*servers)
    await warmed(group, servers)
    await group.roster.check()
    asking = await straggling(group)
    assert [len(server.asked) for server in servers] == [1, 0]
    servers[0].asked[0].reply.set_result(Reply("a"))
    assert (await asking).said == "a"


async def test_text_is_told_by_the_first_that_has_any_and_the_other_is_given_up() -> None:
    servers = [FakeServer("a"), FakeServer("b")]
    group = await group_of(*servers)
    await warmed(group, servers)
    told: list[str] = []
    asking = await straggling(group, lambda _, __, text: told.append(text))
    first, second = servers[0].asked[0], servers[1].asked[0]
    assert first.tell and second.tell
    second.tell(0, 0, "4")
    first.tell(0, 0, "never")
    await settled()
    second.tell(0, 0, "2")
    second.reply.set_result(Reply("42"))
    assert (await asking).said == "42"
    assert told == ["4", "2"]
    assert first.cancelled


async def test_a_loser_that_fails_first_does_not_cost_the_answer() -> None:
    servers = [FakeServer("a"), FakeServer("b")]
    group = await group_of(*servers)
    await warmed(group, servers)
    asking = await straggling(group)
    servers[1].asked[0].reply.set_exception(BackendError("b broke"))
    await settled()
    servers[0].asked[0].reply.set_result(Reply("a"))
    assert (await asking).said == "a"


async def test_a_caller_who_leaves_leaves_nothing_under_way() -> None:
    servers = [FakeServer("a"), FakeServer("b")]
    group = await group_of(*servers)
    await warmed(group, servers)
    asking = await straggling(group)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert all(server.asked[0].cancelled for server in servers)
    assert [state.sequences for state in group.roster.states()] == [0, 0]


async def test_probes_are_spread_and_come_sooner_for_a_server_that_is_down() -> None:
    clock = Clock()
    servers = [FakeServer("a"), FakeServer("b", well=False)]
    group = await group_of(*servers, clock=clock)
    pauses: list[float] = []
    enough = asyncio.Event()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) >= 8:
            enough.set()
            await asyncio.get_running_loop().create_future()
        await asyncio.sleep(0)
        clock.now += seconds

    watching = asyncio.create_task(group.roster.watch(pause))
    await enough.wait()
    watching.cancel()
    of_one_that_is_up = [seconds for seconds in pauses if 4.0 <= seconds <= 6.0]
    assert of_one_that_is_up
    assert len(set(pauses)) > 2
    assert servers[1].probes >= 2
