"""Starts the bench, as `python bench/faults` or as `python -m bench.faults`."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

if not __package__:  # run by its path: its modules would be top-level names, without a package
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from bench.faults.measuring import measure
from bench.faults.scenarios import SCENARIOS
from bench.faults.table import table

parser = argparse.ArgumentParser(prog="faults")
parser.add_argument("--only", nargs="+", choices=sorted(SCENARIOS), default=list(SCENARIOS))
parser.add_argument("--questions", type=int, default=160)
parser.add_argument("--at-once", type=int, default=16)
parser.add_argument("--json", type=Path, help="where to write what was measured")
args = parser.parse_args()
rows = [
    asyncio.run(measure(name, SCENARIOS[name], args.questions, args.at_once)) for name in args.only
]
print(table(rows))
if args.json:
    args.json.write_text(json.dumps([row.plain() for row in rows], indent=1) + "\n")
if any((row.lost and not row.compares) or not row.is_usage_true for row in rows):
    sys.exit("an answer was lost, or usage was not true")
