"""`forethought doctor`: what is set, what answers, and what each server can do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import typer
from rich.console import Console
from rich.table import Table

from ...nodes.backends.base import Abilities
from ...nodes.backends.client import new_client
from ...nodes.backends.probe import examine_generator
from ...nodes.errors import ForethoughtError
from ...storage.database import parse_url
from ...storage.store import Store
from ..settings import DEFAULT_VERIFIER_URL, Settings
from ..upstream_role import RoleName, urls_of
from ..upstreams import Upstreams, UpstreamState
from .failing import read_settings

PROBE_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report."""

    what: str
    where: str
    says: str
    ok: bool | None
    """None for what is not there and need not be."""


def doctor() -> None:
    """Ask every configured server what it can do; exit with 1 when something needed is missing."""
    findings = asyncio.run(examine(read_settings()))
    table = Table("", "part", "at", "finding", box=None, pad_edge=False)
    marks = {True: "[green]ok[/]", False: "[red]no[/]", None: "[yellow]-[/]"}
    for finding in findings:
        table.add_row(marks[finding.ok], finding.what, finding.where, finding.says)
    Console(soft_wrap=True).print(table)
    if any(finding.ok is False for finding in findings):
        raise typer.Exit(1)


async def examine(settings: Settings) -> list[Finding]:
    """Return what was found out, in the order it is printed."""
    generators = [
        await _generator(settings, "generator", url, settings.generator_model)
        for url in urls_of(settings.generator_url)
    ]
    largers = [
        await _generator(settings, "larger model", url, settings.larger_model)
        for url in (urls_of(settings.larger_url) if settings.larger_url else ())
    ]
    return [
        *generators,
        *await _verifiers(settings),
        *largers,
        *await _groups(settings),
        await _store(settings),
    ]


async def _generator(settings: Settings, what: RoleName, where: str, model: str | None) -> Finding:
    key = settings.larger_api_key if what == "larger model" else settings.generator_api_key
    client = new_client(where, api_key=key, timeout_s=PROBE_TIMEOUT_S)
    try:
        abilities = await examine_generator(client, model)
    except ForethoughtError as exc:
        return Finding(what=what, where=where, says=str(exc), ok=False)
    finally:
        await client.close()
    return Finding(what=what, where=where, says=_describe(abilities), ok=True)


def _describe(abilities: Abilities) -> str:
    able = {
        "token-id prompts": abilities.token_ids,
        "continuation": abilities.continuation,
        "logprobs": abilities.logprobs,
        "generative scoring": abilities.generative_scoring,
    }
    shown = ", ".join(f"{name}: {'yes' if can else 'no'}" for name, can in able.items())
    length = f", context {abilities.max_model_len} tokens" if abilities.max_model_len else ""
    return f"{abilities.model}{length}; {shown}"


async def _verifiers(settings: Settings) -> list[Finding]:
    if settings.verifier_url == "":
        says = "switched off: majority votes"
        return [Finding(what="verifier", where="", says=says, ok=None)]
    if settings.verifier_url is None:
        return [await _verifier(settings, DEFAULT_VERIFIER_URL)]
    urls = urls_of(settings.verifier_url)
    alone = [settings.model_copy(update={"verifier_url": url}) for url in urls]
    return [await _verifier(one, url) for one, url in zip(alone, urls, strict=True)]


async def _verifier(settings: Settings, where: str) -> Finding:
    upstreams = Upstreams(settings.model_copy(update={"upstream_timeout_s": PROBE_TIMEOUT_S}))
    try:
        verifier = await upstreams.verifier()
    except ForethoughtError as exc:
        return Finding(what="verifier", where=where, says=str(exc), ok=False)
    finally:
        await upstreams.close()
    if verifier is None:
        says = "none set, and none at the default address: majority votes"
        return Finding(what="verifier", where=where, says=says, ok=None)
    scored = {"step": "pooling, one score a step", "solution": "one score a solution"}
    says = (
        f"{verifier.model}, format {settings.verifier_format}; {scored[verifier.granularity]}: yes"
    )
    return Finding(what="verifier", where=where, says=says, ok=True)


async def _groups(settings: Settings) -> list[Finding]:
    """Return how the servers of a role with several stand beside each other."""
    upstreams = Upstreams(settings.model_copy(update={"upstream_timeout_s": PROBE_TIMEOUT_S}))
    try:
        if upstreams.states():
            await upstreams.ready()
        return [_member(state) for state in upstreams.states()]
    finally:
        await upstreams.close()


def _member(state: UpstreamState) -> Finding:
    replica = state.replica
    load = replica.load
    busy = f"; {load.running:g} running, {load.waiting:g} waiting" if load else ""
    says = f"{replica.state}{f': {replica.reason}' if replica.reason else ''}{busy}"
    return Finding(
        what=f"{state.role} group", where=replica.url, says=says, ok=replica.state == "up"
    )


async def _store(settings: Settings) -> Finding:
    try:
        where = parse_url(settings.database_url).render_as_string(hide_password=True)
        store = await Store.open(settings.database_url)
        newest = await store.list_traces(1)
        await store.close()
    except ForethoughtError as exc:
        return Finding(what="traces", where="", says=str(exc), ok=False)
    says = f"newest of {newest[0].created_at:%Y-%m-%d %H:%M} UTC" if newest else "empty"
    return Finding(what="traces", where=where, says=says, ok=True)
