"""Where journals are, and whose they are.

Beside a SQLite file `traces.db` is the folder `traces.db.journal`; for PostgreSQL there is one in the
user's data folder for each database. In it every process that writes has a folder of its own, held by
a lock of the operating system, which ends with the process however it ends: a journal whose lock can
be had belongs to nobody any more, and whoever gets the lock writes its rows.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import uuid_utils
from platformdirs import user_data_path

from .database import parse_url

LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Claim:
    """A folder that nobody else writes to as long as it is not released."""

    folder: Path
    lock: int
    """Descriptor of the locked file."""

    def remove(self) -> None:
        """Remove the folder, unless it holds more than its lock."""
        (self.folder / LOCK).unlink(missing_ok=True)
        with suppress(OSError):  # somebody looked in, and made the lock anew: they will remove it
            self.folder.rmdir()

    def release(self) -> None:
        """Let others have it."""
        os.close(self.lock)


def journals_of(url: str | None, base: Path | None = None) -> Path | None:
    """Return the folder of the journals of a database; None for one that is in memory.

    Args:
        url: Of the database; None is the default one.
        base: Instead of the user's data folder and of the folder of the SQLite file.
    """
    parsed = parse_url(url)
    named = f"{parsed.host}:{parsed.port}/{parsed.database}"
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database.startswith((":memory:", "file:")):
            return None
        path = Path(parsed.database).absolute()
        if base is None:
            return path.with_name(f"{path.name}.journal")
        named = str(path)
    base = base or user_data_path("forethought") / "journals"
    return base / hashlib.sha256(named.encode()).hexdigest()[:16]


def claim_new(journals: Path) -> Claim:
    """Return a new folder in `journals`, which is made.

    Raises:
        OSError: it cannot be made.
    """
    name = str(uuid_utils.uuid7())
    making = journals / f".{name}"  # no journal yet, so nobody takes it for one without an owner
    making.mkdir(parents=True, mode=0o700)
    lock = _locked(making)
    if lock is None:
        raise BlockingIOError(f"{making} is locked")
    return Claim(making.rename(journals / name), lock)


def claim_abandoned(journals: Path) -> Iterator[Claim]:
    """Yield the journals that nobody owns any more, oldest first; each is claimed when its turn is."""
    try:
        folders = sorted(path for path in journals.iterdir() if _is_journal(path))
    except FileNotFoundError:
        return
    for folder in folders:
        try:
            lock = _locked(folder)
        except OSError:  # it went while we looked
            continue
        if lock is not None:
            yield Claim(folder, lock)


def _is_journal(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")


def _locked(folder: Path) -> int | None:
    """Return the descriptor of the lock of `folder`; None where somebody else has it."""
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
