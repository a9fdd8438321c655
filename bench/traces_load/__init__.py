"""A database of many made traces, and how long questions to it take.

`python -m bench.traces_load fill URL` fills, `... time URL` asks every documented question.
"""
