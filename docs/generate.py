"""Writes docs/reference.md from the code: settings, command line, SQL schema.

`make docs` runs it; a test holds the file to what it would write.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from forethought.server.cli.main import app
from forethought.server.settings import Settings
from forethought.storage.tables import Base

TARGET = Path(__file__).parent / "reference.md"


def settings_table() -> str:
    """Return a row for each setting."""
    lines = ["| variable | default | what |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        lines.append(f"| `FORETHOUGHT_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines)


def command_help(command: Any, path: str) -> list[str]:
    """Return the sections of a command and of those below it, in the order they are declared."""
    below = getattr(command, "commands", None)
    if below is not None:
        return [part for name in below for part in command_help(below[name], f"{path} {name}")]
    lines = [f"### `{path}`", "", str(command.help), ""]
    for param in command.params:
        if "--help" in param.opts:
            continue
        names = ", ".join(f"`{name}`" for name in (*param.opts, *param.secondary_opts))
        lines.append(f"- {names}: {param.help or ''}".rstrip())
    return ["\n".join(lines).rstrip()]


def schema() -> str:
    """Return the statements that make the tables on SQLite."""
    dialect = sqlite.dialect()
    statements: list[str] = []
    for table in Base.metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements += [str(CreateIndex(index).compile(dialect=dialect)) for index in indexes]
    text = ";\n\n".join(statements) + ";"
    return "\n".join(line.rstrip().replace("\t", "  ") for line in text.splitlines())


def reference() -> str:
    """Return the whole file."""
    commands = "\n\n".join(command_help(typer.main.get_command(app), "forethought"))
    return (
        "# Reference\n\nWritten by `make docs` from the code.\n\n"
        f"## Settings\n\n{settings_table()}\n\n"
        f"## Command line\n\n{commands}\n\n"
        f"## SQL schema\n\n```sql\n{schema()}\n```\n"
    )


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
