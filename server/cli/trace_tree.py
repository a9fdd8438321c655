"""Draws a stored trace for a terminal: what was asked and planned, the search as a tree, the votes
and the calls.

A node of the tree is a stretch of steps without a fork, so a beginning that branches share is
drawn once. What a model wrote is shown as text, never as markup or as terminal codes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from ...storage.queries import tree_sql
from ...storage.views import CandidateView, StepView, TraceDetail, VerdictView

EXCERPT = 110
"""Characters of a step or an answer that are shown."""
GOOD, FAIR = 0.7, 0.4
"""Scores from here on are green, and yellow; the rest is red."""


def render_trace(detail: TraceDetail) -> RenderableType:
    """Return the whole trace."""
    parts: list[RenderableType] = [_header(detail), "", _Branches(detail).tree()]
    for verdict in detail.verdicts:
        parts += ["", _vote_title(verdict), _votes(detail, verdict)]
    if detail.calls:
        parts += ["", Text("calls", style="bold"), _calls(detail)]
    return Group(*parts)


def render_sql(trace_id: str) -> RenderableType:
    """Return the statement that shows the tree of steps again."""
    return Text(tree_sql(trace_id), no_wrap=True, overflow="ignore")


def excerpt(text: str, length: int = EXCERPT) -> str:
    """Return the beginning of `text` on one line, without anything a terminal acts on."""
    line = " ".join(text.split())
    if len(line) > length:
        line = line[: length - 1].rstrip() + "…"
    return "".join(c if c.isprintable() else "\ufffd" for c in line)


def _score(score: float | None) -> Text:
    if score is None:
        return Text("  -  ", style="dim")
    color = "green" if score >= GOOD else "yellow" if score >= FAIR else "red"
    return Text(f"{score:5.3f}", style=color)


def _number(value: float | None, form: str = ".3f") -> str:
    return "-" if value is None else format(value, form)


class _Branches:
    """The steps and candidates of a trace, by what they hang on."""

    def __init__(self, detail: TraceDetail) -> None:
        self._detail = detail
        self._steps = {step.key: step for step in detail.steps}
        self._children: dict[str | None, list[StepView]] = defaultdict(list)
        self._ends: dict[str | None, list[CandidateView]] = defaultdict(list)
        self._revisions: dict[str, list[CandidateView]] = defaultdict(list)
        keys = {candidate.key for candidate in detail.candidates}
        revising: set[str] = set()
        for candidate in detail.candidates:
            path = list(self._path(candidate.leaf_step_key))
            if candidate.parent_key in keys and candidate.parent_key is not None:
                self._revisions[candidate.parent_key].append(candidate)
                revising |= {step.key for step in path[-1:]}
            elif not path:
                self._ends[None].append(candidate)
            if path:
                self._ends[path[0].key].append(candidate)
        for step in detail.steps:
            if step.key not in revising:
                known = step.parent_key if step.parent_key in self._steps else None
                self._children[known].append(step)
        self._kept = self._kept_steps()
        chosen = detail.trace.candidate_key
        self._chosen = {
            step.key
            for candidate in detail.candidates
            if candidate.key == chosen
            for step in self._path(candidate.leaf_step_key)
        }

    def tree(self) -> Tree:
        """Return the tree."""
        steps, candidates = len(self._detail.steps), len(self._detail.candidates)
        tree = Tree(Text(f"{steps} steps, {candidates} candidates", style="bold"))
        for step in self._children[None]:
            self._add_stretch(tree, step)
        for candidate in self._ends[None]:
            self._add_candidate(tree, candidate)
        return tree

    def _path(self, key: str | None) -> Iterator[StepView]:
        """Yield the steps from `key` up to the root."""
        seen: set[str] = set()
        while key is not None and key in self._steps and key not in seen:
            seen.add(key)
            yield self._steps[key]
            key = self._steps[key].parent_key

    def _kept_steps(self) -> set[str]:
        """Return the steps that lead to a whole answer, or to a branch that is still open."""
        kept: set[str] = set()
        for step in self._detail.steps:
            ends = self._ends.get(step.key, [])
            is_open = not ends and not self._children.get(step.key)
            if is_open or any(candidate.ending == "whole" for candidate in ends):
                kept |= {above.key for above in self._path(step.key)}
        return kept

    def _add_stretch(self, tree: Tree, step: StepView) -> None:
        stretch = [step]
        while step.key not in self._ends and len(self._children.get(step.key, [])) == 1:
            step = self._children[step.key][0]
            stretch.append(step)
        node = tree.add(Text("\n").join(self._step_line(one) for one in stretch))
        for candidate in self._ends.get(step.key, []):
            self._add_candidate(node, candidate)
        for child in self._children.get(step.key, []):
            self._add_stretch(node, child)

    def _step_line(self, step: StepView) -> Text:
        style = "dim" if step.key not in self._kept else ""
        style = "bold" if step.key in self._chosen else style
        line = Text.assemble(_score(step.score), "  ", (excerpt(step.text), style))
        if style == "dim":
            line.stylize("dim")
        return line

    def _add_candidate(self, tree: Tree, candidate: CandidateView) -> None:
        node = tree.add(self._candidate_line(candidate))
        for revision in self._revisions.get(candidate.key, []):
            root = list(self._path(revision.leaf_step_key))[-1:]
            if root:
                self._add_stretch(node, root[0])
            else:
                self._add_candidate(node, revision)

    def _candidate_line(self, candidate: CandidateView) -> Text:
        chosen = candidate.key == self._detail.trace.candidate_key
        line = Text()
        if chosen:
            line.append("CHOSEN ", style="bold green")
        if candidate.ending != "whole":
            line.append(f"{candidate.ending.upper()} ", style="magenta")
        line.append(f"{candidate.origin} {candidate.key}", style="cyan")
        if candidate.parent_key is not None:
            line.append(f" of {candidate.parent_key}")
        if candidate.answer is not None:
            line.append(": ")
            line.append(excerpt(candidate.answer), style="bold")
        elif candidate.leaf_step_key is None:
            line.append(": ")
            line.append(excerpt(candidate.text))
        if candidate.score is not None:
            line.append(", score ")
            line.append_text(_score(candidate.score))
        line.append(f", {candidate.n_tokens} tokens")
        if candidate.ending != "whole":
            line.stylize("dim")
        return line


def _header(detail: TraceDetail) -> Table:
    trace = detail.trace
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")

    def row(name: str, text: str, style: str = "") -> None:
        table.add_row(name, Text(text, style=style))

    row("trace", f"{trace.id}, {trace.status}")
    row("asked", f"{trace.created_at:%Y-%m-%d %H:%M:%S} UTC through {trace.face}")
    kept = trace.texts == "kept"
    row("question", excerpt(trace.question, 600) if kept else f"(texts: {trace.texts})")
    models = trace.model + (f", verified by {trace.verifier_model}" if trace.verifier_model else "")
    row("model", excerpt(models))
    limits = [f"{trace.max_generations} generations"]
    limits += [f"{trace.max_tokens} tokens"] if trace.max_tokens is not None else []
    limits += [f"{trace.deadline_s:g} s"] if trace.deadline_s is not None else []
    row("effort", f"{trace.effort}: at most {', '.join(limits)}")
    if trace.difficulty_probability is not None:
        row(
            "difficulty",
            f"level {trace.difficulty_level} of 5, P(correct) {trace.difficulty_probability:.2f},"
            f" by {trace.difficulty_method} from {trace.difficulty_samples} samples",
        )
    for plan in trace.plans:
        numbers = {k: v for k, v in plan["numbers"].items() if k not in ("name", "selection")}
        told = ", ".join(f"{k} {v}" for k, v in numbers.items())
        row(
            "plan",
            f"{plan['strategy']} ({told}; chosen by {plan['selection']}) for level"
            f" {plan['level']}, by {plan['policy']}: {plan['why']}",
        )
    if trace.answer_text is not None:
        row("answer", excerpt(trace.answer or trace.answer_text, 600), "bold green")
        confidence = "" if trace.confidence is None else f", confidence {trace.confidence:.2f}"
        row("stopped", f"{trace.stop_reason}{confidence}{'' if trace.whole else ', cut off'}")
    if trace.completion_tokens is not None:
        row(
            "spent",
            f"{trace.completion_tokens} tokens generated"
            + (f" ({trace.reasoning_tokens} thinking)" if trace.reasoning_tokens else "")
            + f", {trace.prompt_tokens} read ({trace.cached_tokens} cached),"
            f" {trace.verifier_tokens} verified; {trace.calls} calls,"
            f" {_number(trace.generations, 'd')} generations, {_number(trace.seconds, '.2f')} s",
        )
    for grade in detail.grades:
        note = f": {excerpt(grade.note, 300)}" if grade.note else ""
        row("grade", f"{grade.score:g} by {grade.grader}{note}")
    for fault in trace.faults:
        row("fault", excerpt(fault, 300), "yellow")
    if trace.error is not None:
        row("error", excerpt(trace.error, 300), "red")
    return table


def _vote_title(verdict: VerdictView) -> Text:
    decided = ", decided" if verdict.decided else ""
    return Text(
        f"vote {verdict.seq + 1} by {verdict.selection}: confidence"
        f" {_number(verdict.confidence, '.2f')}, margin {_number(verdict.margin, '.2f')}{decided}",
        style="bold",
    )


def _votes(detail: TraceDetail, verdict: VerdictView) -> Table:
    votes = [vote for vote in detail.votes if vote.verdict_seq == verdict.seq]
    total = sum(vote.weight for vote in votes)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("answer", "weight", "share", "candidates"):
        table.add_column(column, justify="right" if column in ("weight", "share") else "left")
    for vote in votes:
        share = f"{vote.weight / total:.0%}" if total else "-"
        wins = verdict.winner in vote.members
        table.add_row(
            Text(excerpt(vote.answer, 60), style="bold green" if wins else ""),
            f"{vote.weight:.3f}",
            share,
            Text(" ".join(vote.members)),
        )
    return table


def _calls(detail: TraceDetail) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("call", no_wrap=True)
    for column in ("at s", "ms", "read", "cached", "written", "verified", "came"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("trouble")
    for call in detail.calls:
        table.add_row(
            f"{call.role} {call.kind}",
            f"{call.started_s:.2f}",
            f"{call.ms:.0f}",
            str(call.prompt_tokens),
            str(call.cached_tokens),
            str(call.completion_tokens),
            str(call.verifier_tokens),
            str(call.returned),
            Text(excerpt(call.error or call.fault or "", 80), style="red"),
        )
    return table
