"""`forethought serve`: the OpenAI-compatible server, in one process or in several."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from ...storage.store import Store
from ..event_loop import run
from ..orders import Orders, Up
from ..service import run_service, tell_of_keys
from ..serving import listening, reserved, url_of
from ..settings import Settings
from ..telemetry.base import Observer
from ..telemetry.logs import set_up_logs
from ..telemetry.tracing import tracing
from ..worker import work
from ..workers import Workers
from .failing import one_sentence, read_settings


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to bind to.", show_default=False)
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to bind to.", show_default=False)
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that serve; 1 by default.", show_default=False),
    ] = None,
) -> None:
    """Serve /v1/chat/completions until Ctrl-C; settings come from FORETHOUGHT_* variables."""
    options = (("host", host), ("port", port), ("workers", workers))
    chosen = {name: value for name, value in options if value is not None}
    settings = read_settings().model_copy(update=chosen)
    set_up_logs(settings.log_format, settings.log_level)
    with one_sentence(), tracing(settings) as spans:
        run(_serve(settings, spans))


async def _serve(settings: Settings, spans: Sequence[Observer]) -> None:
    orders = Orders()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, orders.sooner)
    store = await Store.open(  # migrates, before any worker is there
        settings.database_url,
        journal_dir=settings.journal_dir,
        journal_bytes=settings.journal_mb * 1024 * 1024,
    )
    try:
        await tell_of_keys(settings, store, _tell)
    finally:
        await store.close()
    take = reserved if settings.workers > 1 else listening
    with take(settings.host, settings.port) as bound:
        settings = settings.model_copy(update={"port": bound.getsockname()[1]})
        url = url_of(settings.host, bound)

        def up(said: Up) -> None:
            for reason in said.reasons:
                _tell(f"Not ready: {reason}")
            shown = f"; its runs are at {url}/ui" if settings.ui else ""
            several = f" in {settings.workers} workers" if settings.workers > 1 else ""
            typer.echo(f"{said.model} thinks at {url}/v1{several}{shown}")

        if settings.workers == 1:
            await run_service(settings, lambda: bound, orders, up=up, tell=_tell, spans=spans)
            return
        with TemporaryDirectory(prefix="forethought-metrics-") as made:
            shared = settings.metrics_dir or Path(made)
            settings = settings.model_copy(update={"metrics_dir": shared})
            await Workers(settings, work, tell=_tell).run(orders, up)


def _tell(told: str) -> None:
    typer.echo(told, err=True)
