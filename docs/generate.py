"""Writes docs/reference.md from the code: settings, command line, SQL schema with its diagram.

`make docs` runs it; a test holds the file to what it would write.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from forethought.server.cli.main import app
from forethought.server.settings import Settings
from forethought.storage.analysis import LIST, statements
from forethought.storage.learning_tables import METADATA

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
    made: list[str] = []
    for table in METADATA.sorted_tables:
        made.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        made += [str(CreateIndex(index).compile(dialect=dialect)) for index in indexes]
    text = ";\n\n".join(made) + ";"
    return "\n".join(line.rstrip().replace("\t", "  ") for line in text.splitlines())


def views() -> str:
    """Return the statements that make the views on SQLite."""
    made = [sql for name, sql in statements("sqlite").items() if name != LIST]
    return ";\n\n".join(made) + ";"


def diagram() -> str:
    """Return the tables and what they refer to, as Mermaid draws it; types are PostgreSQL's."""
    lines = ["erDiagram"]
    for table in METADATA.sorted_tables:
        lines += [f"  {table.name} {{", *_columns(table), "  }"]
    for table in METADATA.sorted_tables:
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
            columns = [column.name for column in key.columns]
            optional = any(column.nullable for column in key.columns)
            one = "|o" if optional else "||"
            lines.append(
                f'  {key.referred_table.name} {one}--o{{ {table.name} : "{", ".join(columns)}"'
            )
    return "\n".join(lines)


def _columns(table: Table) -> list[str]:
    dialect = postgresql.dialect()
    lines = []
    for column in table.columns:
        kind = column.type.compile(dialect=dialect).split("(")[0].split()[0].lower()
        keys = ["PK"] * column.primary_key + ["FK"] * bool(column.foreign_keys)
        lines.append(f"    {kind} {column.name} {', '.join(keys)}".rstrip())
    return lines


def reference() -> str:
    """Return the whole file."""
    commands = "\n\n".join(command_help(typer.main.get_command(app), "forethought"))
    return (
        "# Reference\n\nWritten by `make docs` from the code.\n\n"
        f"## Settings\n\n{settings_table()}\n\n"
        f"## Command line\n\n{commands}\n\n"
        "## SQL schema\n\nOn PostgreSQL JSON is JSONB and DATETIME is TIMESTAMP WITH TIME ZONE."
        f"\n\n```mermaid\n{diagram()}\n```\n\n```sql\n{schema()}\n```\n\n"
        f"## SQL views\n\ndocs/analysts.md says what they are for.\n\n```sql\n{views()}\n```\n"
    )


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
