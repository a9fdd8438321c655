"""Who starts, watches, replaces and stops several processes; what those serve is not looked at here."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import fake_worker
from forethought.server.orders import Orders, Up
from forethought.server.serving import CannotListen, listening, reserved
from forethought.server.settings import Settings
from forethought.server.workers import Work, Workers, WorkersFailed, share_of

pytestmark = pytest.mark.anyio
PATIENCE_S = 180.0


def settings_for(tmp_path: Path, **given: Any) -> Settings:
    return Settings(
        workers=2, cache_dir=tmp_path / "workers", database_url="sqlite:///there.db", **given
    )


@dataclass(slots=True, kw_only=True)
class Watched:
    """Workers that run, and what was said of them."""

    file: Path
    orders: Orders = field(default_factory=Orders)
    told: list[str] = field(default_factory=list)
    all_up: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    async def all_are_up(self) -> None:
        assert self.task is not None
        up = asyncio.create_task(self.all_up.wait())
        await asyncio.wait({up, self.task}, return_when=asyncio.FIRST_COMPLETED)
        assert up.done(), self.task
        assert self.all_up.is_set()

    def lines(self) -> list[list[int]]:
        return [[int(part) for part in line.split()] for line in self.file.read_text().splitlines()]

    async def until(self, count: int) -> list[list[int]]:
        """Wait until so many workers have begun."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.file.exists() or len(self.lines()) < count:  # noqa: ASYNC110  # a file
                await asyncio.sleep(0.02)
        return self.lines()


@asynccontextmanager
async def watched(tmp_path: Path, work: Work, **options: Any) -> AsyncIterator[Watched]:
    it = Watched(file=tmp_path / "workers")
    workers = Workers(settings_for(tmp_path), work, tell=it.told.append, **options)

    def up(said: Up) -> None:
        assert said.model == "small"
        it.all_up.set()

    it.task = asyncio.create_task(workers.run(it.orders, up))
    try:
        yield it
    finally:
        it.orders.stop.set()
        it.orders.at_once.set()
        await asyncio.wait_for(asyncio.gather(it.task, return_exceptions=True), PATIENCE_S)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_all_are_started_told_to_stop_and_waited_for(tmp_path: Path) -> None:
    async with watched(tmp_path, fake_worker.steady) as it:
        await it.all_are_up()
        begun = await it.until(2)
        it.orders.sooner()
        assert it.task is not None
        await asyncio.wait_for(it.task, PATIENCE_S)
    assert sorted(line[0] for line in begun) == [1, 2]
    assert not any(is_there(line[1]) for line in begun)
    assert it.told == []


async def test_one_that_is_killed_is_replaced_and_the_other_goes_on(tmp_path: Path) -> None:
    async with watched(tmp_path, fake_worker.steady, first_pause_s=0.01) as it:
        await it.all_are_up()
        first, second = await it.until(2)
        os.kill(first[1], signal.SIGKILL)
        third = (await it.until(3))[2]
        assert (third[0], third[1] == first[1], is_there(second[1])) == (first[0], False, True)
    assert it.told == [f"worker {first[0]} ended (signal 9); another starts in 0.01 s"]


async def test_one_that_hangs_is_killed_and_replaced(tmp_path: Path) -> None:
    async with watched(tmp_path, fake_worker.silent, silent_s=5.0, lived_s=0.0) as it:
        begun = await it.until(3)
        assert [is_there(line[1]) for line in begun].count(False) == 1
    assert "hangs; it is killed" in it.told[0]


async def test_one_that_fails_before_any_was_up_ends_all(tmp_path: Path) -> None:
    async with watched(tmp_path, fake_worker.failing) as it:
        assert it.task is not None
        with pytest.raises(WorkersFailed, match=r"ended before it answered \(exit code 3\)"):
            await asyncio.wait_for(it.task, PATIENCE_S)


async def test_a_second_order_to_stop_reaches_them_too(tmp_path: Path) -> None:
    async with watched(tmp_path, fake_worker.stubborn) as it:
        await it.all_are_up()
        it.orders.sooner()
        await asyncio.sleep(0.1)
        assert it.task is not None and not it.task.done()
        it.orders.sooner()
        await asyncio.wait_for(it.task, PATIENCE_S)


def test_what_holds_for_all_is_shared_out(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, max_running=5, max_waiting=1, mean_generations=8)
    shares = [share_of(settings, number) for number in (1, 2)]
    assert [(s.max_running, s.max_waiting, s.mean_generations) for s in shares] == [
        (3, 1, 8),
        (2, 0, 8),
    ]


def test_more_workers_than_runs_and_a_database_in_memory_are_mistakes(tmp_path: Path) -> None:
    with pytest.raises(WorkersFailed, match="max_running"):
        share_of(settings_for(tmp_path, max_running=1), 1)
    with pytest.raises(WorkersFailed, match="in memory"):
        share_of(Settings(workers=2, database_url="sqlite://"), 1)


def test_workers_listen_beside_each_other_and_nobody_else_beside_them() -> None:
    with reserved("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        with (
            listening("127.0.0.1", port, beside=True),
            listening("127.0.0.1", port, beside=True),
            socket.create_connection(("127.0.0.1", port)),
        ):
            for take in (reserved, listening):
                with pytest.raises(CannotListen, match=str(port)):
                    take("127.0.0.1", port)
