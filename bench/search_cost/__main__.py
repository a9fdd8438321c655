"""Starts the bench, as `python bench/search_cost` or as `python -m bench.search_cost`."""

import asyncio
import sys
from pathlib import Path

if not __package__:  # run by its path: its modules would be top-level names, without a package
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from bench.search_cost.main import main
from bench.search_cost.options import parser

asyncio.run(main(parser().parse_args()))
