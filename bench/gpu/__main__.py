"""Starts the bench, as `python bench/gpu` or as `python -m bench.gpu`."""

import sys
from pathlib import Path

if not __package__:  # run by its path: its modules would be top-level names, without a package
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from bench.gpu.main import main

main()
