"""The command line's options. `--help` tells what the package's docstring tells."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import __doc__ as description


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    made = argparse.ArgumentParser(
        prog="upstream",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=0, help="0 takes a free one; it is printed")
    made.add_argument("--model", default="mock")
    made.add_argument("--max-model-len", type=int, default=32768)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--pool", type=Path, help="recorded samples instead of seeded ones")
    made.add_argument(
        "--goes-on", action="store_true", help="so may what was cut of the pool, once"
    )
    made.add_argument("--questions", type=int, default=200, help="seeded questions")
    made.add_argument("--limit", type=int, help="questions of the pool, from its start")
    made.add_argument("--easy", type=float, default=0.9, help="P(correct) of even questions")
    made.add_argument("--hard", type=float, default=0.4, help="P(correct) of odd questions")
    made.add_argument("--answer-tokens", type=int, default=200, help="mean length of an answer")
    made.add_argument("--chat-only", action="store_true", help="no token ids, no continuation")
    made.add_argument("--piece", type=int, default=4, help="tokens in a frame of a stream")
    made.add_argument("--latency-ms", type=float, default=0.0, help="before the first token")
    made.add_argument("--step-ms", type=float, default=0.0, help="of a step with nothing in it")
    made.add_argument("--step-ms-per-sequence", type=float, default=0.0)
    made.add_argument("--prefill-ms-per-1k", type=float, default=0.0, help="uncached prompt tokens")
    made.add_argument("--max-sequences", type=int, default=256, help="running at once")
    made.add_argument("--faults", default="{}", help="JSON, as POST /faults takes it")
    return made
