"""Programs started by this one, which never outlive it.

Each runs under scripts/supervise.py in a process group of its own: closing the supervisor's input,
or the death of this process, ends the whole group. This is the one place where the environment of
this process is read, because a child inherits it; what would make another Python find our packages
is left out.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

SUPERVISE = Path(__file__).parent / "scripts" / "supervise.py"
GRACE_S = 15.0
"""How long a program may take to end after SIGTERM. vLLM takes 1 to 3 s."""
_OURS = ("VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "__PYVENV_LAUNCHER__", "CONDA_PREFIX")


def child_environment(
    added: Mapping[str, str], inherited: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the environment for a child: `inherited` (ours) without our Python's, then `added`."""
    source = os.environ if inherited is None else inherited
    kept = {
        name: value
        for name, value in source.items()
        if name not in _OURS and not name.startswith("PYTHON")
    }
    return kept | {"PYTHONUNBUFFERED": "1"} | dict(added)


@asynccontextmanager
async def child(
    argv: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    grace_s: float = GRACE_S,
) -> AsyncIterator[Process]:
    """Yield the supervisor of a running program; it is ended, with its group, on the way out.

    Output is appended to `log`. The supervisor's `returncode` is the program's.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(SUPERVISE),
            str(grace_s),
            *argv,
            stdin=PIPE,
            stdout=output,
            stderr=output,
            env=child_environment(environment or {}),
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


async def run_command(
    argv: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
) -> int:
    """Run a program to its end and return its exit status; see `base.RunCommand`."""
    async with child(argv, log=log, environment=environment) as process:
        return await process.wait()
