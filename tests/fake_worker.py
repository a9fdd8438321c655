"""Workers that serve nothing, for the tests of who starts and watches them.

A worker writes a line "NUMBER PID" into the file that its settings name as `cache_dir`, then does what
its function says. Each is run by a process of its own.
"""

import os
import signal
import sys
import time
from multiprocessing.connection import Connection

from forethought.server.orders import Beat, Up
from forethought.server.settings import Settings


def _here(settings: Settings, number: int) -> None:
    assert settings.cache_dir is not None
    with settings.cache_dir.open("a") as file:
        file.write(f"{number} {os.getpid()} {settings.max_running} {settings.max_waiting}\n")


def steady(settings: Settings, parent: Connection, number: int) -> None:
    """Is up, beats, and ends by SIGTERM with 0."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _here(settings, number)
    parent.send(Up(model="small", reasons=()))
    while True:
        parent.send(Beat())
        time.sleep(0.02)


def silent(settings: Settings, parent: Connection, number: int) -> None:
    """Is up, and says nothing any more; the first one alone."""
    assert settings.cache_dir is not None
    try:
        settings.cache_dir.with_suffix(".first").touch(exist_ok=False)
    except FileExistsError:
        return steady(settings, parent, number)
    _here(settings, number)
    parent.send(Up(model="small", reasons=()))
    time.sleep(600)


def failing(settings: Settings, parent: Connection, number: int) -> None:
    """Ends before it is up."""
    sys.exit(3)


def stubborn(settings: Settings, parent: Connection, number: int) -> None:
    """Is up, and ends by the second SIGTERM only."""
    told: list[int] = []

    def term(*_: object) -> None:
        told.append(1)
        if len(told) == 2:
            sys.exit(0)

    signal.signal(signal.SIGTERM, term)
    _here(settings, number)
    parent.send(Up(model="small", reasons=()))
    while True:
        parent.send(Beat())
        time.sleep(0.02)
