from pathlib import Path

import pytest

from fake_setup import RecordingReport
from forethought.server.backend.lock import exclusive
from forethought.server.backend.together import together

pytestmark = pytest.mark.anyio


async def test_the_second_waits_until_the_first_is_done(
    tmp_path: Path, report: RecordingReport
) -> None:
    order: list[str] = []

    async def hold(name: str) -> None:
        async with exclusive(tmp_path / "lock", report, poll_s=0.001):
            order.append(f"{name} in")
            order.append(f"{name} out")

    async with exclusive(tmp_path / "lock", report):
        waiting = together([hold("second")])
        order.append("first out")
    await waiting
    assert order == ["first out", "second in", "second out"]
