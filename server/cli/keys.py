"""`forethought keys`: who may ask, and how much."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ...storage.keys import ApiKey, CreatedKey, NewKey
from ...storage.store import Store
from .db import Database
from .stored import as_text, with_store

keys_app = typer.Typer(help="API keys: who may ask, and how much.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is, in one line.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@keys_app.command("create")
def create_key(
    name: Name,
    requests_per_minute: Annotated[
        int | None, typer.Option(min=1, help="Runs a minute.", show_default=False)
    ] = None,
    thinking_tokens_per_minute: Annotated[
        int | None,
        typer.Option(
            min=1, help="Generated tokens a minute, thrown away or not.", show_default=False
        ),
    ] = None,
    tokens_per_day: Annotated[
        int | None,
        typer.Option(
            min=1, help="All tokens, read and generated, a day of UTC.", show_default=False
        ),
    ] = None,
    priority: Annotated[
        int, typer.Option(help="Runs of a higher one start first where runs have to wait.")
    ] = 0,
    texts: Annotated[
        bool,
        typer.Option(
            "--texts/--no-texts",
            help="Keep what is asked and answered with it. Without, traces hold numbers alone, and"
            " responses can be neither read back nor continued.",
        ),
    ] = True,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Make a key and print it, once: only its hash is kept. A limit that is left out is none."""

    async def create(store: Store) -> CreatedKey:
        return await store.create_key(new)

    try:
        new = NewKey(
            name=name,
            requests_per_minute=requests_per_minute,
            thinking_tokens_per_minute=thinking_tokens_per_minute,
            tokens_per_day=tokens_per_day,
            priority=priority,
            texts=texts,
        )
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    made = with_store(database, create)
    if as_json:
        typer.echo(as_text({**asdict(made.key), "key": made.secret}))
        return
    typer.echo(made.secret)
    typer.echo(f"This is the key of {made.key.name}; it is not shown again.", err=True)


@keys_app.command("list")
def list_keys(as_json: AsJson = False, database: Database = None) -> None:
    """List every key, revoked ones too, oldest first."""
    found = with_store(database, lambda store: store.list_keys())
    if as_json:
        typer.echo(as_text([asdict(key) for key in found]))
    elif found:
        Console().print(_table(found))
    else:
        typer.echo("No keys yet.")


@keys_app.command("revoke")
def revoke_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, or how it begins.")],
    database: Database = None,
) -> None:
    """Revoke a key; servers refuse it within seconds, and its traces stay."""
    gone = with_store(database, lambda store: store.revoke_key(name))
    typer.echo(f"The key of {gone.name} ({gone.prefix}...) is revoked.")


def _table(keys: list[ApiKey]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("name", "key", "made UTC"):
        table.add_column(title, no_wrap=True)
    for title in ("requests/min", "thinking/min", "tokens/day", "priority", "texts"):
        table.add_column(title, justify="right")
    table.add_column("revoked UTC", no_wrap=True)
    for key in keys:
        limits = (key.requests_per_minute, key.thinking_tokens_per_minute, key.tokens_per_day)
        table.add_row(
            key.name,
            f"{key.prefix}...",
            f"{key.created_at:%Y-%m-%d %H:%M}",
            *("-" if limit is None else str(limit) for limit in limits),
            str(key.priority),
            "kept" if key.texts else "not kept",
            "-" if key.revoked_at is None else f"{key.revoked_at:%Y-%m-%d %H:%M}",
        )
    return table
