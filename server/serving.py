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
    listener = listening(host, port)
    url = url_of(host, listener)
    async with served_on(app, listener, grace_s=grace_s):
        yield url


@asynccontextmanager
async def served_on(
    app: FastAPI, listener: socket.socket, *, grace_s: float = GRACE_S
) -> AsyncIterator[None]:
    """Serve `app` inside the block, on a socket that listens; it is closed at the end."""
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=math.ceil(grace_s))
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def url_of(host: str, listener: socket.socket) -> str:
    """Return the base URL of what listens there."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"


class _Server(uvicorn.Server):
    """A server that leaves signals to the program it runs in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def listening(host: str, port: int, *, beside: bool = False) -> socket.socket:
    """Return a socket that listens at the address; port 0 takes a free one.

    Args:
        host: The address.
        port: The port.
        beside: Others listen there too, and the kernel spreads new connections evenly over all.

    Raises:
        CannotListen: the address cannot be bound.
    """
    listener = _bound(host, port, beside=beside)
    listener.listen()  # whoever comes before the server is up waits, and is not refused
    return listener


def reserved(host: str, port: int) -> socket.socket:
    """Return a socket that holds the address for those who listen `beside` each other there.

    It takes no connection itself.

    Raises:
        CannotListen: the address cannot be bound, or somebody listens there.
    """
    with _bound(host, port, beside=False) as alone:
        port = alone.getsockname()[1]
    return _bound(host, port, beside=True)


def _bound(host: str, port: int, *, beside: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small pieces at once (TCP_NODELAY) only where the socket names its protocol
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if beside:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind((host, port))
    except OSError as exc:
        bound.close()
        raise CannotListen(f"cannot listen on {host}:{port}: {exc.strerror}") from exc
    return bound
