"""Starts the server, as `python bench/upstream` or as `python -m bench.upstream`."""

import asyncio
import sys
from pathlib import Path

if not __package__:  # run by its path: its modules would be top-level names, without a package
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from bench.upstream.options import parser
from bench.upstream.serving import serve

try:
    import uvloop
except ImportError:
    run = asyncio.run
else:
    run = uvloop.run

run(serve(parser().parse_args()))
