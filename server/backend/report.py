"""Progress on a terminal, and plain lines where there is none."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

PLAIN_STEP_S = 15.0
"""How much progress makes another line in a log file."""


class RichReport:
    """A `Report` with one bar for each thing under way; the live display ends with the last bar."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}", style="dim", markup=False),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._printed: dict[str, float] = {}

    def say(self, line: str) -> None:
        """Print `line` above the bars."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def progress(self, label: str, done: float, total: float | None, detail: str = "") -> None:
        """Move the bar of `label`; without a terminal, print a line now and then."""
        if not self._console.is_terminal:
            self._print_seldom(label, done, total)
            return
        if not self._tasks:
            self._bars.start()
        if label not in self._tasks:
            self._tasks[label] = self._bars.add_task(label, total=total, detail="")
        self._bars.update(
            self._tasks[label], completed=done, total=total, detail=detail[:80], refresh=True
        )

    def finish(self, label: str) -> None:
        """Remove the bar of `label`."""
        self._printed.pop(label, None)
        task = self._tasks.pop(label, None)
        if task is None:
            return
        self._bars.remove_task(task)
        if not self._tasks:
            self._bars.stop()

    def _print_seldom(self, label: str, done: float, total: float | None) -> None:
        last = self._printed.get(label)
        step = PLAIN_STEP_S if total is None else max(1.0, total / 4)
        if last is None or done - last >= step:
            self._printed[label] = done
            self.say(
                f"{label}: {done:.0f} s" if total is None else f"{label}: {done:g} of {total:g}"
            )
