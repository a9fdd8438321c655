"""Takes the texts out of stored traces and leaves their numbers, as `texts.py` says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from . import tables
from .learning_tables import EvaluationItem, Grade
from .rows import table_of
from .texts import ANSWER_KEYS, BLANKED, Aliases, without_texts

_ROW_BY_ROW: tuple[type[tables.Base], ...] = (
    tables.Candidate,
    tables.Vote,
    tables.Tally,
    tables.Call,
    tables.Trace,
    Grade,
    EvaluationItem,
)
"""Those whose texts become what they were, changed; candidates first, since their order names the
answers. Steps become empty, all in one statement."""


async def redact_traces(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """Take the texts of these traces out, in the transaction of `connection`."""
    aliases: defaultdict[str, Aliases] = defaultdict(Aliases)
    step = table_of(tables.Step)
    await connection.execute(update(step).where(step.c.trace_id.in_(ids)).values(text=""))
    for model in _ROW_BY_ROW:
        await _redact(connection, model, ids, aliases)
    trace = table_of(tables.Trace)
    await connection.execute(update(trace).where(trace.c.id.in_(ids)).values(texts="redacted"))


async def _redact(
    connection: AsyncConnection,
    model: type[tables.Base],
    ids: Sequence[str],
    aliases: defaultdict[str, Aliases],
) -> None:
    table = table_of(model)
    owner = "id" if model is tables.Trace else "trace_id"
    keys = [column.name for column in table.primary_key]
    columns = [*BLANKED.get(model, {}), *ANSWER_KEYS.get(model, ())]
    order = [table.c[name] for name in ("verdict_seq", "rank", "seq") if name in table.c]
    query = select(*(table.c[name] for name in dict.fromkeys([owner, *keys, *columns])))
    rows = await connection.execute(query.where(table.c[owner].in_(ids)).order_by(*order))
    changed: list[dict[str, Any]] = []
    for row in rows.mappings():
        held = {name: row[name] for name in columns}
        clean = without_texts(model, held, aliases[row[owner]])
        if clean != held:
            changed.append(
                {f"where_{name}": row[name] for name in keys}
                | {f"new_{name}": value for name, value in clean.items()}
            )
    if changed:
        await connection.execute(_change(table, keys, columns), changed)


def _change(table: Table, keys: Sequence[str], columns: Sequence[str]) -> Any:
    # `Any`: the statement's own type names every column.
    found = update(table).where(*(table.c[name] == bindparam(f"where_{name}") for name in keys))
    return found.values({name: bindparam(f"new_{name}") for name in columns})
