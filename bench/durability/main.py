"""The command line of the bench; the exit code is 0 when nothing was lost."""

from __future__ import annotations

import argparse
import logging
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.upstream.running import running

from . import __doc__ as description
from .crash import crash
from .outage import outage


async def main(arguments: Sequence[str]) -> int:
    """Run what the arguments say."""
    options = _parser().parse_args(arguments)
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of sends to a killed server
    mock = [f"--step-ms={options.step_ms}", "--step-ms-per-sequence=0.02"]
    with TemporaryDirectory(prefix="durability-") as made, running(*mock) as model:
        folder = Path(made)
        if options.what == "crash":
            database = options.database or f"sqlite+aiosqlite:///{folder / 'traces.db'}"
            told = await crash(
                model.url,
                database,
                folder,
                kills=options.kills,
                clients=options.clients,
                rng=random.Random(options.seed),
            )
        else:
            told = await outage(
                model.url,
                folder,
                clients=options.clients,
                calm_s=options.calm_s,
                away_s=options.away_s,
            )
    sys.stdout.write("\n".join(told.lines) + "\n")
    return 1 if told.lost else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="durability",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("crash", "outage"))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--clients", type=int, default=16, help="that ask at once")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    parser.add_argument("--database", help="of `crash`; by default a SQLite file of its own")
    parser.add_argument("--calm-s", type=float, default=10.0, help="before and after the outage")
    parser.add_argument("--away-s", type=float, default=30.0)
    parser.add_argument("--step-ms", type=float, default=1.0, help="of the mock, a token")
    return parser
