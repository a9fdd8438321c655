"""What a group asks of each of its servers, and the one that is reached over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ...errors import BackendError, BackendRejected
from ..client import ModelServer, mapped_errors, read_json
from ..probe import served_models
from .load import Load, read_load

T = TypeVar("T")
PROBE_TIMEOUT_S = 5.0
_HELLO = [{"role": "user", "content": "Say yes."}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What has to be the same on all servers of a role."""

    model: str
    """The name it is served under."""
    tokens: tuple[int, ...] | None = None
    """Of a short conversation by its own tokenizer and template; None where it does not show them."""

    def differs(self, wanted: Identity) -> str | None:
        """Return why it is not what is wanted; None where it is."""
        if self.model != wanted.model:
            return f"serves {self.model}, not {wanted.model!r} as the others do"
        if None not in (self.tokens, wanted.tokens) and self.tokens != wanted.tokens:
            return (
                f"serves another model under the name {self.model!r} than the others do: "
                "its tokens for the same conversation are different"
            )
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Generic[T]):
    """A server that was asked what it is."""

    served: T
    identity: Identity


class Server(Protocol[T]):
    """One server. Implementation: `HttpServer`."""

    @property
    def url(self) -> str:
        """Where it is."""
        ...

    async def open(self) -> Opened[T]:
        """Ask it what it is and what it can do.

        Raises:
            BackendError: it does not answer, or is not what it should be.
        """
        ...

    async def ping(self) -> None:
        """Ask whether it is well.

        Raises:
            BackendError: it is not.
        """
        ...

    async def load(self) -> Load | None:
        """Return how busy it is; None where it does not say."""
        ...


class HttpServer(Generic[T]):
    """A server behind an OpenAI-compatible API."""

    def __init__(
        self,
        client: ModelServer,
        find: Callable[[ModelServer], Awaitable[Opened[T]]],
    ) -> None:
        self._client = client
        self._find = find
        self._by_models = False

    @property
    def url(self) -> str:
        """Where it is."""
        return self._client.base_url

    async def open(self) -> Opened[T]:
        """Ask it what it is and what it can do."""
        return await self._find(self._client)

    async def ping(self) -> None:
        """Ask `/health`, or for its models where it has no such route."""
        if not self._by_models:
            try:
                await self._get("/health")
            except BackendRejected:
                self._by_models = True
        if self._by_models:
            await served_models(self._client, timeout_s=PROBE_TIMEOUT_S)

    async def load(self) -> Load | None:
        """Read `/metrics`."""
        try:
            return read_load(await self._get("/metrics"))
        except BackendError:
            return None

    async def _get(self, route: str) -> str:
        with mapped_errors(f"the server at {self.url}"):
            page = await self._client.get(route, timeout_s=PROBE_TIMEOUT_S)
            return page.decode("utf-8", "replace")


async def tokens_of_hello(client: ModelServer, model: str) -> tuple[int, ...] | None:
    """Return the tokens of a short conversation; None where the server does not show them."""
    body = {"model": model, "messages": _HELLO, "add_generation_prompt": True}
    try:
        with mapped_errors(f"the server at {client.base_url}"):
            reply = read_json(await client.post("/tokenize", body))
            return tuple(int(token) for token in reply["tokens"])
    except BackendError:
        return None
