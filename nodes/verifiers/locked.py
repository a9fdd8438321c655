"""Runs a Python program that nobody trusts, in a process that is locked up (`locked_child.py`).

Linux only (5.12 or later), as root or where users may make namespaces. Where the locks cannot be had
nothing is run: there is no weaker mode. What the program writes is bounded in memory and read as bytes.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import ForethoughtError

_CHILD = Path(__file__).with_name("locked_child.py")
_UNLOCKED = 97
"""The same as there. Not imported: that file is for Linux alone."""


class NotLocked(ForethoughtError):
    """The locks cannot be had here, so nothing was run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a program may use."""

    wall_s: float = 10.0
    cpu_s: int = 5
    """Of each of its processes."""
    memory: int = 512 * 2**20
    """Bytes of address space of each of its processes."""
    processes: int = 8
    file_size: int = 2**20
    """Bytes of one file."""
    disk: int = 16 * 2**20
    """Bytes of its folder, which is in memory and gone afterwards."""
    files: int = 32
    """Open at once."""
    output: int = 64 * 2**10
    """Bytes; a program that writes more is ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What became of a program."""

    output: bytes
    """From its standard output, as far as it came."""
    errors: bytes
    """The same of its standard error."""
    status: int | None
    """Exit status, 128 and more for a signal; None when it was ended at a limit of ours."""


async def run_locked(program: str, limits: Limits | None = None) -> Ran:
    """Run `program` to its end or to its limits; nothing of it is left.

    Raises:
        NotLocked: the locks cannot be had here.
    """
    limits = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="locked-") as root:
        given = json.dumps({**asdict(limits), "root": root})
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", "-B", str(_CHILD), given),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={},
        )
        try:
            ran = await _watched(process, program.encode("utf-8", "replace"), limits)
        finally:
            with suppress(ProcessLookupError):
                process.kill()  # its child is the first of its namespace: all others die with it
            await process.communicate()  # to the end of its pipes, which `wait` alone does not read
    if ran.status == _UNLOCKED:
        raise NotLocked(ran.errors.decode(errors="replace") or "cannot be locked up here")
    return ran


async def _watched(process: asyncio.subprocess.Process, program: bytes, limits: Limits) -> Ran:
    pipes: Any = process  # all three are pipes, so none is None
    output, errors = bytearray(), bytearray()
    try:
        async with asyncio.timeout(limits.wall_s), asyncio.TaskGroup() as group:
            group.create_task(_write(pipes.stdin, program))
            group.create_task(_read(pipes.stdout, output, limits.output))
            group.create_task(_read(pipes.stderr, errors, limits.output))
            status: int | None = await process.wait()
    except (TimeoutError, ExceptionGroup):
        status = None
    return Ran(output=bytes(output), errors=bytes(errors), status=status)


class _TooMuch(Exception):
    """It writes without end."""


async def _write(pipe: asyncio.StreamWriter, program: bytes) -> None:
    with suppress(ConnectionError):  # the locks failed before it was read
        pipe.write(program)
        await pipe.drain()
    pipe.close()


async def _read(pipe: asyncio.StreamReader, into: bytearray, most: int) -> None:
    while piece := await pipe.read(most):
        into += piece[: most - len(into)]
        if len(into) >= most:
            raise _TooMuch
