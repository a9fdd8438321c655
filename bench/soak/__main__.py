"""Starts the bench, as `python bench/soak` or as `python -m bench.soak`."""

import sys
from pathlib import Path

if not __package__:  # run by its path: its modules would be top-level names, without a package
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from bench.soak.main import main, parser

main(parser().parse_args())
