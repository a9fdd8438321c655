"""The HTTP server inside a running event loop."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from ..nodes.errors import ForethoughtError

GRACE_S = 30.0
"""For replies that are under way when the block ends."""


class CannotListen(ForethoughtError):
    """The address is taken or not ours."""


@asynccontextmanager
async def served(
    app: FastAPI, host: str, port: int, *, grace_s: float = GRACE_S
) -> AsyncIterator[str]:
    """Serve `app` inside the block and yield its base URL; port 0 takes a free one.

    At the end of the block, replies under way have `grace_s` seconds, rounded up.

    Raises:
        CannotListen: the address cannot be bound.
    """
    listener = _bind(host, port)
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=math.ceil(grace_s))
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """A server that leaves signals to the program it runs in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # whoever comes before the server is up waits, and is not refused
    except OSError as exc:
        listener.close()
        raise CannotListen(f"cannot listen on {host}:{port}: {exc.strerror}") from exc
    return listener
