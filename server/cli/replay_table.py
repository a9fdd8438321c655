"""The tables of a replay, for a terminal and as Markdown: the same cells in both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table
from rich.text import Text

from ...nodes.replay.outcome import COVERAGE
from ...nodes.replay.result import PoolReplay
from ...nodes.replay.statistics import Interval, Row, Saving
from ...nodes.replay.strategies import REPLAYED


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table of strings; the first column is the name of the row."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sheets_of(result: PoolReplay) -> list[Sheet]:
    """Return the tables: accuracy, cost, levels, savings."""
    by_name: dict[str, list[Row]] = {}
    for row in result.rows:
        by_name.setdefault(row.strategy, []).append(row)
    budgets = tuple(str(row.n) for row in by_name[COVERAGE])
    sheets = [
        Sheet(
            title=f"{result.pool}: accuracy % (bootstrap standard error over questions) by N",
            columns=("strategy", *budgets),
            rows=tuple(
                (name, *(f"{row.accuracy:.1%} ({row.error:.1%})".replace("%", "") for row in rows))
                for name, rows in by_name.items()
            ),
        ),
        _costs(result, by_name),
    ]
    for prefix, title in (("oracle", "oracle level, 1 the easiest"), ("level", "level by hand")):
        levels = [name for name in result.levels if name.startswith(prefix)]
        if not levels:
            continue
        sheets.append(
            Sheet(
                title=f"{result.pool}: accuracy % at N = {result.size} by {title}"
                " (questions); / mean samples, where it stops early",
                columns=("strategy", *(f"{lv} ({result.levels[lv]})" for lv in levels)),
                rows=tuple(
                    (name, *(_at_level(rows[-1], level) for level in levels))
                    for name, rows in by_name.items()
                ),
            )
        )
    return [*sheets, _savings(result.pool, result.savings)]


def summary(result: PoolReplay) -> str:
    """Return what the tables do not say, in one paragraph."""
    one = next(row for row in result.rows if row.strategy == COVERAGE)
    counts = result.counts
    greedy = "" if result.greedy is None else f", greedy {100 * result.greedy:.1f}"
    noise = max(row.noise for row in result.rows)
    return (
        f"{result.pool}: {result.questions} questions x {result.size} samples,"
        f" mean {result.tokens:.0f} tokens; pass@1 {100 * one.accuracy:.1f}{greedy};"
        f" noise over subsets at most {100 * noise:.2f} points."
        f" Of {counts.samples} samples, beside the record: votes {counts.votes_lost} lost"
        f" and {counts.votes_gained} gained, right answers {counts.right_lost} lost and"
        f" {counts.right_gained} gained, {counts.moved} moved to another group; cut samples"
        f" that the record lets vote: {counts.cut_votes}, {counts.cut_right} of them right."
    )


def render_sheet(sheet: Sheet) -> Table:
    """Return a table for a terminal."""
    table = Table(title=sheet.title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for i, column in enumerate(sheet.columns):
        table.add_column(column, justify="right" if i else "left", no_wrap=i == 0)
    for row in sheet.rows:
        table.add_row(*map(Text, row))
    return table


def markdown(sheet: Sheet) -> str:
    """Return the table as Markdown."""
    rule = ("---", *["---:"] * (len(sheet.columns) - 1))
    lines = [f"| {' | '.join(row)} |" for row in (sheet.columns, rule, *sheet.rows)]
    return "\n".join([f"**{sheet.title}**", "", *lines, ""])


def _costs(result: PoolReplay, by_name: dict[str, list[Row]]) -> Sheet:
    """Return what is drawn by N, and spent at the largest; strategies that draw all N share a row."""
    kept: dict[str, list[Row]] = {}
    for name, rows in by_name.items():
        if name != COVERAGE:
            drawn = "all N under a verifier" if REPLAYED[name].verifier else "all N"
            kept.setdefault(name if REPLAYED[name].stop else drawn, rows)
    budgets = [row.n for row in by_name[COVERAGE]]
    return Sheet(
        title=f"{result.pool}: mean samples by N, and what else is spent at N = {result.size}",
        columns=("strategy", *map(str, budgets), "tokens", "verified tokens", "scored steps"),
        rows=tuple(
            (
                name,
                *(f"{row.samples:.1f}" for row in rows),
                f"{rows[-1].tokens:.0f}",
                f"{rows[-1].verified_tokens:.0f}",
                f"{rows[-1].verified_steps:.0f}",
            )
            for name, rows in kept.items()
        ),
    )


def _at_level(row: Row, level: str) -> str:
    found = row.levels[level]
    early = row.strategy != COVERAGE and REPLAYED[row.strategy].stop is not None
    return f"{100 * found.accuracy:.1f}" + (f" / {found.samples:.1f}" if early else "")


def _savings(pool: str, savings: Sequence[Saving]) -> Sheet:
    def cells(of: Callable[[Saving], Interval], saving: Saving) -> str:
        found = of(saving)
        value, low, high = (round(100 * x, 1) + 0.0 for x in (found.value, found.low, found.high))
        return f"{value:.1f} [{low:.1f}, {high:.1f}]"

    return Sheet(
        title=f"{pool}: early stops at N = {savings[0].n}, beside the same vote over all N"
        " [paired 95% bootstrap interval]",
        columns=(
            "strategy",
            "accuracy, points",
            "within one error",
            "samples saved %",
            "tokens saved %",
            "saved % at equal accuracy",
        ),
        rows=tuple(
            (
                saving.strategy,
                cells(lambda s: s.difference, saving),
                "yes" if saving.within_error else "no",
                cells(lambda s: s.samples, saving),
                cells(lambda s: s.tokens, saving),
                cells(lambda s: s.at_equal_accuracy, saving),
            )
            for saving in savings
        ),
    )
