"""What has been measured so far, and the time that is left for more.

The file always holds everything measured until the last line told, so that a killed run keeps it.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict

from .cells import Cell, Rescoring


class Record:
    """The cells and scorings, what was skipped and why; the clock starts when it is made."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._started = time.monotonic()
        self.cells: list[Cell] = []
        self.scoring: list[Rescoring] = []
        self.skipped: list[str] = []

    @property
    def left_s(self) -> float:
        """Seconds until the limit."""
        return float(self._args.limit_s) - (time.monotonic() - self._started)

    def tell(self, line: str) -> None:
        """Print a line, and write what there is."""
        print(f"{time.monotonic() - self._started:6.0f} s  {line}", flush=True)
        cells = [asdict(c) for c in self.cells]
        for outcome in (o for c in cells for o in c["outcomes"]):
            del outcome["solutions"]
        document = {
            "settings": vars(self._args),
            "cells": cells,
            "scoring": [asdict(s) for s in self.scoring],
            "skipped": self.skipped,
        }
        text = json.dumps(document, indent=1, default=str)
        self._args.out.write_text(text, encoding="utf-8")
