"""The list of runs: what was asked for in the address, and the addresses that lead on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast, get_args
from urllib.parse import urlencode

from ...nodes.budget import EFFORTS
from ...storage.recorder import Status
from ...storage.trace_choices import TraceChoices
from ...storage.trace_filter import Graded, TraceFilter
from ...storage.views import TraceSummary
from ..trace_views import is_id

SIZE = 50
"""Runs on a page."""
FILTERS = ("status", "model", "strategy", "effort", "level", "graded")
LONGEST = 200
"""Characters of what is searched for."""
GRADED: Mapping[str, str] = {
    "right": "graded right",
    "wrong": "graded wrong",
    "undecided": "undecided",
    "ungraded": "not graded",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An entry of a filter."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter, with every value it can have."""

    name: str
    choices: tuple[Choice, ...]

    @property
    def used(self) -> bool:
        """Something is chosen."""
        return any(choice.chosen and choice.value for choice in self.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of the list."""

    rows: tuple[TraceSummary, ...]
    filters: tuple[Filter, ...]
    text: str
    filtered: bool
    """Not all runs are wanted."""
    newest: str
    """Address of the first page; empty on that page."""
    older: str
    """Address of the next page; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an address asks for."""

    traces: TraceFilter
    after: str | None
    """Only runs older than this one."""


def wanted_from(query: Mapping[str, str], key_id: str | None) -> Wanted:
    """Return what the address asks for; a value that no run can have is passed over."""

    def one_of(name: str, known: tuple[str, ...]) -> str | None:
        return query[name] if query.get(name) in known else None

    level = one_of("level", ("1", "2", "3", "4", "5"))
    traces = TraceFilter(
        status=cast("Status | None", one_of("status", get_args(Status))),
        model=query.get("model") or None,
        strategy=query.get("strategy") or None,
        effort=one_of("effort", EFFORTS),
        level=None if level is None else int(level),
        graded=cast("Graded | None", one_of("graded", get_args(Graded))),
        text=query.get("text", "").strip()[:LONGEST] or None,
        key_id=key_id,
    )
    after = query.get("after", "")
    return Wanted(traces=traces, after=after if is_id(after) else None)


def listing_of(
    wanted: Wanted, found: list[TraceSummary], choices: TraceChoices, path: str
) -> Listing:
    """Return the page that shows `found`, of which there is one more than fits where there are more."""
    chosen = {name: getattr(wanted.traces, name) for name in ("text", *FILTERS)}
    asked = {name: str(value) for name, value in chosen.items() if value is not None}
    rows = tuple(found[:SIZE])
    older = {**asked, "after": rows[-1].id} if len(found) > SIZE else {}
    return Listing(
        rows=rows,
        filters=tuple(_filter(name, asked.get(name, ""), choices) for name in FILTERS),
        text=wanted.traces.text or "",
        filtered=bool(asked),
        newest=f"{path}?{urlencode(asked)}" if wanted.after is not None else "",
        older=f"{path}?{urlencode(older)}" if older else "",
    )


def _filter(name: str, chosen: str, known: TraceChoices) -> Filter:
    values: dict[str, str] = {"": f"any {name}"}
    match name:
        case "status":
            values |= {status: status for status in get_args(Status)}
        case "model":
            values |= {model: model for model in known.models}
        case "strategy":
            values |= {one: one.replace("_", " ") for one in known.strategies}
        case "effort":
            values |= {effort: f"effort {effort}" for effort in EFFORTS if effort in known.efforts}
        case "level":
            values |= {str(level): f"level {level}" for level in range(1, 6)}
        case _:
            values |= {"": "graded or not"} | {str(name): text for name, text in GRADED.items()}
    values.setdefault(chosen, chosen)
    return Filter(
        name=name,
        choices=tuple(
            Choice(value=value, text=text, chosen=value == chosen) for value, text in values.items()
        ),
    )
