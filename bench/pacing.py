"""Whether a mean budget is met: a stream of recorded questions through the pacer and the controller.

    python bench/pacing.py POOL.jsonl.zst POLICY.json [--means 6 8 12 16 24 32] [--questions 4000]

POLICY.json is what `forethought policy export` writes. Each question of the stream is a random question
of the pool in a random order of its samples; the first third of the stream is told apart, since the price
starts from the fitted curve. Beside it: best-of-N weighted at the same mean, between the two whole N around it.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from forethought.nodes.algorithms.marginal_rule import worth
from forethought.nodes.algorithms.registry import strategy_from
from forethought.nodes.learning.controller_replay import replay_controller
from forethought.nodes.learning.courses import course_of
from forethought.nodes.learning.record import record_of
from forethought.nodes.policy.pacing import pacer_for
from forethought.nodes.replay.reading import recorded
from forethought.server.replay_files import read_pool
from forethought.storage.documents import policy_from

ORDERS = 32
SEED = 11


def main() -> None:
    """Print one line for each mean."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("pool", type=Path)
    parser.add_argument("policy", type=Path)
    parser.add_argument("--means", type=float, nargs="+", default=[6, 8, 12, 16, 24, 32])
    parser.add_argument("--questions", type=int, default=4000)
    args = parser.parse_args()
    policy = policy_from(args.policy.read_text(encoding="utf-8"))
    record = record_of(recorded(read_pool(args.pool).questions), orders=ORDERS, seed=SEED)
    strategy = strategy_from({**(policy.controller or {}), "n": record.size, "price": 0.0})
    rule, size = strategy.rule, record.size  # type: ignore[attr-defined]  # a controller has one
    pilot = policy.difficulty.pilot if policy.difficulty else 4
    by_n = {
        n: replay_controller(record, rule, 0.0, n=n, pilot=pilot) for n in range(pilot, size + 1)
    }
    course = course_of(record, "weighted", range(1, size + 1))
    print("mean asked  first third  the rest  off %  right %  best-of-N right %  price at the end")
    for mean in args.means:
        chance = random.Random(SEED)
        pacer = pacer_for(mean, policy.dials, size)
        if pacer is None:
            raise SystemExit("the policy has no dial with a price")
        spent: list[int] = []
        right: list[float] = []
        for _ in range(args.questions):
            place = chance.randrange(len(record.ids)), chance.randrange(ORDERS)
            runs = by_n[max(worth(rule, pacer.price, size), pilot)]
            spent.append(int(runs.generations[place]))
            right.append(float(runs.right[place]))
            pacer = pacer.after(spent[-1])
        third = args.questions // 3
        realised = sum(spent) / len(spent)
        rest = sum(spent[third:]) / len(spent[third:])
        low = int(mean)
        share = mean - low
        accuracies = course.right.mean(axis=(0, 1))
        uniform = (1 - share) * accuracies[low - 1] + share * accuracies[min(low, size - 1)]
        print(
            f"{mean:10.1f} {sum(spent[:third]) / third:12.2f} {rest:9.2f}"
            f" {100 * (realised / mean - 1):+6.2f} {100 * sum(right) / len(right):8.1f}"
            f" {100 * uniform:19.1f} {pacer.price:17.5f}"
        )


if __name__ == "__main__":
    main()
