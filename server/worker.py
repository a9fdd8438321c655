"""What runs in one of several processes that serve one port: `workers.py` starts and watches it.

It beats while its event loop turns, stops on SIGTERM, and stops when the process that started it is
gone. Ctrl-C in a terminal reaches every process there; the parent alone heeds it.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection

from ..nodes.errors import ForethoughtError
from .event_loop import run
from .orders import Beat, Orders, Up
from .service import run_service
from .serving import listening
from .settings import Settings
from .telemetry.base import Observer
from .telemetry.logs import set_up_logs
from .telemetry.tracing import tracing

BEAT_S = 2.0


def work(settings: Settings, parent: Connection, number: int) -> None:
    """Serve until told to stop; says `Up` and `Beat` to `parent`. The exit code is 1 on an error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        set_up_logs(settings.log_format, settings.log_level)
        with tracing(settings) as spans:
            run(_work(settings, parent, number, spans))
    except ForethoughtError as exc:
        _tell(number, f"Error: {exc}")
        sys.exit(1)


async def _work(
    settings: Settings, parent: Connection, number: int, spans: Sequence[Observer]
) -> None:
    loop, orders = asyncio.get_running_loop(), Orders()
    loop.add_signal_handler(signal.SIGTERM, orders.sooner)

    def orphaned() -> None:
        loop.remove_reader(parent.fileno())
        orders.stop.set()

    def say(news: Up | Beat) -> None:
        with suppress(OSError):  # the parent is gone, which `orphaned` hears of
            parent.send(news)

    async def beating() -> None:
        while True:
            say(Beat())
            await asyncio.sleep(BEAT_S)

    loop.add_reader(parent.fileno(), orphaned)  # the parent never writes: this is its end
    heart = asyncio.create_task(beating())
    try:
        await run_service(
            settings,
            lambda: listening(settings.host, settings.port, beside=True),
            orders,
            up=say,
            tell=lambda told: _tell(number, told),
            spans=spans,
            mcp_sessions=False,
            number=number,
        )
    finally:
        heart.cancel()
        loop.remove_reader(parent.fileno())


def _tell(number: int, told: str) -> None:
    print(f"worker {number}: {told}", file=sys.stderr, flush=True)  # noqa: T201  # to the operator
