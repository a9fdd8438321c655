"""A model server that costs next to nothing: vLLM's wire, seeded answers, a clock instead of a GPU.

    python bench/upstream --port 8100 --step-ms 10 --step-ms-per-sequence 0.05
    python bench/upstream --pool gsm8k_test_dev.jsonl.zst --limit 60

It is one process with raw protocols and pre-rendered bytes, so that what is measured against it is the
client. It serves `/v1/models`, `/version`, `/health`, `/metrics`, `/tokenize`, `/v1/completions`,
`/v1/chat/completions`, `/generative_scoring` and, as a process reward model with STEP pooling,
`/pooling`. Two banks of questions can stand behind it: seeded ones, each with a known P(correct), or
recorded samples of a real model with their step scores (`--pool`: chat alone, without token ids; with
`--goes-on` what was cut at a stop may go on once, as the sample it was cut from). The same draws come in the same order after each `POST /reset`.

Beside them: `GET /questions` (texts, gold answers, P), `GET /counters` (what was asked and generated,
as the server sees it), `POST /faults` with a JSON object of shares (faults.py), `POST /die`.
"""
