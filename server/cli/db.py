"""`forethought db`: where traces are kept, and its schema."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from ...nodes.errors import StoreError
from ...storage.database import open_engine, parse_url
from ...storage.migrations import Upgrade, upgrade

db_app = typer.Typer(help="The database that traces are kept in.", no_args_is_help=True)
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="FORETHOUGHT_DATABASE_URL",
        help="URL of the trace database; by default a SQLite file in your data folder.",
        show_default=False,
    ),
]


@db_app.command("url")
def show_url(database: Database = None) -> None:
    """Print the URL of the trace database, without its password."""
    try:
        typer.echo(parse_url(database).render_as_string(hide_password=True))
    except StoreError as exc:
        typer.echo(f"Error: {exc}", err=True)
        raise typer.Exit(1) from exc


@db_app.command("upgrade")
def upgrade_schema(database: Database = None) -> None:
    """Bring the schema to the newest version; the server does this by itself when it starts."""
    try:
        done = asyncio.run(_upgrade(database))
    except StoreError as exc:
        typer.echo(f"Error: {exc}", err=True)
        raise typer.Exit(1) from exc
    if done.before == done.after:
        typer.echo(f"The schema is at version {done.after} already.")
    else:
        typer.echo(f"The schema went from {done.before or 'nothing'} to version {done.after}.")


async def _upgrade(database: str | None) -> Upgrade:
    engine = open_engine(database)
    try:
        return await upgrade(engine)
    finally:
        await engine.dispose()
