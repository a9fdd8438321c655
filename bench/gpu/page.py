"""The page: what was measured, as tables and charts, in one file that needs no network."""

from __future__ import annotations

from collections.abc import Sequence

from forethought.server.report.blocks import Cell as Box
from forethought.server.report.blocks import Gallery, Part, Picture, Section, Table
from forethought.server.report.ink import INK, axes_in, drawing, svg_of
from forethought.server.report.page import render

from .cells import Cell

WIDTH, HEIGHT = 340, 200


def page(told: dict[str, object], cells: Sequence[Cell]) -> str:
    """Return the page as HTML."""
    parts = [
        Part(title="How much comes out", text=(HOW,), blocks=(_table(cells),)),
        Part(title="Is the card kept busy?", text=(BUSY,), blocks=(_busy(cells),)),
    ]
    if searches := _searches(cells):
        parts.insert(1, searches)
    section = Section(
        anchor="gpu",
        title=f"The service on {told.get('model', 'a model')}",
        headline=_headline(cells),
        about=f"{told['date']}, {told['at_once']} questions at once, at most {told['max_tokens']}"
        f" tokens an answer, {told['questions_read']} questions in turn.",
        facts=(),
        cautions=_cautions(cells),
        parts=tuple(parts),
    )
    return render([section])


HOW = (
    "Tokens are those that the generator says it generated in the window. Questions a second is that"
    " over the tokens of an answered question, so those under way at the end of a window count."
)
BUSY = (
    "Requests that ran on the generator, read four times a second. A line that falls to 0 is a card"
    " that waits for its clients."
)


def _headline(cells: Sequence[Cell]) -> str:
    raw = max((c.tokens_s for c in cells if c.way.kind == "raw"), default=0.0)
    ours = max((c.tokens_s for c in cells if c.way.kind == "effort"), default=0.0)
    if not raw or not ours:
        return "Not enough was measured to compare."
    return (
        f"The service keeps {100 * ours / raw:.0f}% of the tokens a second of raw sampling"
        f" ({ours:,.0f} against {raw:,.0f}, the best of each)."
    )


def _cautions(cells: Sequence[Cell]) -> tuple[str, ...]:
    said = [
        f"{c.way.name}: {len(c.errors)} errors, the first: {c.errors[0]}" for c in cells if c.errors
    ]
    said += [f"{c.way.name}: no answer in its window" for c in cells if not c.answers]
    few = [c.way.name for c in cells if 0 < len(c.answers) < 10]
    return (*said, *(f"{name}: fewer than 10 answers, so its means are rough" for name in few))


def _table(cells: Sequence[Cell]) -> Table:
    return Table(
        title="One window for each way of asking",
        columns=(
            "way",
            "tokens/s",
            "questions/s",
            "answers",
            "median s",
            "running, mean",
            "busy %",
            "cache hits %",
            "right %",
        ),
        rows=tuple(
            (
                Box(text=c.way.name),
                Box(text=f"{c.tokens_s:,.0f}"),
                Box(text=_number(c.questions_s, ".2f")),
                Box(text=str(len(c.answers))),
                Box(text=_number(c.median_s, ".1f")),
                Box(text=_number(c.running, ".1f")),
                Box(text=_percent(c.busy)),
                Box(text=_percent(c.hit_rate)),
                Box(text=_percent(c.accuracy)),
            )
            for c in cells
        ),
        shape="grid",
    )


def _searches(cells: Sequence[Cell]) -> Part | None:
    found = {c.way.name: c for c in cells}
    plain, beam = found.get("best-of-N"), found.get("beam")
    if plain is None or beam is None or not (plain.questions_s and beam.questions_s):
        return None
    if not (plain.median_s and beam.median_s):
        return None
    told = (
        (
            f"With the same N, a beam takes {plain.questions_s / beam.questions_s:.2f} times the wall time of"
            f" best-of-N a question, and {beam.median_s / plain.median_s:.2f} times as long for one question."
        ),
        (
            f"Of its prompt tokens {_percent(beam.hit_rate)}% were in the prefix cache, of best-of-N's"
            f" {_percent(plain.hit_rate)}%."
        ),
    )
    return Part(title="What the tree search costs", text=told)


def _busy(cells: Sequence[Cell]) -> Gallery:
    return Gallery(pictures=tuple(_picture(number, cell) for number, cell in enumerate(cells)))


def _picture(number: int, cell: Cell) -> Picture:
    with drawing(WIDTH, HEIGHT) as figure:
        axes = axes_in(figure, 46, 34, 8, 10)
        at = [reading.at_s for reading in cell.readings]
        axes.fill_between(at, [r.running for r in cell.readings], color=INK["ours"], alpha=0.25)
        axes.plot(at, [r.running for r in cell.readings], color=INK["ours"], linewidth=1.4)
        axes.plot(at, [r.waiting for r in cell.readings], color=INK["faint"], linewidth=1.0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("seconds")
        axes.set_ylabel("requests")
        svg = svg_of(figure, f"busy-{number}", f"Running requests over time, {cell.way.name}")
    return Picture(svg=svg, caption=f"{cell.way.name}: running, and waiting in grey")


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"
