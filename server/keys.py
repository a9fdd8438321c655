"""Lets requests in: reads `Authorization: Bearer`, and says who asks.

A key that was found is believed for a few seconds, so that not every request waits for the
database; that is how long a revoked one lives. While the database cannot be asked, a key is believed
for longer, so that who was let in before is let in during an outage. A wrong key is never remembered.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..nodes.errors import ForethoughtError, StoreError
from ..storage.keys import ApiKey
from .errors import Refusal, refusal_of
from .pages.door import authorization, is_open, is_page, to_key_form
from .visit import VISIT, Visit

KeysWanted = Literal["auto", "required", "off"]
OPEN = frozenset({"/healthz", "/readyz"})
"""Asked by machines that hold no key, and telling nothing that is not theirs to know."""
TRACE_CONTEXT = ("traceparent", "tracestate")
BELIEVED_S = 3.0
BELIEVED_IN_OUTAGE_S = 600.0
"""Since the database confirmed it last."""
PATIENCE_S = 2.0
"""How long a database that hangs may hold up a request whose key was believed."""
MOST_BELIEVED = 1024


class KeyStore(Protocol):
    """Knows the keys. Implementation: `storage.store.Store`."""

    async def find_key(self, secret: str) -> ApiKey | None:
        """Return the key that `secret` is; None for a wrong or a revoked one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Believed:
    key: ApiKey
    since: float
    """When the database confirmed it last."""


class Keys:
    """Says whose a request is."""

    def __init__(self, store: KeyStore, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._believed: dict[bytes, _Believed] = {}
        """By the hash of a key: the keys themselves are not kept."""

    async def read(self, authorization: str | None) -> ApiKey:
        """Return the key in an `Authorization` header.

        Raises:
            Refusal: 401; there is none, or it is wrong or revoked.
            StoreError: the keys cannot be read.
        """
        scheme, _, secret = (authorization or "").partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            raise _unknown("no API key was given; send it as `Authorization: Bearer KEY`")
        digest, now = hashlib.sha256(secret.encode()).digest(), self._clock()
        believed = self._believed.get(digest)
        if believed is not None and now < believed.since + BELIEVED_S:
            return believed.key
        try:
            async with asyncio.timeout(PATIENCE_S if believed is not None else None):
                key = await self._store.find_key(secret)
        except (StoreError, TimeoutError) as exc:
            if believed is None or now >= believed.since + BELIEVED_IN_OUTAGE_S:
                raise StoreError(f"the keys cannot be read: {exc or 'no answer'}") from exc
            return believed.key
        self._believed.pop(digest, None)
        if key is None:
            raise _unknown("the API key is wrong or revoked")
        while len(self._believed) >= MOST_BELIEVED:
            del self._believed[next(iter(self._believed))]
        self._believed[digest] = _Believed(key=key, since=now)
        return key


class Door:
    """ASGI middleware: every request but those of `OPEN` needs a key, where keys are wanted.

    A page for people takes its key from a cookie, too, and leads to a form where it has none.
    """

    def __init__(self, app: ASGIApp, *, keys: Keys | None, pages: bool = False) -> None:
        self._app = app
        self._keys = keys
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in, or refuse it."""
        if scope["type"] != "http":  # a lifespan; there are no web sockets
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]
        visit = Visit(
            path=path,
            idempotency_key=headers.get("idempotency-key"),
            trace_context={n: headers[n] for n in TRACE_CONTEXT if n in headers},
        )
        page = self._pages and (is_page(path) or path == "/")
        asks = path not in OPEN and scope["method"] != "OPTIONS"  # pages ask that without
        if self._keys is not None and asks and not (page and is_open(path)):
            told = headers.get("authorization") or (authorization(headers) if page else None)
            try:
                visit.key = await self._keys.read(told)
            except (Refusal, ForethoughtError) as error:
                refusal = refusal_of(error)
                away = to_key_form(scope) if page and refusal.status == 401 else _refused(refusal)
                await away(scope, receive, send)
                return
        token = VISIT.set(visit)
        try:
            await self._app(scope, receive, _telling(visit, send))
        finally:
            VISIT.reset(token)


def wants_keys(wanted: KeysWanted, host: str) -> bool:
    """Say whether a server bound to `host` asks for keys; `auto` is wherever others can reach it."""
    return wanted == "required" or (wanted == "auto" and not is_loopback(host))


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches `host`. A name other than localhost may be anything."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _telling(visit: Visit, send: Send) -> Send:
    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start" and visit.headers:
            MutableHeaders(scope=message).update(visit.headers)
        await send(message)

    return tell


def _unknown(message: str) -> Refusal:
    return Refusal(status=401, message=message, code="invalid_api_key")


def _refused(refusal: Refusal) -> JSONResponse:
    headers = {"www-authenticate": "Bearer"} if refusal.status == 401 else None
    return JSONResponse(refusal.body(), status_code=refusal.status, headers=headers)
