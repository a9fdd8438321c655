"""Every limit is shown on a real process, where the system has what the locks need."""

import asyncio
import os
import socket
import sys

import pytest

from forethought.nodes.verifiers.locked import Limits, NotLocked, Ran, run_locked

pytestmark = pytest.mark.anyio
LIMITS = Limits(wall_s=60)
HERE = os.path.abspath(__file__)


def lockable() -> bool:
    try:
        return asyncio.run(run_locked("print(1)", LIMITS)).output == b"1\n"
    except NotLocked:
        return False


needs_locks = pytest.mark.skipif(not lockable(), reason="no namespaces for this user here")


async def ran(program: str, limits: Limits = LIMITS) -> Ran:
    return await run_locked(program, limits)


@needs_locks
async def test_a_program_runs_and_says_how_it_ended() -> None:
    assert await ran("print('hello')") == Ran(output=b"hello\n", errors=b"", status=0)
    assert (await ran("import sys; sys.exit(3)")).status == 3
    assert (await ran("import sys; sys.exit(97)")).status == 96  # never taken for our own word
    failed = await ran("1 / 0")
    assert (failed.status, b"ZeroDivisionError" in failed.errors) == (1, True)
    assert (await ran("import os, signal; os.kill(os.getpid(), 11)")).status in (0, 139)


@needs_locks
async def test_there_is_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        tried = await ran(
            "import socket\n"
            f"try: socket.create_connection(('127.0.0.1', {port}), 5); print('connected')\n"
            "except OSError: print('refused')\n"
            "print([name for _, name in socket.if_nameindex()])"
        )
    assert tried.output == b"refused\n['lo']\n"


@needs_locks
async def test_memory_ends() -> None:
    program = "try: x = bytearray(400 * 2**20); print('had')\nexcept MemoryError: print('none')"
    assert (await ran(program, Limits(wall_s=60, memory=256 * 2**20))).output == b"none\n"
    assert (await ran(program, Limits(wall_s=60, memory=2**30))).output == b"had\n"


@needs_locks
async def test_processor_time_ends() -> None:
    assert (await ran("while True: pass", Limits(wall_s=60, cpu_s=1))).status == 137


@needs_locks
async def test_wall_time_ends() -> None:
    slow = await ran("import time; print('on', flush=True); time.sleep(900)", Limits(wall_s=1.5))
    assert (slow.status, slow.output) == (None, b"on\n")


@needs_locks
async def test_processes_end() -> None:
    program = (
        "import os, time\n"
        "made = 0\n"
        "try:\n"
        "    for made in range(100):\n"
        "        if os.fork() == 0: time.sleep(900)\n"
        "except BlockingIOError: print(made)"
    )
    assert int((await ran(program, Limits(wall_s=60, processes=5))).output) <= 5


@needs_locks
async def test_files_end() -> None:
    program = (
        "try:\n"
        "    with open('big', 'wb') as f: f.write(b'x' * 2000)\n"
        "except OSError as e: print(e.errno)\n"
        "try: held = [open(f'{i}', 'w') for i in range(100)]\n"
        "except OSError as e: print(e.errno)"
    )
    assert (await ran(program, Limits(wall_s=60, file_size=1500))).output == b"27\n24\n"


@needs_locks
async def test_the_disk_ends() -> None:
    program = (
        "try:\n"
        "    for i in range(100):\n"
        "        with open(f'{i}', 'wb') as f: f.write(b'x' * 900_000)\n"
        "except OSError as e: print(e.errno)"
    )
    assert (await ran(program, Limits(wall_s=60, disk=4 * 2**20))).output == b"28\n"


@needs_locks
async def test_output_ends() -> None:
    loud = await ran("while True: print('x' * 1000)", Limits(wall_s=60, output=5000))
    assert (loud.status, len(loud.output)) == (None, 5000)


@needs_locks
async def test_nothing_of_the_outside_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "key")
    seen = await ran(
        "import os\n"
        "print('SECRET' in os.environ, os.getcwd(), os.path.exists('/proc/1'),\n"
        f"      os.path.exists({HERE!r}), os.getpid(), os.listdir('.'))\n"
        "try: open('/usr/mine', 'w')\n"
        "except OSError as e: print(e.errno)"
    )
    assert seen.output == b"False /work False False 1 ['main.py']\n30\n"


@needs_locks
async def test_a_process_that_hides_dies_with_the_program() -> None:
    program = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        print('hidden', flush=True)\n"
        "        time.sleep(900)\n"
        "    os._exit(0)\n"
        "time.sleep(900)"
    )
    # its end of the pipe is closed, or this would wait for it
    assert (await ran(program, Limits(wall_s=2))).output == b"hidden\n"


async def test_what_cannot_be_locked_up_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotLocked, match="cannot be locked up"):
        await ran("print('ran')", Limits(disk=-1, wall_s=60))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert (await run_locked("print('ran')")).output == b""
