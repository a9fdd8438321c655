"""What all runs add up to, as parts of a page: text, tables, and the figures that charts are drawn from.

Knows no HTML, and no library that draws: `overview_charts.py` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from ...nodes.budget import EFFORTS
from ...nodes.evaluating import Share, wilson
from ...storage.overview import (
    AccuracyCell,
    AccuracyDay,
    CostRow,
    Overview,
    OverviewFilter,
    WasteRow,
)
from ..report.blocks import Cell, Mark, Table
from ..report.words import count, number
from .words import seconds_words, share_words, strategy_words

PERIODS: Mapping[str, int | None] = {"1": 1, "7": 7, "30": 30, "90": 90, "all": None}
"""Days; None is all there is."""
PERIOD = "30"
DAYS = 14
_EFFORTS: Mapping[str, int] = {effort: place for place, effort in enumerate(EFFORTS)}
"""Shown one by one."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewAsked:
    """What an address asks for."""

    period: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Finished runs that have something in common."""

    name: str
    runs: int
    right: Share | None
    """Of those that were graded, a half for one that is half right; None where none was."""
    tokens: float
    """Mean of a run, generated and read by the verifier."""
    generations: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Tenths of what was said, and what came true."""

    title: str
    text: str
    label: str
    """Of what came true."""
    rows: tuple[tuple[int, float, tuple[float, ...]], ...]
    """Runs, what was said of them, and what came true: one number, or the least and the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewPage:
    """All that is on it."""

    facts: tuple[str, ...]
    by: tuple[tuple[str, tuple[Group, ...]], ...]
    """By strategy, effort, level; and by day, newest first."""
    calibration: tuple[Counted, ...]
    waste: tuple[Table, ...]
    costs: Table | None


def asked_from(query: Mapping[str, str]) -> OverviewAsked:
    """Return what the address asks for; a period that is not known is the usual one."""
    period = query.get("days", PERIOD)
    return OverviewAsked(
        period=period if period in PERIODS else PERIOD, model=query.get("model", "")
    )


def filter_of(asked: OverviewAsked, key_id: str | None, now: datetime) -> OverviewFilter:
    """Return which runs are asked for."""
    days = PERIODS[asked.period]
    today = now.astimezone(UTC).date()
    first: date | None = None if days is None else today - timedelta(days=days - 1)
    return OverviewFilter(
        since=None if first is None else first.isoformat(),
        model=asked.model or None,
        key_id=key_id,
    )


def overview_page(overview: Overview) -> OverviewPage:
    """Return the page."""
    cells = overview.cells
    days = tuple(_group(day.day, [day]) for day in overview.days)
    return OverviewPage(
        facts=tuple(_facts(overview)),
        by=(
            ("strategy", _groups(cells, lambda cell: strategy_words(cell.strategy))),
            ("effort", _groups(cells, lambda cell: cell.effort, lambda e: _EFFORTS.get(e, 99))),
            (
                "level",
                _groups([c for c in cells if c.level], lambda cell: f"level {cell.level}"),
            ),
            ("day", days[::-1][:DAYS]),
        ),
        calibration=tuple(_calibration(overview)),
        waste=tuple(_waste(overview)),
        costs=_costs(overview.costs),
    )


def group_table(by: str, groups: Sequence[Group]) -> Table:
    """Return groups as a table."""
    return Table(
        title=f"By {by}",
        columns=(by, "runs", "graded", "right", "tokens", "samples", "time"),
        rows=tuple(
            (
                Cell(text=group.name),
                Cell(text=number(group.runs)),
                Cell(text=number(group.right.of if group.right else 0)),
                Cell(text=_share(group.right), note=_range(group.right)),
                Cell(text=number(group.tokens)),
                Cell(text=number(group.generations, 1)),
                Cell(text=seconds_words(group.seconds)),
            )
            for group in groups
        ),
    )


def counted_table(counted: Counted) -> Table:
    """Return tenths as a table."""
    ranged = any(len(true) > 1 for _, _, true in counted.rows)
    return Table(
        title="In tenths of what was said",
        columns=("said", "runs", "came true, at least and at most" if ranged else "came true"),
        shape="grid",
        rows=tuple(
            (
                Cell(text=share_words(said)),
                Cell(text=number(runs)),
                Cell(text=" to ".join(share_words(one) for one in true)),
            )
            for runs, said, true in counted.rows
        ),
    )


def _facts(overview: Overview) -> Iterable[str]:
    runs = {one.status: one.runs for one in overview.statuses}
    others = [f"{number(n)} {status}" for status, n in runs.items() if status != "finished"]
    yield f"{count(runs.get('finished', 0), 'run')} finished" + (
        f"; {', '.join(others)}." if others else "."
    )
    if overview.cells:
        every = _group("all", overview.cells)
        if every.right is not None:
            yield (
                f"Of {number(every.right.of)} that were graded, {_share(every.right)} are right"
                f" (95% interval {_range(every.right)})."
            )
        else:
            yield "None was graded yet, so that nothing can be said of accuracy."
        yield (
            f"A run takes {number(every.tokens)} tokens, {number(every.generations, 1)} samples and"
            f" {seconds_words(every.seconds)} in the mean."
        )


def _groups(
    cells: Iterable[AccuracyCell],
    name_of: Callable[[AccuracyCell], str],
    order: Callable[[str], float | str] = str,
) -> tuple[Group, ...]:
    found = _gathered(cells, name_of)
    return tuple(_group(name, found[name]) for name in sorted(found, key=order))


def _group(name: str, cells: Sequence[AccuracyCell] | Sequence[AccuracyDay]) -> Group:
    runs = sum(cell.runs for cell in cells)
    graded, scores = sum(cell.graded for cell in cells), sum(cell.scores for cell in cells)
    right = replace(wilson(round(scores), graded), value=scores / graded) if graded else None
    return Group(
        name=name,
        runs=runs,
        right=right,
        tokens=sum(cell.completion_tokens + cell.verifier_tokens for cell in cells) / runs,
        generations=sum(cell.generations for cell in cells) / runs,
        seconds=sum(cell.seconds for cell in cells) / runs,
    )


def _calibration(overview: Overview) -> Iterable[Counted]:
    for measure, title, told in (
        (
            "probability",
            "Is it as sure as it should be?",
            "P(the answer is right), as replies state it",
        ),
        (
            "confidence",
            "And the share of the vote?",
            "The share of the vote, taken for a probability",
        ),
    ):
        rows = [one for one in overview.confidence if one.measure == measure]
        if rows:
            yield Counted(
                title=title,
                text=f"{told}, beside what graders said.",
                label="answers that were right",
                rows=tuple((one.graded, one.said, (one.came_true,)) for one in rows),
            )
    tenths = _gathered(overview.difficulty, lambda one: one.tenth)
    if tenths:
        rows_of: list[tuple[int, float, tuple[float, ...]]] = []
        for tenth in sorted(tenths):
            same = tenths[tenth]
            graded = sum(one.graded for one in same)
            said, least, most = (
                sum(one.graded * getattr(one, name) for one in same) / graded
                for name in ("said", "true_at_least", "true_at_most")
            )
            rows_of.append((graded, said, (least, most)))
        yield Counted(
            title="Is the difficulty right?",
            text=(
                "P(one sample is right), as the pilot predicted it. Only answers that were chosen are"
                " graded, so the share of samples that were right is known between two bounds: it lies"
                " between the lines."
            ),
            label="samples that were right",
            rows=tuple(rows_of),
        )


def _waste(overview: Overview) -> Iterable[Table]:
    found = _gathered(overview.waste, lambda row: strategy_words(row.strategy))
    if found:
        yield Table(
            title="Generated tokens that changed nothing",
            columns=("strategy", "runs", "tokens", "in branches cut", "after the vote was decided"),
            rows=tuple(_waste_row(name, found[name]) for name in sorted(found)),
        )
    graded = _gathered(overview.verifiers, lambda row: row.verifier_model or "not named")
    if graded:
        yield Table(
            title="Where the verifier and the graders differ",
            columns=(
                "verifier",
                "graded",
                "trusted and wrong",
                "doubted and right",
                "outvoted, and the vote was right",
            ),
            rows=tuple(
                (
                    Cell(text=name),
                    *(
                        Cell(text=number(sum(getattr(row, what) for row in rows)))
                        for what in ("graded", "trusted_wrong", "doubted_right", "outvoted_rightly")
                    ),
                )
                for name, rows in sorted(graded.items())
            ),
        )


def _waste_row(name: str, rows: Sequence[WasteRow]) -> tuple[Cell, ...]:
    written = sum(row.completion_tokens for row in rows)
    cut, late = sum(row.cut_tokens for row in rows), sum(row.late_tokens or 0 for row in rows)
    votes, late_votes = (
        sum(row.votes or 0 for row in rows),
        sum(row.late_votes or 0 for row in rows),
    )
    pruned = sum(row.pruned for row in rows)
    return (
        Cell(text=name),
        Cell(text=number(sum(row.runs for row in rows))),
        Cell(text=number(written)),
        Cell(text=_part(cut, written), note=f"{number(pruned)} pruned", mark=_much(cut, written)),
        Cell(
            text=_part(late, written),
            note=f"{number(late_votes)} of {count(votes, 'vote')}",
            mark=_much(late, written),
        ),
    )


def _costs(costs: Sequence[CostRow]) -> Table | None:
    """Return a row for each row there is: those without a right answer cannot be added to others."""
    several = len({row.model for row in costs}) > 1
    order = sorted(costs, key=lambda row: (row.model, _EFFORTS.get(row.effort, 99), row.strategy))
    if not order:
        return None
    return Table(
        title="What a right answer cost, the wrong ones included",
        columns=("strategy", "effort", "right", "generated", "verified", "time"),
        rows=tuple(
            (
                Cell(text=strategy_words(row.strategy), note=row.model if several else ""),
                Cell(text=row.effort),
                Cell(text=f"{number(row.rights)} of {number(row.graded)}"),
                Cell(text=_known(row.completion_tokens_per_right)),
                Cell(text=_known(row.verifier_tokens_per_right)),
                Cell(
                    text="none was right"
                    if row.seconds_per_right is None
                    else seconds_words(row.seconds_per_right)
                ),
            )
            for row in order
        ),
    )


K = TypeVar("K")


def _gathered(rows: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    found: dict[K, list[T]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def _share(share: Share | None) -> str:
    return "not graded" if share is None else share_words(share.value)


def _range(share: Share | None) -> str:
    return "" if share is None else f"{share_words(share.low)} to {share_words(share.high)}"


def _part(some: float, whole: float) -> str:
    return share_words(some / whole) if whole else "none"


def _known(value: float | None) -> str:
    return "none was right" if value is None else number(value)


def _much(some: float, whole: float) -> Mark:
    """Return how a share of waste is told: a quarter and more stands out."""
    return "bad" if whole and some / whole >= 0.25 else ""
