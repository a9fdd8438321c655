"""Get a generator, and a process reward model if wanted, from whatever is there to answering.

What is checked first is what fails cheapest: names, then ports, then disk and memory. A server that
already serves the wanted name on the wanted port is used as it is and left running at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from .base import Report
from .folders import CacheFolders
from .launch import Launch, Place, Serving, launch
from .lock import exclusive
from .machine import Machine
from .models import CarriedModel, HubModel, LocalModel, Model, find_model
from .options import BackendOptions, BackendUrls
from .precision import Precision
from .preflight import check_memory, runs_already
from .process import OnDeath, running
from .provision import Provisioner, chosen_verifier
from .recipes import CPU, CUDA, Recipe
from .together import together

VERIFIER_NAME = "prm"
GPU_SHARES = {"generator": 0.6, "verifier": 0.25}
"""Share of one GPU's memory for each of two servers; alone, vLLM's own default holds."""


def _ignore(sentence: str) -> None:
    """Hear of a server's death and do nothing: the next request will fail and say so."""


@asynccontextmanager
async def backend_up(
    options: BackendOptions,
    report: Report,
    *,
    on_death: OnDeath = _ignore,
    machine: Machine | None = None,
) -> AsyncIterator[BackendUrls]:
    """Yield the addresses of servers that answer; those started here are stopped on the way out.

    Raises:
        BackendSetupError: One of them could not be had; nothing that was started is left running.
    """
    machine = machine or Machine()
    generator = find_model(options.model)
    verifier = chosen_verifier(options)
    places = _places(options, generator)
    missing = [place for place in places if not await _reused(place, report)]
    async with AsyncExitStack() as stack:
        if missing:
            recipe = CUDA if await asyncio.to_thread(machine.has_gpu) else CPU
            folders = CacheFolders(root=options.cache)
            provisioner = Provisioner(
                folders=folders,
                recipe=recipe,
                report=report,
                run=machine.run,
                make_download=machine.make_download,
                free=machine.free,
            )
            async with exclusive(folders.lock, report):
                python = await provisioner.environment()
                paths = [
                    await _model_path(place, generator, verifier, provisioner, python)
                    for place in missing
                ]
            precision = machine.precision() if recipe.device == "cpu" else "bfloat16"
            servings = [
                _serving(place, path, options, recipe, precision, both=len(places) > 1)
                for place, path in zip(missing, paths, strict=True)
            ]
            check_memory(servings, machine.memory)
            cpus = machine.cpus()
            starts = [launch(serving, python, folders, cpus) for serving in servings]
            await _start(stack, missing, starts, recipe, options, report, on_death, machine)
        yield _urls(places)


def _places(options: BackendOptions, generator: Model) -> list[Place]:
    match generator:
        case CarriedModel(name=name) | HubModel(name=name):
            pass
        case LocalModel(path=path):
            name = path.name
    places = [
        Place(
            role="generator",
            served_name=options.served_model_name or name,
            host=options.host,
            port=options.port,
        )
    ]
    if options.verifier is not None:
        place = Place(
            role="verifier",
            served_name=VERIFIER_NAME,
            host=options.host,
            port=options.verifier_port,
        )
        places.append(place)
    return places


async def _reused(place: Place, report: Report) -> bool:
    if not await runs_already(place):
        return False
    report.say(
        f"Using the {place.role} {place.served_name} that answers at {place.root_url} already; "
        "it is left running at the end"
    )
    return True


async def _model_path(
    place: Place, generator: Model, verifier: Model | None, provisioner: Provisioner, python: Path
) -> str:
    if place.role == "generator":
        return await provisioner.model(generator, python)
    if verifier is None:
        return await provisioner.shipped_verifier(python)
    return await provisioner.model(verifier, python)


def _serving(
    place: Place,
    path: str,
    options: BackendOptions,
    recipe: Recipe,
    precision: Precision,
    *,
    both: bool,
) -> Serving:
    generates = place.role == "generator"
    return Serving(
        place=place,
        model=path,
        max_model_len=options.max_model_len,
        kv_cache_gib=options.kv_cache_gib if generates else options.verifier_kv_cache_gib,
        gpu_memory=GPU_SHARES[place.role] if both else None,
        device=recipe.device,
        eager=recipe.device == "cpu" if options.eager is None else options.eager,
        precision=precision,
    )


async def _start(
    stack: AsyncExitStack,
    places: Sequence[Place],
    starts: Sequence[Launch],
    recipe: Recipe,
    options: BackendOptions,
    report: Report,
    on_death: OnDeath,
    machine: Machine,
) -> None:
    """Start servers for `places` and wait until all are ready; `stack` stops them."""
    waits = []
    for place, start in zip(places, starts, strict=True):
        report.say(f"Starting the {place.role} {place.served_name} on port {place.port}")
        wait = await stack.enter_async_context(
            running(
                place,
                start,
                report,
                on_death=on_death,
                timeout_s=options.timeout_s,
                grace_s=machine.grace_s,
            )
        )
        if recipe.device == "cuda":
            # Each measures the free memory of the card as it starts: two at once mislead each other.
            await wait()
        else:
            waits.append(wait)
    # On two CPU cores both at once took 53 s, one after the other 72 s.
    await together(wait() for wait in waits)


def _urls(places: Sequence[Place]) -> BackendUrls:
    generator = places[0]
    verifier = places[1] if len(places) > 1 else None
    return BackendUrls(
        generator_url=f"{generator.root_url}/v1",
        generator_model=generator.served_name,
        verifier_url=f"{verifier.root_url}/v1" if verifier else None,
        verifier_model=verifier.served_name if verifier else None,
    )
