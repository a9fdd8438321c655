"""`forethought mcp`: the MCP tools over stdin and stdout, with the engine in the same process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import AsyncExitStack

import anyio
import typer
from mcp.server.stdio import stdio_server

from ..local_engine import LocalEngine, open_engine
from ..mcp.tools import build_server
from ..settings import Settings
from .failing import one_sentence, read_settings


def mcp() -> None:
    """Serve the MCP tools `think` and `read_trace` over stdin and stdout until stdin closes."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    settings = read_settings()
    with one_sentence():
        asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    """Serve until stdin closes or a signal comes. While it does, stdout is the protocol's alone: the
    SDK points file descriptor 1 at stderr."""
    async with AsyncExitStack() as closing:
        engine = await closing.enter_async_context(open_engine(settings))
        server = build_server(engine, traces=engine.store, default_effort=settings.effort)
        async with stdio_server() as (read, write):
            preparing = asyncio.create_task(_prepare(engine))
            with anyio.CancelScope() as serving:
                for number in (signal.SIGINT, signal.SIGTERM):
                    asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
                await server.run(read, write, server.create_initialization_options())
            preparing.cancel()
            await asyncio.wait({preparing})
            if serving.cancel_called:
                await closing.aclose()
                sys.stderr.flush()
                os._exit(0)  # a thread of the SDK waits for a line from stdin, and for that alone


async def _prepare(engine: LocalEngine) -> None:
    """Do what would make the first question wait, and say what is not ready."""
    await engine.warm_up()
    for reason in await engine.ready():
        typer.echo(f"Not ready: {reason}", err=True)
