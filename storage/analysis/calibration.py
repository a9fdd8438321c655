"""Whether what a run says of itself comes true, in tenths of what it says.

Of difficulty the truth is only bounded. It is P(one sample is right), and a grade is of the chosen
answer alone: where that is right, the pilot samples that agree with it are right and the others
wrong; where it is wrong, those that agree are wrong and the others may be either.
"""

from __future__ import annotations

_DIFFICULTY = """\
SELECT difficulty_method, {tenth:difficulty_probability} AS tenth,
       COUNT(*) AS graded,
       AVG(difficulty_probability) AS said,
       AVG(CASE is_right WHEN 1 THEN 1.0 * pilot_agreeing / pilot_samples ELSE 0.0 END)
         AS true_at_least,
       AVG(CASE is_right WHEN 1 THEN 1.0 * pilot_agreeing / pilot_samples
           ELSE 1.0 - 1.0 * pilot_agreeing / pilot_samples END) AS true_at_most,
       AVG(score) AS answer_right
FROM run_summary
WHERE difficulty_probability IS NOT NULL AND pilot_samples > 0 AND is_right IS NOT NULL
GROUP BY difficulty_method, {tenth:difficulty_probability}"""

_CONFIDENCE = """\
SELECT measure, tenth, COUNT(*) AS graded, AVG(said) AS said, AVG(score) AS came_true,
       AVG((said - score) * (said - score)) AS brier
FROM (
  SELECT 'probability' AS measure, {tenth:probability} AS tenth, probability AS said, score
  FROM run_summary WHERE probability IS NOT NULL AND score IS NOT NULL
  UNION ALL
  SELECT 'confidence' AS measure, {tenth:confidence} AS tenth, confidence AS said, score
  FROM run_summary WHERE confidence IS NOT NULL AND score IS NOT NULL
) AS s
GROUP BY measure, tenth"""

CALIBRATION: dict[str, str] = {
    "calibration_of_difficulty": _DIFFICULTY,
    "calibration_of_confidence": _CONFIDENCE,
}
