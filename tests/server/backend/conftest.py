from __future__ import annotations

import json
import os
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import pytest

from fake_setup import FakeRun, RecordingReport, write_fake_python


@pytest.fixture
def report() -> RecordingReport:
    return RecordingReport()


@pytest.fixture
def fake_run() -> FakeRun:
    return FakeRun()


@pytest.fixture
def fake_python(tmp_path: Path) -> Path:
    return write_fake_python(tmp_path / "environment")


PORTS = cycle(range(20_000, 30_000, 2))
"""Below those that systems give to sockets bound to port 0, which other tests get meanwhile."""
for _ in range(os.getpid() % 5_000):  # processes that test at once begin at different ones
    next(PORTS)


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port that nobody has, and neither the one after it; no other test gets them meanwhile."""
    with ExitStack() as claims:
        yield next(p for p in PORTS if _claimed(p, claims) and _claimed(p + 1, claims))


def _claimed(port: int, claims: ExitStack) -> bool:
    """Keep tests of other processes off a port that is free, by the UDP port of the same number."""
    claim = claims.enter_context(socket.socket(type=socket.SOCK_DGRAM))
    with socket.socket() as probe:
        try:
            claim.bind(("127.0.0.1", port))
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.fixture
def make_model(tmp_path: Path) -> Callable[[str], Path]:
    def make(behaviour: str) -> Path:
        folder = tmp_path / "a-model"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"behaviour": behaviour}))
        return folder

    return make


@pytest.fixture
def assert_gone() -> Callable[[Path], None]:
    """Wait until both processes of a fake server have ended."""

    def check(model: Path) -> None:
        pids = [int(pid) for pid in (model / "pids.txt").read_text().split()]
        assert len(pids) == 2
        for pid in pids:
            try:
                descriptor = os.pidfd_open(pid)
            except ProcessLookupError:
                continue
            try:
                ended, _, _ = select.select([descriptor], [], [], 10.0)
            finally:
                os.close(descriptor)
            assert ended, f"process {pid} outlived its parent"

    return check
