"""The service in one process: engine, guard and application on a socket, until it is told to stop.

Whether the process is alone or one of several is not known here, but for what its settings say and
whether MCP may keep sessions.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from prometheus_client import CollectorRegistry

from ..storage.store import Store
from .app import create_app
from .cancelling import heeding
from .event_loop import settle
from .guard import OVERTIME_S, guard_of
from .http_terms import HttpTerms
from .keys import is_loopback, wants_keys
from .local_engine import open_engine
from .mcp.access import access_of
from .orders import Orders, Tell, Up
from .other_sites import listed_origins
from .serving import served_on
from .settings import Settings
from .telemetry.base import Observer
from .telemetry.gauges import LineGauges, StoreGauges, UpstreamGauges
from .telemetry.metrics import Metrics
from .telemetry.together import Together


async def run_service(
    settings: Settings,
    listen: Callable[[], socket.socket],
    orders: Orders,
    *,
    up: Callable[[Up], None],
    tell: Tell,
    spans: Sequence[Observer] = (),
    mcp_sessions: bool = True,
    number: int | None = None,
) -> None:
    """Serve on the socket of `listen` until `orders` say to stop, then let running answers end.

    Raises:
        StoreError: the trace database cannot be opened.
        CannotListen: the address cannot be bound.
    """
    metrics = Metrics()
    async with open_engine(settings, [metrics, *spans]) as engine:
        guard = guard_of(settings, engine.store)
        metrics.registry.register(LineGauges(guard.admission.line))
        metrics.registry.register(StoreGauges(engine.store))
        metrics.registry.register(UpstreamGauges(engine.upstreams))
        sharing: AbstractAsyncContextManager[None] = nullcontext()
        if number is not None and settings.metrics_dir is not None:
            together = Together(metrics.registry, settings.metrics_dir, number)
            metrics.shown = CollectorRegistry()
            metrics.shown.register(together)
            sharing = together.sharing()
        access = access_of(settings)
        app = create_app(
            engine,
            guard=guard,
            terms=HttpTerms(default_effort=settings.effort),
            traces=engine.store,
            mcp_access=access,
            origins=listed_origins(settings.cors_origins),
            names=access.hosts if is_loopback(settings.host) else None,
            mcp_sessions=mcp_sessions,
            upstreams=engine.upstreams,
            pages=engine.store if settings.ui else None,
            metrics=metrics,
            claims=engine.store,
        )
        async with (
            sharing,
            heeding(guard.running, engine.store),
            served_on(app, listen(), grace_s=OVERTIME_S),
        ):
            await engine.warm_up()
            settle()
            reasons = tuple(await engine.ready())  # first: it finds out which model there is
            up(Up(model=engine.model, reasons=reasons))
            await orders.stop.wait()
            if going := len(guard.running):
                tell(f"Stopping: {going} going on, at most {settings.grace_s:g} s; again: at once")
            await guard.wind_down(settings.grace_s, orders.at_once)


async def tell_of_keys(settings: Settings, store: Store, tell: Tell) -> None:
    """Say what an operator should know about who can ask."""
    if wants_keys(settings.keys, settings.host):
        if all(key.revoked_at is not None for key in await store.list_keys()):
            tell("No API key exists, so every request is refused: forethought keys create NAME")
    elif not is_loopback(settings.host):
        tell(f"Keys are off: whoever reaches {settings.host} can ask, as much as they like")
