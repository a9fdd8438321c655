"""The model servers of one process: one pooled client each, probed when they are first needed.

A server that is down at the start is asked again by the next run, so the order in which things are
started does not matter. Where a role has several addresses, each run gets a view of its own of the
group (`nodes/backends/replicas`), and `watching` probes them as long as it is open.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from ..nodes.backends.base import Generator
from ..nodes.backends.client import ModelServer
from ..nodes.backends.missing import MissingGenerator
from ..nodes.backends.probe import probe_generator, served_models
from ..nodes.backends.replicas.generator import ReplicatedGenerator
from ..nodes.backends.replicas.roster import ReplicaState
from ..nodes.backends.replicas.server import Identity, Opened, tokens_of_hello
from ..nodes.backends.replicas.verifier import ReplicatedVerifier
from ..nodes.backends.vllm import RETRY_PAUSES_S, VllmGenerator
from ..nodes.errors import BackendError, BackendRejected
from ..nodes.verifiers.base import ProcessVerifier
from ..nodes.verifiers.registry import VERIFIERS, find_format, scores_in
from .settings import DEFAULT_VERIFIER_URL, Settings
from .upstream_role import Role, RoleName, urls_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """What a run has to work with."""

    generator: Generator
    verifier: ProcessVerifier | None
    larger: Generator | None = None
    faults: tuple[str, ...] = ()
    """Why something is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamState:
    """One server of a role that has several."""

    role: RoleName
    replica: ReplicaState


class Upstreams:
    """Gives the generator and the verifier of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        judges_itself = settings.verifier_format == "judge" and settings.verifier_url is None
        self._verifier_model = (
            settings.generator_model if judges_itself else settings.verifier_model
        )
        self._generators = Role(
            "generator",
            settings.generator_url,
            settings.generator_api_key,
            _opener(settings.generator_url, settings.generator_model),
            settings,
        )
        self._verifiers = Role(
            "verifier",
            settings.generator_url
            if judges_itself
            else settings.verifier_url or DEFAULT_VERIFIER_URL,
            settings.generator_api_key if judges_itself else settings.verifier_api_key,
            self._open_verifier,
            settings,
        )
        self._largers = (
            Role(
                "larger model",
                settings.larger_url,
                settings.larger_api_key,
                _opener(settings.larger_url, settings.larger_model),
                settings,
            )
            if settings.larger_url
            else None
        )

    @property
    def model(self) -> str | None:
        """The generator's model as far as it is known."""
        known = self._generators.known
        return known[0].abilities.model if known else self._settings.generator_model

    async def have(self, *, helpers: bool) -> Servers:
        """Return what can be had now, and what cannot as faults.

        Without `helpers` only the generator is asked for.
        """
        try:
            found = await self.generator()
        except BackendError as exc:
            return Servers(generator=MissingGenerator(str(exc)), verifier=None)
        if not helpers:
            return Servers(generator=found, verifier=None)
        faults: list[str] = []
        verifier: ProcessVerifier | None = None
        larger: Generator | None = None
        try:
            verifier = await self.verifier()
        except BackendError as exc:
            faults.append(str(exc))
        try:
            larger = await self.larger()
        except BackendError as exc:
            faults.append(str(exc))
        return Servers(generator=found, verifier=verifier, larger=larger, faults=tuple(faults))

    async def generator(self) -> Generator:
        """Return the generator, for one run.

        Raises:
            BackendError: it does not answer.
        """
        return await _generator_of(self._generators)

    async def larger(self) -> Generator | None:
        """Return the larger model, for one run; None when none is set.

        Raises:
            BackendError: it does not answer.
        """
        return None if self._largers is None else await _generator_of(self._largers)

    async def verifier(self) -> ProcessVerifier | None:
        """Return the verifier, for one run; None when it is switched off, or when none is set and
        none answers at the default address.

        Raises:
            BackendError: one is set and does not answer, or not in its format.
        """
        if self._settings.verifier_url == "":
            return None
        try:
            if self._verifiers.group is None:
                return await self._verifiers.only()
            await self._verifiers.group.roster.opened()
            return ReplicatedVerifier(self._verifiers.group)
        except BackendError:
            if self._settings.verifier_url is not None:
                raise
            return None

    def states(self) -> list[UpstreamState]:
        """Return how each server stands of the roles that have several."""
        return [
            UpstreamState(role=role.name, replica=state)
            for role in self._roles()
            if role.group is not None
            for state in role.group.roster.states()
        ]

    async def ready(self) -> list[str]:
        """Return what is not ready, one sentence each; of several servers one is enough."""
        reasons: list[str] = []
        for find, role in (
            (self.generator, self._generators),
            (self.verifier, self._verifiers),
            (self.larger, self._largers),
        ):
            try:
                if await find() is not None and role is not None:
                    await role.answers()
            except (BackendError, OSError) as exc:
                reasons.append(str(exc))
        return reasons

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Probe the servers of roles that have several, for as long as the block lasts."""
        groups = [role.group for role in self._roles() if role.group is not None]
        tasks = [asyncio.create_task(group.roster.watch()) for group in groups]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Close the connections."""
        for role in (self._generators, self._verifiers, self._largers):
            if role is not None:
                await role.close()

    def _roles(self) -> list[Role[Generator] | Role[ProcessVerifier]]:
        """Return those that are in use."""
        roles: list[Role[Generator] | Role[ProcessVerifier]] = [self._generators]
        if self._settings.verifier_url != "":
            roles.append(self._verifiers)
        return [*roles, self._largers] if self._largers is not None else roles

    async def _open_verifier(self, client: ModelServer) -> Opened[ProcessVerifier]:
        served = await served_models(client)
        model = self._verifier_model or next(iter(served), "")
        if model not in served:
            raise BackendRejected(f"the server at {client.base_url} does not serve {model!r}")
        form = self._settings.verifier_format
        if form == "auto":
            found = await find_format(client, model)
            if found is None:
                raise BackendRejected(f"{model} at {client.base_url} scores in no known format")
            verifier = VERIFIERS[found](client, model)
        else:
            verifier = VERIFIERS[form](client, model)
            if not await scores_in(verifier):
                raise BackendRejected(f"{model} at {client.base_url} does not score as {form} does")
        return Opened(served=verifier, identity=Identity(model=model))


async def _generator_of(role: Role[Generator]) -> Generator:
    if role.group is None:
        return await role.only()
    await role.group.roster.opened()
    return ReplicatedGenerator(role.group)


def _opener(urls: str, model: str | None) -> Callable[[ModelServer], Awaitable[Opened[Generator]]]:
    """Return what opens each server of a role; one of several is tried less long than one alone."""
    alone = len(urls_of(urls)) == 1
    pauses_s = RETRY_PAUSES_S if alone else RETRY_PAUSES_S[:1]
    return partial(_open_generator, model=model, retry_pauses_s=pauses_s)


async def _open_generator(
    client: ModelServer, *, model: str | None, retry_pauses_s: Sequence[float]
) -> Opened[Generator]:
    abilities = await probe_generator(client, model)
    tokens = await tokens_of_hello(client, abilities.model) if abilities.token_ids else None
    identity = Identity(model=abilities.model, tokens=tokens)
    served = VllmGenerator(client, abilities, retry_pauses_s=retry_pauses_s)
    return Opened(served=served, identity=identity)
