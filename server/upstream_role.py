"""The servers of one role: a group where its setting names several, else the only one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, Literal, TypeVar

from ..nodes.backends.client import ModelServer, new_client
from ..nodes.backends.probe import served_models
from ..nodes.backends.replicas.replicas import Replicas
from ..nodes.backends.replicas.roster import Roster
from ..nodes.backends.replicas.server import HttpServer, Opened
from ..nodes.errors import BackendError
from .settings import Settings

T = TypeVar("T")
RoleName = Literal["generator", "verifier", "larger model"]


class Role(Generic[T]):
    """One role, and the connections to its servers."""

    def __init__(
        self,
        name: RoleName,
        urls: str,
        api_key: str | None,
        find: Callable[[ModelServer], Awaitable[Opened[T]]],
        settings: Settings,
    ) -> None:
        self.name: RoleName = name
        self._find = find
        self._clients = [
            new_client(url, api_key=api_key, timeout_s=settings.upstream_timeout_s)
            for url in urls_of(urls)
        ]
        self._only: T | None = None
        self.group: Replicas[T] | None = None
        if len(self._clients) > 1:
            roster = Roster(
                [HttpServer(client, find) for client in self._clients],
                role=name,
                every_s=settings.upstream_probe_s,
            )
            self.group = Replicas(roster, hedges=settings.hedging)

    @property
    def known(self) -> list[T]:
        """What has been opened so far."""
        if self.group is not None:
            return self.group.roster.served
        return [] if self._only is None else [self._only]

    async def only(self) -> T:
        """Return the only server, opened at the first call that finds it there."""
        if self._only is None:
            self._only = (await self._find(self._clients[0])).served
        return self._only

    async def answers(self) -> None:
        """Return when one of them answers.

        Raises:
            BackendError: none does.
        """
        if self.group is None:
            await served_models(self._clients[0])
            return
        states = self.group.roster.states()
        if not any(state.state == "up" for state in states):
            reasons = "; ".join(state.reason or state.url for state in states)
            raise BackendError(f"no {self.name} is up: {reasons}")

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            await client.close()


def urls_of(text: str) -> tuple[str, ...]:
    """Return the base URLs of a setting, which separates them by commas."""
    return tuple(url for part in text.split(",") if (url := part.strip())) or (text,)
