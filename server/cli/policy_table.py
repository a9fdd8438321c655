"""Draws stored policies for a terminal: a list, a history, and one policy whole.

It shows what a document says and adds nothing. Names and notes are shown as text, never as markup or
as terminal codes.
"""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ...nodes.algorithms.registry import JsonScalar
from ...nodes.logistic import LogisticModel
from ...nodes.policy.document import Dial, DifficultyModel, Option, Outlay, PolicyDocument
from ...storage.activations import Activation
from ...storage.policies import PolicyRecord, PolicySummary, scope_words
from .trace_tree import excerpt

HASH_SHOWN = 12
WIDE = 110
GAIN = "gain is over best-of-N weighted with the same budget"


def render_list(policies: list[PolicySummary]) -> Table:
    """Return one line a version."""
    table = _table("policy", "hash", "saved UTC", "for", "")
    for policy in policies:
        table.add_row(
            Text(excerpt(f"{policy.name}@{policy.version}")),
            policy.hash[:HASH_SHOWN],
            f"{policy.created_at:%Y-%m-%d %H:%M}",
            Text(excerpt(scope_words(policy.scope))),
            Text("active" if policy.active else "", style="bold green"),
        )
    return table


def render_history(log: list[Activation]) -> Table:
    """Return one line an entry."""
    table = _table("time UTC", "for", "serves from then on", "", "note")
    for entry in log:
        table.add_row(
            f"{entry.created_at:%Y-%m-%d %H:%M:%S}",
            Text(excerpt(scope_words(entry.scope))),
            Text(excerpt(entry.policy or "the built-in policy")),
            "rollback" if entry.undoes else "",
            Text(excerpt(entry.note or "")),
        )
    return table


def render_policy(record: PolicyRecord, width: int) -> RenderableType:
    """Return a policy whole, an empty line at its end; a narrow terminal gets fewer columns."""
    document, wide = record.document, width >= WIDE
    parts: list[RenderableType] = [_header(record), ""]
    if options := [option for option in document.options if option.chosen]:
        parts += [_title(f"chosen by level and budget; {GAIN}"), _options(options, wide), ""]
    if document.controller is not None:
        parts += [_title(f"controller: {_theta(document.controller)}; {GAIN}")]
        parts += [_dials(document.dials, wide), ""]
    return Group(*parts)


def _table(*columns: str) -> Table:
    """Return an empty table; a column whose name begins with `>` is one of numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        number = column.startswith(">")
        name = column.removeprefix(">")
        table.add_column(name, justify="right" if number else "left", no_wrap=number)
    return table


def _header(record: PolicyRecord) -> Table:
    document = record.document
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")

    def row(name: str, text: str, style: str = "") -> None:
        table.add_row(name, Text(excerpt(text, 600), style=style))

    row("policy", f"{record.reference}, hash {record.hash[:HASH_SHOWN]}")
    row("for", scope_words(document.scope))
    row("made", f"{document.made}, seed {document.seed}")
    for source in document.fitted_on:
        samples = f" x {source.samples} samples" if source.samples else ", graded runs"
        row("fitted on", f"{source.name}: {source.questions} questions{samples}")
    if document.difficulty is not None:
        row("difficulty", _difficulty(document.difficulty))
    if document.confidence is not None:
        row("confidence", f"P(right) of an answer from {_features(document.confidence)}")
    row("familiar", _familiar(document))
    for note in document.notes:
        row("note", note, "yellow")
    return table


def _difficulty(difficulty: DifficultyModel) -> str:
    bounds = ", ".join(f"{bound:.2f}" for bound in difficulty.bounds)
    auc = "not measured" if difficulty.auc is None else f"{difficulty.auc:.3f}"
    error = difficulty.calibration_error
    return (
        f"P(correct) from {difficulty.pilot} samples by {_features(difficulty.model)}; AUC {auc},"
        f" calibration error {'not measured' if error is None else f'{error:.3f}'};"
        f" levels 1 to 4 from {bounds}"
    )


def _features(model: LogisticModel) -> str:
    return ", ".join(model.features) or "no features"


def _familiar(document: PolicyDocument) -> str:
    seen = document.familiar
    if seen is None:
        return "not known: strange questions are not noticed"
    return (
        f"P(correct) {seen.probability_mean:.2f} ± {seen.probability_deviation:.2f} over"
        f" {seen.questions} questions"
    )


def _options(options: list[Option], wide: bool) -> Table:
    table = _table(">level", ">budget", "strategy", *_columns(wide), *([">questions"] * wide))
    for option in sorted(options, key=lambda one: (one.level, one.budget)):
        table.add_row(
            str(option.level),
            str(option.budget),
            Text(excerpt(_theta(option.theta))),
            *_measured(option.outlay, option.gain, option.gain_error, wide),
            *([str(option.questions)] * wide),
        )
    return table


def _dials(dials: tuple[Dial, ...], wide: bool) -> Table:
    table = _table(">budget", ">price", *_columns(wide), "")
    for dial in dials:
        table.add_row(
            str(dial.budget),
            f"{dial.price:.4g}",
            *_measured(dial.outlay, dial.gain, dial.gain_error, wide),
            "chosen" if dial.chosen else "",
            style="" if dial.chosen else "dim",
        )
    return table


def _columns(wide: bool) -> tuple[str, ...]:
    verified = (">verified",) if wide else ()
    return (">accuracy %", ">samples", ">tokens", *verified, ">gain %")


def _measured(outlay: Outlay, gain: float, gain_error: float, wide: bool) -> tuple[str, ...]:
    """Return the cells of `_columns`."""
    return (
        f"{100 * outlay.accuracy:.1f} ± {100 * outlay.error:.1f}",
        f"{outlay.generations:.1f}",
        f"{outlay.tokens:.0f}",
        *([f"{outlay.verifier_tokens:.0f}"] * wide),
        f"{100 * gain:+.1f} ± {100 * gain_error:.1f}",
    )


def _theta(theta: dict[str, JsonScalar]) -> str:
    numbers = ", ".join(f"{key} {value}" for key, value in theta.items() if key != "name")
    return f"{theta.get('name', '?')} ({numbers})" if numbers else str(theta.get("name", "?"))


def _title(text: str) -> Text:
    return Text(excerpt(text, 300), style="bold")
