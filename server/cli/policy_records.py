"""`forethought policy`: the stored policies, which of them serve, files in and out.

Nothing here fits or judges a policy.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ...nodes.errors import StoreError
from ...nodes.policy.document import Scope
from ...nodes.values import Kind
from ...storage.activations import Activation
from ...storage.documents import policy_from
from ...storage.policies import PolicyRecord, scope_words
from ...storage.store import Store
from .db import Database
from .failing import one_sentence
from .policy_table import HASH_SHOWN, render_history, render_list, render_policy
from .stored import as_text, with_store

policy_app = typer.Typer(
    help="Learned policies: what is stored, and which serves.", no_args_is_help=True
)
Reference = Annotated[
    str,
    typer.Argument(
        metavar="REF", help="A name, NAME@VERSION, or the beginning of an id or a hash."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@policy_app.command("list")
def list_policies(as_json: AsJson = False, database: Database = None) -> None:
    """List every version of every policy, newest first."""
    found = with_store(database, lambda store: store.list_policies())
    if as_json:
        typer.echo(as_text([asdict(policy) for policy in found]))
    elif found:
        Console().print(render_list(found))
    else:
        typer.echo("No policies yet; the built-in one serves.")


@policy_app.command("show")
def show_policy(
    reference: Annotated[
        str | None,
        typer.Argument(
            metavar="[REF]",
            help="A name, NAME@VERSION, or the beginning of an id or a hash; by default all that"
            " serve.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show a policy, or those that serve: what it rests on, what it chooses and what that gives."""

    async def read(store: Store) -> list[PolicyRecord]:
        if reference is None:
            return [active.record for active in await store.active_policies()]
        return [await store.read_policy(reference)]

    records = with_store(database, read)
    if as_json:
        typer.echo(as_text([asdict(record) for record in records]))
    elif records:
        console = Console()
        for record in records:
            console.print(render_policy(record, console.width))
    else:
        typer.echo("No policy is active; the built-in one serves.")


@policy_app.command("activate")
def activate_policy(
    reference: Reference,
    note: Annotated[str | None, typer.Option(help="Why.", show_default=False)] = None,
    database: Database = None,
) -> None:
    """Let a policy serve the runs it was made for, from now on."""
    _tell(with_store(database, lambda store: store.activate(reference, note)))


@policy_app.command("rollback")
def roll_back(
    kind: Annotated[Kind | None, typer.Option(help="Of this task.", show_default=False)] = None,
    model: Annotated[str | None, typer.Option(help="Of this model.", show_default=False)] = None,
    verifier: Annotated[
        str | None, typer.Option(help="Of this verifier.", show_default=False)
    ] = None,
    database: Database = None,
) -> None:
    """Let serve what served before; once more goes further back, at last to the built-in policy.

    The scope is the one that the policy in service was made for, as `policy list` shows it.
    """
    scope = Scope(kind=kind, model=model, verifier=verifier)
    _tell(with_store(database, lambda store: store.rollback(scope)))


@policy_app.command("history")
def show_history(as_json: AsJson = False, database: Database = None) -> None:
    """List what was activated and rolled back, newest first."""
    log = with_store(database, lambda store: store.list_activations())[::-1]
    if as_json:
        typer.echo(as_text([asdict(entry) for entry in log]))
    elif log:
        Console().print(render_history(log))
    else:
        typer.echo("No policy was activated yet.")


@policy_app.command("import")
def import_policy(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON, as `policy export` writes.")],
    database: Database = None,
) -> None:
    """Store a policy from a file; it serves once it is activated."""
    with one_sentence():
        try:
            document = policy_from(file.read_bytes())
        except OSError as exc:
            raise StoreError(f"{file} cannot be read: {exc.strerror}") from exc
    record = with_store(database, lambda store: store.save_policy(document))
    typer.echo(f"{record.reference}, hash {record.hash[:HASH_SHOWN]}")


@policy_app.command("export")
def export_policy(
    reference: Reference,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="Where to; by default it is printed.", show_default=False
        ),
    ] = None,
    database: Database = None,
) -> None:
    """Write a policy as JSON."""
    record = with_store(database, lambda store: store.read_policy(reference))
    text = as_text(asdict(record.document))
    if file is None:
        typer.echo(text)
        return
    with one_sentence():
        try:
            file.write_text(f"{text}\n", encoding="utf-8")
        except OSError as exc:
            raise StoreError(f"{file} cannot be written: {exc.strerror}") from exc


def _tell(entry: Activation) -> None:
    typer.echo(f"{scope_words(entry.scope)}: {entry.policy or 'the built-in policy'} serves now.")
