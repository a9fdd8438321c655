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
from ..upstreams import Upstreams
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
    return [
        await _generator(settings),
        await _verifier(settings),
        await _store(settings),
    ]


async def _generator(settings: Settings) -> Finding:
    where = settings.generator_url
    client = new_client(where, api_key=settings.generator_api_key, timeout_s=PROBE_TIMEOUT_S)
    try:
        abilities = await examine_generator(client, settings.generator_model)
    except ForethoughtError as exc:
        return Finding(what="generator", where=where, says=str(exc), ok=False)
    finally:
        await client.close()
    return Finding(what="generator", where=where, says=_describe(abilities), ok=True)


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


async def _verifier(settings: Settings) -> Finding:
    if settings.verifier_url == "":
        return Finding(what="verifier", where="", says="switched off: majority votes", ok=None)
    where = settings.verifier_url or DEFAULT_VERIFIER_URL
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
