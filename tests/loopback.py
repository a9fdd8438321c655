"""Serves an ASGI app on a free loopback port, in a thread with its own event loop.

Knows nothing of the app. Stops at once: connections are aborted, not drained.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Self, TypeVar

import uvicorn
from starlette.types import ASGIApp

T = TypeVar("T")
PATIENCE_S = 60.0
"""How long anything here is waited for before the test fails."""


class Loopback:
    """`with Loopback(app) as server: server.url`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._socket = socket.create_server(("127.0.0.1", 0))
        # Inherited by its connections: asyncio sets it only on sockets that name their protocol.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._up: Future[asyncio.AbstractEventLoop] = Future()
        self._server: uvicorn.Server | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._up.result(PATIENCE_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the server did not stop"

    def kill(self) -> None:
        """Close the port and abort every connection, from any thread; twice is once."""
        loop = self._up.result(PATIENCE_S)
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._abort)

    def call(self, work: Coroutine[object, object, T]) -> Future[T]:
        """Run `work` on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._up.result(PATIENCE_S))

    def _abort(self) -> None:
        assert self._server and self._stop
        for listener in self._server.servers:
            listener.close()
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        self._stop.set()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._up.done():
                raise
            self._up.set_exception(error)
            raise

    async def _serve(self) -> None:
        # Uvicorn's own main loop and shutdown poll every 0.1 s; a test suite starts hundreds.
        config = uvicorn.Config(self._app, ws="none", log_config=None, log_level=100)
        config.load()
        self._stop = asyncio.Event()
        self._server = server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[self._socket])
        self._up.set_result(asyncio.get_running_loop())
        await self._stop.wait()
        if tasks := set(server.server_state.tasks):
            _, pending = await asyncio.wait(tasks, timeout=PATIENCE_S)
            for task in pending:
                task.cancel()
        await server.lifespan.shutdown()
