"""The same as a picture: requests a second and CPU time a request, by concurrency."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from .cells import Cell


def plot_fixed(cells: Sequence[Cell], path: Path) -> None:
    """Write the picture; needs the extra `fit`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    rate, cpu = figure.subplots(1, 2)
    for system in dict.fromkeys(cell.system for cell in cells):
        if system == "straight":
            continue
        own = [cell for cell in cells if cell.system == system]
        at = sorted({cell.at_once for cell in own})
        for axes, name in ((rate, "per_s"), (cpu, "cpu_ms")):
            values = [median(getattr(c, name) for c in own if c.at_once == k) for k in at]
            axes.plot(range(len(at)), values, marker="o", label=system)
            axes.set_xticks(range(len(at)), [str(k) for k in at])
            axes.set_xlabel("requests at once")
            axes.set_yscale("log")
    rate.set_ylabel("requests a second")
    cpu.set_ylabel("CPU ms a request")
    rate.legend()
    figure.suptitle("Self-consistency of 8 against a mock that answers at once")
    figure.savefig(path)
