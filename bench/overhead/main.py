"""Runs one of the comparisons, prints cells as they come and the table at the end."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from . import adaptive, fixed, judge
from .plots import plot_fixed
from .tables import fixed_table


def main(options: argparse.Namespace) -> None:
    """Run it."""
    if options.which == "fixed":
        cells = []
        for cell in fixed.run(options):
            cells.append(cell)
            print(json.dumps(asdict(cell)), flush=True)
        options.out.write_text(json.dumps([asdict(cell) for cell in cells], indent=1))
        print(fixed_table(cells))
        if options.plot is not None:
            plot_fixed(cells, options.plot)
        return
    which = adaptive if options.which == "adaptive" else judge
    rows = []
    for row in which.run(options):
        rows.append(row)
        print(json.dumps(asdict(row)), flush=True)
    options.out.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    print(adaptive.table(rows))
