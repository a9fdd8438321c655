"""`forethought serve`: the OpenAI-compatible server."""

from __future__ import annotations

import asyncio
import signal
from typing import Annotated

import typer

from ..app import create_app
from ..local_engine import open_engine
from ..serving import served
from ..settings import Settings
from .failing import one_sentence, read_settings


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to bind to.", show_default=False)
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to bind to.", show_default=False)
    ] = None,
) -> None:
    """Serve /v1/chat/completions until Ctrl-C; settings come from FORETHOUGHT_* variables."""
    chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = read_settings().model_copy(update=chosen)
    with one_sentence():
        asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_engine(settings) as engine:
        app = create_app(engine, default_effort=settings.effort)
        async with served(app, settings.host, settings.port) as url:
            await engine.warm_up()
            for reason in await engine.ready():
                typer.echo(f"Not ready: {reason}", err=True)
            typer.echo(f"{engine.model} thinks at {url}/v1")
            await stop.wait()
