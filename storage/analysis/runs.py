"""One row a run: what it was, what it cost, what it came to, and what its graders say."""

from __future__ import annotations

_GRADED = """\
SELECT trace_id,
       CAST(SUM(times) AS BIGINT) AS grades,
       COUNT(*) AS graders,
       AVG(score) AS score,
       MIN(score) AS lowest,
       MAX(score) AS highest,
       CASE WHEN AVG(score) > 0.5 THEN 1 WHEN AVG(score) < 0.5 THEN 0 END AS is_right
FROM (
  SELECT trace_id, score,
         COUNT(*) OVER (PARTITION BY trace_id, grader) AS times,
         ROW_NUMBER() OVER (
           PARTITION BY trace_id, grader ORDER BY created_at DESC, id DESC
         ) AS age
  FROM grade
) AS g
WHERE age = 1
GROUP BY trace_id"""

_RUNS = """\
SELECT t.id AS trace_id, {day:t.created_at} AS day, t.created_at, t.status, t.face, t.model,
       t.verifier_model, t.effort, t.kind, t.difficulty_level AS level,
       t.difficulty_probability, t.difficulty_method,
       COALESCE(t.strategy, 'pilot') AS strategy,
       t.policy_name, t.policy_version, t.policy_hash,
       t.max_generations, t.generations, t.seconds, t.calls, t.prompt_tokens, t.cached_tokens,
       t.completion_tokens, t.reasoning_tokens, t.verifier_tokens,
       t.completion_tokens + t.verifier_tokens AS tokens,
       t.confidence, t.probability, t.stop_reason, t.whole, t.error, t.key_id, t.texts,
       y.steps, y.candidates, y.whole AS whole_candidates, y.pruned, y.cut_tokens,
       y.winner_score, y.verifier_agrees, y.pilot_samples, y.pilot_agreeing, y.votes,
       y.settled_votes, y.decided_votes, y.late_tokens, y.revisions, y.revisions_changed,
       y.answer_key, y.first_answer_key,
       g.grades, g.graders, g.score, g.lowest, g.highest, g.is_right
FROM trace AS t
LEFT JOIN tally AS y ON y.trace_id = t.id
LEFT JOIN graded_trace AS g ON g.trace_id = t.id"""

RUNS: dict[str, str] = {"graded_trace": _GRADED, "run_summary": _RUNS}
