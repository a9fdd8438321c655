"""Where compute went that changed nothing, and where changes helped or hurt.

Whether an answer that was not chosen is right is known from other runs: the keys of right answers to
the same question of the same evaluation data. Elsewhere it is known only by comparison with the
chosen one, and NULL where that does not tell.
"""

from __future__ import annotations

_WASTE = """\
SELECT model, effort, strategy,
       COUNT(*) AS runs,
       CAST(SUM(completion_tokens) AS BIGINT) AS completion_tokens,
       CAST(SUM(candidates) AS BIGINT) AS candidates,
       CAST(SUM(pruned) AS BIGINT) AS pruned,
       CAST(SUM(cut_tokens) AS BIGINT) AS cut_tokens,
       1.0 * SUM(cut_tokens) / NULLIF(SUM(completion_tokens), 0) AS cut_share,
       CAST(SUM(votes) AS BIGINT) AS votes,
       CAST(SUM(settled_votes) AS BIGINT) AS settled_votes,
       CAST(SUM(votes - decided_votes) AS BIGINT) AS late_votes,
       CAST(SUM(late_tokens) AS BIGINT) AS late_tokens,
       1.0 * SUM(late_tokens) / NULLIF(SUM(completion_tokens), 0) AS late_share
FROM run_summary
WHERE status = 'finished' AND candidates IS NOT NULL
GROUP BY model, effort, strategy"""

_VERIFIER = """\
SELECT verifier_model, kind, strategy,
       COUNT(*) AS graded,
       AVG(winner_score) AS scored,
       AVG(score) AS came_true,
       AVG((winner_score - score) * (winner_score - score)) AS brier,
       COUNT(CASE WHEN winner_score >= 0.5 AND is_right = 0 THEN 1 END) AS trusted_wrong,
       COUNT(CASE WHEN winner_score < 0.5 AND is_right = 1 THEN 1 END) AS doubted_right,
       COUNT(CASE WHEN NOT verifier_agrees AND is_right = 1 THEN 1 END) AS outvoted_rightly,
       COUNT(CASE WHEN NOT verifier_agrees AND is_right = 0 THEN 1 END) AS outvoted_perhaps_wrongly
FROM run_summary
WHERE winner_score IS NOT NULL AND is_right IS NOT NULL
GROUP BY verifier_model, kind, strategy"""

_RIGHT = """\
SELECT DISTINCT e.data_hash, i.question_id, y.answer_key
FROM evaluation_item AS i
JOIN evaluation AS e ON e.id = i.evaluation_id
JOIN trace AS t ON t.id = i.trace_id AND t.texts = 'kept'
JOIN tally AS y ON y.trace_id = i.trace_id
WHERE i.is_right AND y.answer_key IS NOT NULL"""

_REVISION = """\
WITH asked AS (
  SELECT i.trace_id, e.data_hash, i.question_id
  FROM evaluation_item AS i JOIN evaluation AS e ON e.id = i.evaluation_id
), solved AS (
  SELECT DISTINCT data_hash, question_id FROM right_answer
)
SELECT c.trace_id, c.key AS candidate_key, c.parent_key AS revises_key,
       r.model, r.strategy, r.level, r.effort,
       b.answer_key AS before_key, c.answer_key AS after_key,
       CASE WHEN b.answer_key = c.answer_key THEN 0 ELSE 1 END AS changed,
       CASE
         WHEN b.answer_key IS NULL THEN 0
         WHEN kb.answer_key IS NOT NULL THEN 1
         WHEN r.is_right = 1 THEN CASE WHEN b.answer_key = r.answer_key THEN 1 ELSE 0 END
         WHEN r.is_right = 0 AND b.answer_key = r.answer_key THEN 0
         WHEN s.question_id IS NOT NULL THEN 0
       END AS before_right,
       CASE
         WHEN c.answer_key IS NULL THEN 0
         WHEN ka.answer_key IS NOT NULL THEN 1
         WHEN r.is_right = 1 THEN CASE WHEN c.answer_key = r.answer_key THEN 1 ELSE 0 END
         WHEN r.is_right = 0 AND c.answer_key = r.answer_key THEN 0
         WHEN s.question_id IS NOT NULL THEN 0
       END AS after_right
FROM candidate AS c
JOIN run_summary AS r ON r.trace_id = c.trace_id
LEFT JOIN candidate AS b ON b.trace_id = c.trace_id AND b.key = c.parent_key
LEFT JOIN asked AS a ON a.trace_id = c.trace_id
LEFT JOIN solved AS s ON s.data_hash = a.data_hash AND s.question_id = a.question_id
LEFT JOIN right_answer AS kb ON kb.data_hash = a.data_hash AND kb.question_id = a.question_id
  AND kb.answer_key = b.answer_key
LEFT JOIN right_answer AS ka ON ka.data_hash = a.data_hash AND ka.question_id = a.question_id
  AND ka.answer_key = c.answer_key
WHERE c.parent_key IS NOT NULL"""

_FLIPS = """\
SELECT model, strategy, level,
       COUNT(*) AS revisions,
       CAST(SUM(changed) AS BIGINT) AS changed,
       COUNT(CASE WHEN before_right = 0 AND after_right = 1 THEN 1 END) AS wrong_to_right,
       COUNT(CASE WHEN before_right = 1 AND after_right = 0 THEN 1 END) AS right_to_wrong,
       COUNT(CASE WHEN before_right = 1 AND after_right = 1 THEN 1 END) AS stayed_right,
       COUNT(CASE WHEN before_right = 0 AND after_right = 0 THEN 1 END) AS stayed_wrong,
       COUNT(CASE WHEN before_right IS NULL OR after_right IS NULL THEN 1 END) AS unknown
FROM revision_flip
GROUP BY model, strategy, level"""

WASTE: dict[str, str] = {
    "waste": _WASTE,
    "verifier_against_grades": _VERIFIER,
    "right_answer": _RIGHT,
    "revision_flip": _REVISION,
    "revision_flips": _FLIPS,
}
