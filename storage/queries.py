"""SQL that people run by hand; the same text runs on SQLite and PostgreSQL."""

from __future__ import annotations

TREE_SQL = """\
WITH RECURSIVE tree AS (
  SELECT s.key, s.score, s.text, 0 AS depth, CAST(1000000 + s.seq AS TEXT) AS path
  FROM step AS s
  WHERE s.trace_id = :id AND s.parent_key IS NULL
  UNION ALL
  SELECT s.key, s.score, s.text, t.depth + 1, t.path || '/' || CAST(1000000 + s.seq AS TEXT)
  FROM tree AS t
  JOIN step AS s ON s.trace_id = :id AND s.parent_key = t.key
)
SELECT t.depth, t.key, t.score, t.text AS step, c.key AS candidate, c.ending, c.answer,
       r.candidate_key IS NOT NULL AS chosen
FROM tree AS t
LEFT JOIN candidate AS c ON c.trace_id = :id AND c.leaf_step_key = t.key
LEFT JOIN trace AS r ON r.id = c.trace_id AND r.candidate_key = c.key
ORDER BY t.path, c.seq"""
"""The tree of a run's steps, each under its parent, with scores and with the candidates that end
there; `:id` is the whole id of the trace."""


def tree_sql(trace_id: str) -> str:
    """Return `TREE_SQL` with the id filled in, ready to be pasted."""
    if not trace_id.replace("-", "").isalnum():
        raise ValueError(f"trace_id is not an id: {trace_id!r}")
    return TREE_SQL.replace(":id", f"'{trace_id}'") + ";"
