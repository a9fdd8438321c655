"""Accuracy, tokens and seconds: in cells that add up, and by one thing at a time.

A cell holds sums and not means, so that any coarser table is a GROUP BY away and exact. Means of
tokens and seconds are over the runs that finished, accuracy is over those that were graded.
"""

from __future__ import annotations

BY = {
    "accuracy_by_strategy": "strategy",
    "accuracy_by_level": "level",
    "accuracy_by_effort": "effort",
    "accuracy_by_model": "model",
    "accuracy_by_day": "day",
}
"""View to the column it groups by."""

_CELLS = """\
SELECT day, model, verifier_model, kind, effort, level, strategy,
       COUNT(*) AS runs,
       COUNT(seconds) AS finished,
       COUNT(score) AS graded,
       CAST(COALESCE(SUM(is_right), 0) AS BIGINT) AS rights,
       COALESCE(SUM(score), 0.0) AS scores,
       CAST(COALESCE(SUM(generations), 0) AS BIGINT) AS generations,
       CAST(COALESCE(SUM(prompt_tokens), 0) AS BIGINT) AS prompt_tokens,
       CAST(COALESCE(SUM(completion_tokens), 0) AS BIGINT) AS completion_tokens,
       CAST(COALESCE(SUM(verifier_tokens), 0) AS BIGINT) AS verifier_tokens,
       COALESCE(SUM(seconds), 0.0) AS seconds
FROM run_summary
WHERE status = 'finished'
GROUP BY day, model, verifier_model, kind, effort, level, strategy"""

_ONE = """\
SELECT {column},
       CAST(SUM(runs) AS BIGINT) AS runs,
       CAST(SUM(graded) AS BIGINT) AS graded,
       CAST(SUM(rights) AS BIGINT) AS rights,
       SUM(scores) / NULLIF(SUM(graded), 0) AS accuracy,
       1.0 * SUM(generations) / SUM(runs) AS generations,
       1.0 * SUM(completion_tokens) / SUM(runs) AS completion_tokens,
       1.0 * SUM(verifier_tokens) / SUM(runs) AS verifier_tokens,
       SUM(seconds) / SUM(runs) AS seconds
FROM accuracy_cells
GROUP BY {column}"""

_COST = """\
SELECT model, effort, strategy,
       COUNT(*) AS graded,
       CAST(SUM(is_right) AS BIGINT) AS rights,
       1.0 * SUM(completion_tokens) / NULLIF(SUM(is_right), 0) AS completion_tokens_per_right,
       1.0 * SUM(verifier_tokens) / NULLIF(SUM(is_right), 0) AS verifier_tokens_per_right,
       1.0 * SUM(generations) / NULLIF(SUM(is_right), 0) AS generations_per_right,
       SUM(seconds) / NULLIF(SUM(is_right), 0) AS seconds_per_right
FROM run_summary
WHERE status = 'finished' AND is_right IS NOT NULL
GROUP BY model, effort, strategy"""

ACCURACY: dict[str, str] = {
    "accuracy_cells": _CELLS,
    **{view: _ONE.replace("{column}", column) for view, column in BY.items()},
    "cost_per_right": _COST,
}
