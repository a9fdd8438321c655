"""The modules of bench/, which are not on the path: one package for all tests that use them."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

BENCH = Path(__file__).parents[1] / "bench"


def bench_module(name: str) -> Any:
    """Return `bench.NAME`."""
    if "bench" not in sys.modules:
        package = ModuleType("bench")
        package.__path__ = [str(BENCH)]
        sys.modules["bench"] = package
    return importlib.import_module(f"bench.{name}")
