"""How a command fails: one sentence on stderr and exit code 1."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError

from ...nodes.errors import ForethoughtError
from ..settings import Settings
from ..unknown_settings import PREFIX, unknown_settings


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn our errors into the sentence and the exit code."""
    try:
        yield
    except ForethoughtError as exc:
        typer.echo(f"Error: {exc}", err=True)
        raise typer.Exit(1) from exc


def read_settings() -> Settings:
    """Return the settings of the environment; a bad one ends the command, named, an unknown one is told."""
    for told in unknown_settings(os.environ):
        typer.echo(f"Warning: {told}", err=True)
    try:
        return Settings()
    except ValidationError as exc:
        first = exc.errors()[0]
        name = PREFIX + "_".join(map(str, first["loc"])).upper()
        typer.echo(f"Error: {name}: {first['msg']}", err=True)
        raise typer.Exit(1) from exc
