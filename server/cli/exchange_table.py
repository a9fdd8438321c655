"""What `forethought exchange` shows."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table

from ...nodes.exchange import Offer


def table_of(offers: Sequence[Offer], granted: float) -> Table:
    """Return the offers for a terminal: accuracies in %, differences in points."""
    table = Table(
        title=f"{granted:.1f} generations of the small model against one of the larger, by level",
        box=box.SIMPLE_HEAD,
        title_justify="left",
        pad_edge=False,
    )
    compared = any(offer.better is not None for offer in offers)
    table.add_column("level")
    columns = (
        ("small % (s.e.)", "larger %", "points", "relative %", "better buy")
        if compared
        else ("break-even % (s.e.)",)
    )
    for column in (*columns, "note"):
        left = column in ("better buy", "note")
        table.add_column(column, justify="left" if left else "right")
    for offer in offers:
        error = "" if offer.error is None else f" ({100 * offer.error:.1f})"
        cells = [f"{100 * offer.accuracy:.1f}{error}"]
        if compared:
            cells += [_percent(offer.larger, ""), _percent(offer.difference, "+")]
            cells += [_percent(offer.relative, "+"), offer.better or ""]
        level = "all" if offer.level is None else str(offer.level)
        table.add_row(level, *cells, "; ".join(_notes(offer)))
    return table


def _notes(offer: Offer) -> list[str]:
    notes = []
    if offer.place == "beyond":
        notes.append(f"the curve ends at {offer.measured:g}: its end is used")
    if offer.place == "before":
        notes.append(f"the curve begins at {offer.measured:g}: its beginning is used, too high")
    if offer.within_error:
        notes.append("within one standard error")
    return notes


def _percent(value: float | None, sign: str) -> str:
    return "" if value is None else f"{100 * value:{sign}.1f}"
