import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from forethought.server.backend.child import child_environment, run_command

PARENT = """
import asyncio, pathlib, signal, sys
from forethought.server.backend.child import child

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in the background

async def main(log, *argv):
    async with child(argv, log=pathlib.Path(log), grace_s=0.2):
        print("started", flush=True)
        await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""
PAIR = """
import os, pathlib, subprocess, sys
worker = subprocess.Popen([sys.executable, "-c", sys.argv[2]])
pathlib.Path(sys.argv[1], "pids.txt").write_text(f"{os.getpid()} {worker.pid}")
worker.wait()
"""
STUBBORN = "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"


@pytest.mark.anyio
async def test_the_exit_status_and_the_output_are_the_programs_own(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "log"
    argv = [sys.executable, "-c", "import os; print(os.environ['X']); raise SystemExit(5)"]
    assert await run_command(argv, log=log, environment={"X": "from us"}) == 5
    assert await run_command(argv, log=log, environment={"X": "again"}) == 5
    assert log.read_text() == "from us\nagain\n"


@pytest.mark.anyio
async def test_a_program_that_is_not_there_is_status_127_with_its_name_in_the_log(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    assert await run_command(["/no/such/program"], log=log) == 127
    assert log.read_text() == "Error: cannot start /no/such/program: No such file or directory\n"


@pytest.mark.anyio
async def test_cancelling_ends_the_program(
    tmp_path: Path, assert_gone: Callable[[Path], None]
) -> None:
    task = asyncio.create_task(
        run_command([sys.executable, "-c", PAIR, str(tmp_path), STUBBORN], log=tmp_path / "log")
    )
    while not (tmp_path / "pids.txt").is_file() or not (tmp_path / "pids.txt").read_text():
        await asyncio.wait({task}, timeout=0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert_gone(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_a_parent_that_is_killed(
    tmp_path: Path, assert_gone: Callable[[Path], None], number: signal.Signals
) -> None:
    os.mkfifo(tmp_path / "up")
    announcing = PAIR.replace("worker.wait()", "open(sys.argv[3], 'w').close(); worker.wait()")
    program = [sys.executable, "-c", announcing, str(tmp_path), STUBBORN, str(tmp_path / "up")]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "log"), *program],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # Opening blocks until the program opens the other end, after it wrote its process ids.
    (tmp_path / "up").read_bytes()
    parent.send_signal(number)
    assert parent.wait(timeout=10) != 0
    assert_gone(tmp_path)


def test_our_python_does_not_leak_into_a_child() -> None:
    ours = {"PATH": "/bin", "PYTHONPATH": "/src", "PYTHONHOME": "/py", "VIRTUAL_ENV": "/venv"}
    assert child_environment({"A": "1"}, ours | {"PIP_CERT": "/cert"}) == {
        "PATH": "/bin",
        "PIP_CERT": "/cert",
        "PYTHONUNBUFFERED": "1",
        "A": "1",
    }
