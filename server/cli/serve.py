"""`forethought serve`: the OpenAI-compatible server."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from typing import Annotated

import typer

from ...storage.store import Store
from ..app import create_app
from ..guard import OVERTIME_S, guard_of
from ..http_terms import HttpTerms
from ..keys import is_loopback, wants_keys
from ..local_engine import open_engine
from ..mcp.access import access_of
from ..serving import served
from ..settings import Settings
from ..telemetry.base import Observer
from ..telemetry.gauges import LineGauges, StoreGauges
from ..telemetry.logs import set_up_logs
from ..telemetry.metrics import Metrics
from ..telemetry.tracing import tracing
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
    set_up_logs(settings.log_format, settings.log_level)
    with one_sentence(), tracing(settings) as spans:
        asyncio.run(_serve(settings, spans))


async def _serve(settings: Settings, spans: Sequence[Observer]) -> None:
    stop, at_once = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _stop_sooner, stop, at_once)
    metrics = Metrics()
    async with open_engine(settings, [metrics, *spans]) as engine:
        guard = guard_of(settings, engine.store)
        metrics.registry.register(LineGauges(guard.admission.line))
        metrics.registry.register(StoreGauges(engine.store))
        await _tell_of_keys(settings, engine.store)
        app = create_app(
            engine,
            guard=guard,
            terms=HttpTerms(default_effort=settings.effort),
            traces=engine.store,
            mcp_access=access_of(settings),
            upstreams=engine.upstreams,
            pages=engine.store if settings.ui else None,
            metrics=metrics,
            claims=engine.store,
        )
        async with served(app, settings.host, settings.port, grace_s=OVERTIME_S) as url:
            await engine.warm_up()
            for reason in await engine.ready():
                typer.echo(f"Not ready: {reason}", err=True)
            shown = f"; its runs are at {url}/ui" if settings.ui else ""
            typer.echo(f"{engine.model} thinks at {url}/v1{shown}")
            await stop.wait()
            if going := len(guard.running):
                told = f"Stopping: {going} going on, at most {settings.grace_s:g} s; again: at once"
                typer.echo(told, err=True)
            await guard.wind_down(settings.grace_s, at_once)


def _stop_sooner(stop: asyncio.Event, at_once: asyncio.Event) -> None:
    """The first signal begins the end, the second hastens it."""
    (at_once if stop.is_set() else stop).set()


async def _tell_of_keys(settings: Settings, store: Store) -> None:
    """Say what an operator should know about who can ask."""
    if wants_keys(settings.keys, settings.host):
        if all(key.revoked_at is not None for key in await store.list_keys()):
            told = "No API key exists, so every request is refused: forethought keys create NAME"
            typer.echo(told, err=True)
    elif not is_loopback(settings.host):
        told = f"Keys are off: whoever reaches {settings.host} can ask, as much as they like"
        typer.echo(told, err=True)
