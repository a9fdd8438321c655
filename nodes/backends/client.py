"""The connection to one model server: pooled, JSON in and bytes out, with every failure one of our errors.

A request costs a third of what a general client of the API takes for it, and a streamed one a fifteenth
(docs/lab-log.md, 2026-11-27), since nothing is built from a reply that nobody reads (`wire.py`). Requests are never repeated here: whoever asks knows whether another
try pays. Leaving a call, or a stream, closes its connection, which ends the generation at the server.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Any, Self
from urllib.request import getproxies

import aiohttp
import msgspec

from ..errors import BackendError, BackendGarbled, BackendRejected, BackendTimeout, PromptTooLong

CONNECT_TIMEOUT_S = 10.0
"""A starved machine takes seconds to accept one; a request that got none is made again."""
REQUEST_TIMEOUT_S = 600.0
KEEP_ALIVE_S = 4.0
"""Servers drop a connection that idles for 5 s; one that is dropped while it is used loses a request."""
_HEADERS = {"content-type": "application/json"}


class Answered(Exception):
    """A reply with an error status; the cause of the error of ours that it becomes."""

    def __init__(self, status_code: int, message: str, param: str | None) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.message = message
        self.param = param


class ModelServer:
    """A server by its base URL. Paths that begin with a slash are at its root, where vLLM's own routes
    are; all others are under the base URL. It belongs to the event loop that first asks it. What goes
    wrong is raised as it is: whoever asks does so inside `mapped_errors`."""

    def __init__(self, base_url: str, *, api_key: str | None, timeout_s: float) -> None:
        self.base_url = base_url.rstrip("/")
        self.root = self.base_url.removesuffix("/v1")
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=timeout_s
        )
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str, *, timeout_s: float | None = None) -> bytes:
        """Return what is at a path; `timeout_s` is for all of it."""
        limit = self._timeout if timeout_s is None else aiohttp.ClientTimeout(total=timeout_s)
        async with self._open().get(self._url(path), timeout=limit) as reply:
            return await _whole(reply)

    async def post(self, path: str, body: Mapping[str, Any]) -> bytes:
        """Post JSON, and return the whole reply."""
        async with self._open().post(self._url(path), data=_json(body)) as reply:
            return await _whole(reply)

    @asynccontextmanager
    async def stream(
        self, path: str, body: Mapping[str, Any]
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Post JSON, and give the data of the reply's server-sent events as they come."""
        async with self._open().post(self._url(path), data=_json(body)) as reply:
            if reply.status >= 400:
                await _whole(reply)
            async with aclosing(_events(reply.content)) as events:
                yield events

    async def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    def _open(self) -> aiohttp.ClientSession:
        """Return the session. It looks for proxies, once a request and in a thread, where there are any."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S),
                timeout=self._timeout,
                headers=_HEADERS | self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=not {"http", "https", "all"}.isdisjoint(getproxies()),
            )
        return self._session

    def _url(self, path: str) -> str:
        return f"{self.root}{path}" if path.startswith("/") else f"{self.base_url}/{path}"


def new_client(
    base_url: str, *, api_key: str | None = None, timeout_s: float = REQUEST_TIMEOUT_S
) -> ModelServer:
    """Return a client for a server's base URL; `timeout_s` is between two pieces of a reply."""
    return ModelServer(base_url, api_key=api_key, timeout_s=timeout_s)


def read_json(data: bytes) -> Any:
    """Return the value that a reply holds.

    Raises:
        msgspec.DecodeError: it holds none; `mapped_errors` knows it.
    """
    return msgspec.json.decode(data)


@contextmanager
def mapped_errors(server: str) -> Iterator[None]:
    """Turn what a request and the reading of its reply raise into our errors; `server` names it."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as exc:
        raise BackendError(f"{server} took no connection in {CONNECT_TIMEOUT_S:g} s") from exc
    except TimeoutError as exc:
        raise BackendTimeout(f"{server} did not answer in time") from exc
    except Answered as exc:
        raise status_error(server, exc.status_code, exc.message, exc.param) from exc
    except (aiohttp.ClientError, OSError) as exc:
        reason = exc.os_error if isinstance(exc, aiohttp.ClientConnectorError) else exc
        raise BackendError(f"{server} could not be reached: {reason}") from exc
    except (
        msgspec.DecodeError,
        AttributeError,
        TypeError,
        KeyError,
        IndexError,
        ValueError,
    ) as exc:
        raise BackendGarbled(f"{server} answered something that is not its protocol") from exc


def raise_error(error: Any) -> None:
    """Raise what a server says in a stream that has begun.

    Raises:
        Answered: `mapped_errors` knows it.
    """
    message, param, code = _said(error)
    raise Answered(code or 500, message, param)


def _json(body: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can only hold escaped
        return json.dumps(body).encode()


async def _whole(reply: aiohttp.ClientResponse) -> bytes:
    data = await reply.read()
    if reply.status < 400:
        return data
    try:
        said = msgspec.json.decode(data)
    except msgspec.DecodeError:
        said = data[:300].decode("utf-8", "replace")
    message, param, _ = _said(said.get("error", said) if isinstance(said, dict) else said)
    raise Answered(reply.status, message, param)


def _said(error: Any) -> tuple[str, str | None, int | None]:
    """Return the message, the parameter and the status of an error, in any of the forms in use."""
    if not isinstance(error, dict):
        return str(error), None, None
    message = error.get("message") or error.get("detail") or error
    param, code = error.get("param"), error.get("code")
    return (
        str(message),
        param if isinstance(param, str) else None,
        code if isinstance(code, int) and code >= 400 else None,
    )


async def _events(content: aiohttp.StreamReader) -> AsyncGenerator[bytes]:
    """Yield the data of each event, one line each as all servers send it, but for the last `[DONE]`.

    What follows it is read to its end, so that the connection can be used again.
    """
    rest = b""
    async for data in content.iter_any():
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                event = line[5:].strip()
                if event != b"[DONE]":
                    yield event


def status_error(server: str, status: int, message: str, param: str | None) -> BackendError:
    """Return our error for one that a server answered with."""
    text = f"{server} answered {status}: {message}"
    if status in (408, 504):
        return BackendTimeout(text)
    if status >= 500 or status == 429:
        return BackendError(text)
    if "context length" in message or param == "input_tokens":
        return PromptTooLong(text)
    return BackendRejected(text)
