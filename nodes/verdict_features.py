"""What a finished vote shows of whether its answer is right: numbers for a fitted model.

They are read off the candidates and the winner alone, so they mean the same under every selection.
Samples that share their first step and their answer count once, as in `algorithms/stopping.py`:
they are no separate witnesses. Every value is finite; scores are absent where a voting sample could
have one and none has.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from .algorithms.stopping import independent
from .candidate import Candidate
from .difficulty.features import log_odds
from .verdict import Verdict

VERDICT_FEATURES: dict[str, str] = {
    "log_samples": "ln of the samples that ended, cut ones too",
    "winner_votes": "share of them that give the winning answer",
    "winner_margin": "that less the share of the most frequent other answer",
    "winner_log_votes": "ln(1 + samples that give the winning answer)",
    "other_log_votes": "ln(1 + samples that give the most frequent other answer)",
    "voting_share": "share of them that vote",
    "distinct_share": "different answers, for each sample",
    "log_tokens": "ln(1 + mean tokens)",
}
"""Every feature that needs no verifier, with its meaning."""
SCORED_FEATURES: dict[str, str] = {
    "winner_log_weight": "ln(1 + sum of the scores of the winning answer)",
    "other_log_weight": "ln(1 + the same of the heaviest other answer)",
    "winner_weight_share": "the winner's sum as a share of all sums",
    "winner_best": "log-odds of the best score of the winning answer",
    "score_mean": "log-odds of the mean score; a sample without one counts as 0",
}
"""Every feature that needs the verifier's scores, with its meaning."""
_NEVER_ENDED = frozenset({"pruned", "rollout", "rounds", "stopped"})


def verdict_features(verdict: Verdict, candidates: Sequence[Candidate]) -> dict[str, float]:
    """Return what a verdict over `candidates` shows; without a winner that votes, all of it is low."""
    winner = next((c.answer_key for c in candidates if c.key == verdict.winner and c.votes), None)
    ended = independent([c for c in candidates if c.ending not in _NEVER_ENDED])
    scores: defaultdict[str, list[float | None]] = defaultdict(list)
    for candidate in ended:
        if candidate.votes and candidate.answer_key is not None:
            scores[candidate.answer_key].append(candidate.score)
    n = max(len(ended), 1)
    won = scores.pop(winner, []) if winner is not None else []
    others = [len(group) for group in scores.values()]
    next_votes = max(others, default=0)
    features = {
        "log_samples": math.log(n),
        "winner_votes": len(won) / n,
        "winner_margin": (len(won) - next_votes) / n,
        "winner_log_votes": math.log1p(len(won)),
        "other_log_votes": math.log1p(next_votes),
        "voting_share": (len(won) + sum(others)) / n,
        "distinct_share": (len(others) + bool(won)) / n,
        "log_tokens": math.log1p(sum(c.n_tokens for c in ended) / n),
    }
    return features | _scored(won, list(scores.values()), ended)


def _scored(
    won: Sequence[float | None],
    others: Sequence[Sequence[float | None]],
    ended: Sequence[Candidate],
) -> dict[str, float]:
    """Return the features of the scores of the winning answer and of each other one."""
    known = [c.score for c in ended if c.score is not None]
    if not known and (won or others):
        return {}
    mine = [score or 0.0 for score in won]
    weight = math.fsum(mine)
    sums = [math.fsum(score or 0.0 for score in group) for group in others]
    total = weight + math.fsum(sums)
    return {
        "winner_log_weight": math.log1p(weight),
        "other_log_weight": math.log1p(max(sums, default=0.0)),
        "winner_weight_share": weight / total if total else 0.0,
        "winner_best": log_odds(max(mine, default=0.0)),
        "score_mean": log_odds(math.fsum(known) / max(len(ended), 1)),
    }
