"""The command line's options. `--help` tells what the package's docstring tells."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import __doc__ as description
from .cells import BASELINE, STRATEGIES


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    made = argparse.ArgumentParser(
        prog="search_cost",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("questions", type=Path)
    made.add_argument("--limit", type=int, default=60, help="questions, from the file's start")
    made.add_argument("--generator-url", default="http://127.0.0.1:8100/v1")
    made.add_argument("--verifier-url", default="http://127.0.0.1:8101/v1")
    made.add_argument(
        "--strategies",
        nargs="+",
        choices=STRATEGIES,
        default=[BASELINE, "beam", "dvts", "particle_filtering"],
    )
    made.add_argument("--ns", nargs="+", type=int, default=[4, 8, 16], help="N, also 64")
    made.add_argument("--at-once", nargs="+", type=int, default=[1, 8, 32], help="questions")
    made.add_argument("--repeats", type=int, default=1)
    made.add_argument("--max-tokens", type=int, default=320, help="of one answer")
    made.add_argument("--temperature", type=float, default=0.8)
    made.add_argument("--top-p", type=float, default=0.95)
    made.add_argument(
        "--timeout-s", type=float, help="of a call; with one it is streamed, as under a deadline"
    )
    made.add_argument(
        "--warm-up",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="throw a first pass over the questions away",
    )
    made.add_argument(
        "--batched",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="gather scoring requests over the questions",
    )
    made.add_argument(
        "--scoring-ns", nargs="*", type=int, default=[], help="score again at these N"
    )
    made.add_argument("--limit-s", type=float, default=3600.0, help="skip what would end later")
    made.add_argument("--out", type=Path, default=Path("search_cost.json"))
    return made
