"""The model servers of one process: one pooled client each, probed when they are first needed.

A server that is down at the start is asked again by the next run, so the order in which things are
started does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..nodes.backends.base import Generator
from ..nodes.backends.client import new_client
from ..nodes.backends.missing import MissingGenerator
from ..nodes.backends.probe import probe_generator, served_models
from ..nodes.backends.vllm import VllmGenerator
from ..nodes.errors import BackendError, BackendRejected
from ..nodes.verifiers.base import ProcessVerifier
from ..nodes.verifiers.registry import VERIFIERS, find_format, scores_in
from .settings import DEFAULT_VERIFIER_URL, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """What a run has to work with."""

    generator: Generator
    verifier: ProcessVerifier | None
    larger: Generator | None = None
    faults: tuple[str, ...] = ()
    """Why something is missing."""


class Upstreams:
    """Gives the generator and the verifier of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._generator_client = new_client(
            settings.generator_url,
            api_key=settings.generator_api_key,
            timeout_s=settings.upstream_timeout_s,
        )
        judges_itself = settings.verifier_format == "judge" and settings.verifier_url is None
        self._verifier_model = (
            settings.generator_model if judges_itself else settings.verifier_model
        )
        self._verifier_client = new_client(
            settings.generator_url
            if judges_itself
            else settings.verifier_url or DEFAULT_VERIFIER_URL,
            api_key=settings.generator_api_key if judges_itself else settings.verifier_api_key,
            timeout_s=settings.upstream_timeout_s,
        )
        self._larger_client = (
            new_client(
                settings.larger_url,
                api_key=settings.larger_api_key,
                timeout_s=settings.upstream_timeout_s,
            )
            if settings.larger_url
            else None
        )
        self._larger: Generator | None = None
        self._generator: Generator | None = None
        self._verifier: ProcessVerifier | None = None

    @property
    def model(self) -> str | None:
        """The generator's model as far as it is known."""
        return (
            self._generator.abilities.model if self._generator else self._settings.generator_model
        )

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
        """Return the generator.

        Raises:
            BackendError: it does not answer.
        """
        if self._generator is None:
            abilities = await probe_generator(
                self._generator_client, self._settings.generator_model
            )
            self._generator = VllmGenerator(self._generator_client, abilities)
        return self._generator

    async def larger(self) -> Generator | None:
        """Return the larger model; None when none is set.

        Raises:
            BackendError: it does not answer.
        """
        if self._larger is None and self._larger_client is not None:
            model = self._settings.larger_model
            abilities = await probe_generator(self._larger_client, model)
            self._larger = VllmGenerator(self._larger_client, abilities)
        return self._larger

    async def verifier(self) -> ProcessVerifier | None:
        """Return the verifier; None when it is switched off, or when none is set and none answers
        at the default address.

        Raises:
            BackendError: one is set and does not answer, or not in its format.
        """
        if self._verifier is None and self._settings.verifier_url != "":
            try:
                self._verifier = await self._find_verifier()
            except BackendError:
                if self._settings.verifier_url is not None:
                    raise
        return self._verifier

    async def ready(self) -> list[str]:
        """Return what is not ready, one sentence each."""
        reasons: list[str] = []
        for find, client in (
            (self.generator, self._generator_client),
            (self.verifier, self._verifier_client),
            (self.larger, self._larger_client),
        ):
            try:
                if await find() is not None and client is not None:
                    await client.models.list()
            except (BackendError, OSError) as exc:
                reasons.append(str(exc))
        return reasons

    async def close(self) -> None:
        """Close the connections."""
        await self._generator_client.close()
        await self._verifier_client.close()
        if self._larger_client is not None:
            await self._larger_client.close()

    async def _find_verifier(self) -> ProcessVerifier:
        client = self._verifier_client
        served = await served_models(client)
        model = self._verifier_model or next(iter(served), "")
        if model not in served:
            raise BackendRejected(f"the server at {client.base_url} does not serve {model!r}")
        form = self._settings.verifier_format
        if form == "auto":
            found = await find_format(client, model)
            if found is None:
                raise BackendRejected(f"{model} at {client.base_url} scores in no known format")
            return VERIFIERS[found](client, model)
        verifier = VERIFIERS[form](client, model)
        if not await scores_in(verifier):
            raise BackendRejected(f"{model} at {client.base_url} does not score as {form} does")
        return verifier
