"""Our server in this process, which says on SIGUSR1 what it holds: `python server.py PORT`."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from forethought.server.event_loop import run
from forethought.server.orders import Orders, Up
from forethought.server.service import run_service
from forethought.server.serving import listening
from forethought.server.settings import Settings


def held() -> dict[str, int]:
    """Return counts of what should not grow."""
    sockets = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            sockets += os.readlink(entry).startswith("socket:")
        except OSError:  # the folder's own
            continue
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "rss_kib": pages * os.sysconf("SC_PAGE_SIZE") // 1024,
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
        "sockets": sockets,
    }


async def main(port: int) -> None:
    """Serve until SIGTERM."""
    orders = Orders()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, orders.sooner)

    def tell() -> None:
        gc.collect()
        print(json.dumps(held()), flush=True)

    loop.add_signal_handler(signal.SIGUSR1, tell)

    def up(said: Up) -> None:
        print(json.dumps({"up": said.model}), flush=True)

    def listen() -> socket.socket:
        return listening("127.0.0.1", port)

    await run_service(Settings(), listen, orders, up=up, tell=lambda told: None)


if __name__ == "__main__":
    run(main(int(sys.argv[1])))
