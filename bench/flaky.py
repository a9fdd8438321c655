"""Runs tests again and again, several at once, and says which fail and how often.

    python bench/flaky.py                                   # 20 times, 4 at once
    python bench/flaky.py --times 5 --at-once 2 tests/storage

Each run has its own order of work among the workers and starves the machine as a busy one would. It
ends with 1 where anything failed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections import Counter

TESTS = ["tests/storage", "tests/server", "tests/graphs", "tests/nodes/algorithms"]
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)

parser = argparse.ArgumentParser(prog="flaky")
parser.add_argument("tests", nargs="*", default=TESTS)
parser.add_argument("--times", type=int, default=20)
parser.add_argument("--at-once", type=int, default=4)
args = parser.parse_args()
failures: Counter[str] = Counter()
green = 0
for number in range(1, args.times + 1):
    started = time.monotonic()
    options = ["-q", "-n", str(args.at_once), "--dist", "loadgroup", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *args.tests],
        check=False,
        capture_output=True,
        text=True,
    )
    names = FAILED.findall(done.stdout)
    if done.returncode and not names:
        names = [f"pytest ended with {done.returncode}"]
    failures.update(names)
    green += not names
    last = (done.stdout.strip().splitlines() or [done.stderr.strip()])[-1]
    print(f"{number}: {last} ({time.monotonic() - started:.0f} s)", flush=True)
    if names:
        print(done.stdout[-6000:], flush=True)
print(f"{green} of {args.times} runs green")
for name, times in failures.most_common():
    print(f"{times} times: {name}")
sys.exit(bool(failures))
