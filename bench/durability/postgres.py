"""A PostgreSQL cluster of its own, in a folder, on a free port of loopback, that can be stopped."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

USER = "postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One that was made."""

    binaries: Path
    data: Path
    port: int

    @property
    def url(self) -> str:
        """Of its database."""
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{USER}"

    async def start(self) -> None:
        """Start it, and return when it takes connections."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        log = str(self.data.parent / "postgres.log")
        await _run(
            self.binaries / "pg_ctl", "-D", self.data, "-w", "-l", log, "-o", options, "start"
        )

    async def stop(self) -> None:
        """Stop it at once, as a restart of its machine would."""
        await _run(self.binaries / "pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[Cluster]:
    """Make and start one; it is stopped at the end of the block."""
    made = Cluster(binaries=_binaries(), data=_home(folder) / "data", port=_free_port())
    await _run(made.binaries / "initdb", "-D", made.data, "-U", USER, "-A", "trust", "-E", "UTF8")
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


def _home(folder: Path) -> Path:
    """Return a new folder that belongs to the user who runs PostgreSQL."""
    home = folder / "postgres"
    home.mkdir()
    if os.getuid() == 0:
        folder.chmod(0o755)
        shutil.chown(home, USER)
    return home


def _binaries() -> Path:
    if found := shutil.which("initdb"):
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not versions:
        raise FileNotFoundError("PostgreSQL's initdb is not installed")
    return versions[-1].parent


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def _run(*command: object) -> None:
    """Run a command as an unprivileged user: PostgreSQL does not run as root."""
    user = USER if os.getuid() == 0 else None
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdout=asyncio.subprocess.DEVNULL,  # the server inherits it, so it must not be a pipe
        stderr=asyncio.subprocess.DEVNULL,
        user=user,
        group=None if user is None else pwd.getpwnam(user).pw_gid,
        extra_groups=None if user is None else (),
        cwd="/",
    )
    if await process.wait():
        raise RuntimeError(f"{command[0]} failed with {process.returncode}")
