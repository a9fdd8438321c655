"""`marginal_gain`, replayed on recorded samples: the same rule, wave by wave, on many runs at once.

A property test holds it equal to the strategy itself, run on the same samples.
"""

from __future__ import annotations

import numpy as np

from ..algorithms.marginal_rule import Rule, bar, is_sure, next_total, worth
from .courses import NEVER, leaders_of
from .record import Floats, Record
from .runs import Runs


def replay_controller(record: Record, rule: Rule, price: float, *, n: int, pilot: int) -> Runs:
    """Return runs with at most N samples, the pilot's included; all of the pilot are finished.

    Verifier tokens: a beginning that is scored costs the question and itself, and a solution that
    goes on is read again whole. Rounds: a wave with cuts asks the generator twice.
    """
    questions, orders, size = record.answers.shape
    rows, groups = questions * orders, record.right.shape[1]
    answers = record.answers.reshape(rows, size)
    scores, firsts, tokens, first_tokens, read = (
        array.reshape(rows, size)
        for array in (
            record.scores,
            record.firsts,
            record.tokens,
            record.first_tokens,
            record.read,
        )
    )
    asked = np.repeat(record.question_tokens, orders)[:, None] + first_tokens
    most = max(worth(rule, price, min(n, size)), min(pilot, n))
    sums = np.zeros((rows, groups + 1))
    found = np.full((rows, groups + 1), NEVER)
    seen = np.full(firsts.shape, np.inf)
    generated, verified, begun, rounds = (np.zeros(rows) for _ in range(4))
    live, bars, before = np.arange(rows), np.zeros(rows), np.full(rows, np.nan)
    start, end = 0, min(pilot, n)
    while True:
        wave = slice(start, end)
        low = firsts[live, wave] < bars[live, None]
        votes = answers[live, wave]
        counts = ~low & (votes >= 0)
        np.add.at(sums, (live[:, None], votes), np.where(counts, scores[live, wave], 0.0))
        checked = (bars[live, None] > 0) & np.isfinite(firsts[live, wave])
        # What ends in its first step is found before what goes on: only ties hang on it.
        place = start + np.arange(start, end) + np.where(checked, end - start, 0)
        np.minimum.at(found, (live[:, None], votes), np.where(counts, place, NEVER))
        # A sample that was cut at the token limit is never read whole, so it may have no first score.
        seen[live, wave] = np.where(checked | (read[live, wave] > 0), firsts[live, wave], np.inf)
        generated[live] += np.where(low, first_tokens[live, wave], tokens[live, wave]).sum(axis=1)
        verified[live] += np.where(low, 0.0, read[live, wave]).sum(axis=1)
        verified[live] += np.where(checked, asked[live, wave], 0.0).sum(axis=1)
        begun[live] += end - start
        rounds[live] += np.where((checked & ~low).any(axis=1), 2.0, 1.0)
        if end >= most:
            break
        standing = sums[live, :groups]
        weight, total = standing.max(axis=1), standing.sum(axis=1)
        sure = is_sure(rule, weight, total, before[live])
        before[live] = np.where(total > 0, weight / np.maximum(total, 1e-9), np.nan)
        bars[live] = _bars(rule, weight, seen[live, :end])
        live = live[~sure]
        if not len(live):
            break
        start, end = end, next_total(end, most)
    leaders, row = leaders_of(sums[:, :groups], found[:, :groups]), np.arange(rows)
    right = np.repeat(record.right, orders, axis=0)[row, leaders] & (found[row, leaders] < NEVER)

    def shaped(values: Floats) -> Floats:
        return values.reshape(questions, orders)

    return Runs(
        right=shaped(right.astype(np.float64)),
        generations=shaped(begun),
        tokens=shaped(generated),
        verifier_tokens=shaped(verified),
        rounds=shaped(rounds),
    )


def _bars(rule: Rule, weight: Floats, firsts: Floats) -> Floats:
    """Return the bar of each run after its first steps so far (rows, n); 0 where none is set."""
    wanted = bar(rule, weight)
    return np.where((firsts < wanted[:, None]).mean(axis=1) >= rule.scarce, wanted, 0.0)
