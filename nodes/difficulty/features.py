"""What a few samples, or the question alone, show of how hard a question is: numbers for a model.

The fit and the service call the same functions, so a model sees in use what it was fitted on. Every
value is finite. What cannot be known is absent, never guessed: without a verifier there are no
scores, without log-probabilities no confidence. Shares are of all samples, cut ones too.

Votes, verifier scores and lengths as predictors of difficulty: arXiv 2408.03314, section 3.2.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from ..candidate import Candidate

Source = Literal["question", "votes", "verifier", "confidence"]
"""What a feature is read off."""
FEATURES: dict[Source, dict[str, str]] = {
    "question": {
        "question_log_characters": "ln(1 + characters)",
        "question_log_numbers": "ln(1 + numbers written in digits)",
    },
    "votes": {
        "leader_share": "share of samples that give the leading answer",
        "second_share": "share that give the next one",
        "distinct_share": "different answers, for each sample",
        "voting_share": "share of samples that vote",
        "cut_share": "share that was cut at the token limit",
        "log_tokens": "ln(1 + mean tokens)",
    },
    "verifier": {
        "score_mean": "log-odds of the mean score; a sample without a score counts as 0",
        "score_best": "log-odds of the best score",
        "score_leader": "log-odds of the heaviest answer's sum of scores, for each sample",
        "score_leader_share": "the same, as a share of the scores of all that vote",
    },
    "confidence": {
        "confidence_mean": "mean of the samples' mean token log-probabilities, in nats",
    },
}
"""Every feature by its source, with its meaning."""
SURE = 0.999
"""Log-odds are those of probabilities kept between 1 - SURE and SURE."""
_EXTREME = 100.0
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def feature_names(sources: Iterable[Source]) -> tuple[str, ...]:
    """Return the names of all features of `sources`, in the order of the table."""
    wanted = set(sources)
    return tuple(name for source, names in FEATURES.items() if source in wanted for name in names)


def question_features(question: str) -> dict[str, float]:
    """Return what the question alone shows."""
    return {
        "question_log_characters": math.log1p(len(question)),
        "question_log_numbers": math.log1p(len(_NUMBER.findall(question))),
    }


def pilot_features(question: str, candidates: Sequence[Candidate]) -> dict[str, float]:
    """Return what the question and samples of it show; without samples, what the question does.

    Scores are absent where a whole sample could have one and none has. Confidence is absent where
    no sample has one.
    """
    features = question_features(question)
    if candidates:
        features |= _votes(candidates)
        features |= _scores(candidates)
        features |= _confidence(candidates)
    return features


def log_odds(probability: float) -> float:
    """Return ln(p / (1 - p)) of a probability, kept away from 0 and 1."""
    p = max(1.0 - SURE, min(SURE, probability))
    return math.log(p / (1.0 - p))


def _votes(candidates: Sequence[Candidate]) -> dict[str, float]:
    n = len(candidates)
    counts = Counter(c.answer_key for c in candidates if c.votes)
    first, second, *_ = [count for _, count in counts.most_common(2)] + [0, 0]
    return {
        "leader_share": first / n,
        "second_share": second / n,
        "distinct_share": len(counts) / n,
        "voting_share": counts.total() / n,
        "cut_share": sum(c.ending == "length" for c in candidates) / n,
        "log_tokens": math.log1p(sum(c.n_tokens for c in candidates) / n),
    }


def _scores(candidates: Sequence[Candidate]) -> dict[str, float]:
    scores = [c.score for c in candidates if c.score is not None]
    if not scores and any(c.whole for c in candidates):
        return {}
    weights: defaultdict[str | None, float] = defaultdict(float)
    for candidate in candidates:
        if candidate.votes:
            weights[candidate.answer_key] += candidate.score or 0.0
    leader, total = max(weights.values(), default=0.0), math.fsum(weights.values())
    return {
        "score_mean": log_odds(math.fsum(scores) / len(candidates)),
        "score_best": log_odds(max(scores, default=0.0)),
        "score_leader": log_odds(leader / len(candidates)),
        "score_leader_share": leader / total if total else 0.0,
    }


def _confidence(candidates: Sequence[Candidate]) -> dict[str, float]:
    known = [c.confidence for c in candidates if c.confidence is not None]
    kept = [max(-_EXTREME, min(_EXTREME, value)) for value in known if not math.isnan(value)]
    return {"confidence_mean": math.fsum(kept) / len(kept)} if kept else {}
