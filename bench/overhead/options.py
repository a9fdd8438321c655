"""The command line's options. `--help` tells what the package's docstring tells."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import __doc__ as description

SYSTEMS = ("straight", "ours", "optillm", "its_hub", "its_hub_capped", "ours_workers")


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    made = argparse.ArgumentParser(
        prog="overhead",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = made.add_subparsers(dest="which", required=True)
    fixed = which.add_parser("fixed", help="self-consistency of 8 everywhere")
    fixed.add_argument("--at-once", type=int, nargs="+", default=[1, 8, 32, 64])
    fixed.add_argument("--requests", type=int, default=400, help="a cell")
    fixed.add_argument("--warm-up", type=int, default=64, help="requests before the first cell")
    fixed.add_argument("--repeats", type=int, default=3)
    fixed.add_argument("--latency-ms", type=float, default=0.0, help="of the upstream")
    fixed.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS[:4]))
    adaptive = which.add_parser("adaptive", help="tokens at equal accuracy")
    adaptive.add_argument("--pool", type=Path, help="recorded samples; else the seeded mix")
    adaptive.add_argument("--policy", type=Path, help="as `policy export` writes it; needs --pool")
    adaptive.add_argument(
        "--ceilings", type=int, nargs="+", default=[8, 16, 32], help="of the policy"
    )
    adaptive.add_argument("--questions", type=int, default=60)
    adaptive.add_argument("--ns", type=int, nargs="+", default=[8, 64], help="of the peers")
    adaptive.add_argument("--peers-only", action="store_true")
    adaptive.add_argument("--at-once", type=int, default=8)
    adaptive.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the draws")
    judge = which.add_parser("judge", help="best-of-N under a judge")
    judge.add_argument("--ns", type=int, nargs="+", default=[4, 8])
    judge.add_argument("--questions", type=int, default=100)
    judge.add_argument("--at-once", type=int, default=8)
    judge.add_argument("--latency-ms", type=float, default=50.0, help="of the upstream")
    for one in (fixed, adaptive, judge):
        one.add_argument("--torch", help="what pip is asked for before optillm, to get a CPU build")
        one.add_argument("--out", type=Path, default=Path("overhead.json"))
        one.add_argument("--plot", type=Path, help="an SVG or PNG of the table")
    return made
