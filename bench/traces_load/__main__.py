"""`python -m bench.traces_load fill URL | time URL`."""

from __future__ import annotations

import argparse
import asyncio

from .filling import fill
from .timing import time_all

parser = argparse.ArgumentParser(prog="python -m bench.traces_load", description=__doc__)
commands = parser.add_subparsers(dest="command", required=True)
filler = commands.add_parser("fill", help="Fill an empty database.")
filler.add_argument("url")
filler.add_argument("--traces", type=int, default=20_000)
filler.add_argument("--steps", type=int, default=1_000_000, help="About so many in all.")
filler.add_argument("--seed", type=int, default=0)
timer = commands.add_parser("time", help="Ask every documented question.")
timer.add_argument("url")
arguments = parser.parse_args()
if arguments.command == "fill":
    asyncio.run(fill(arguments.url, arguments.traces, arguments.steps, arguments.seed))
else:
    asyncio.run(time_all(arguments.url))
