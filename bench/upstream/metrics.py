"""The gauges and counters of vLLM's `/metrics` that schedulers in front of it read."""

from __future__ import annotations

from .counters import Counters
from .engine import Engine


def metrics(model: str, engine: Engine, counters: Counters) -> bytes:
    """Return the page in Prometheus' text format."""
    label = f'{{engine="0",model_name="{model}"}}'
    used = engine.running / engine.cost.max_sequences
    values = {
        ("num_requests_running", "gauge"): engine.running,
        ("num_requests_waiting", "gauge"): engine.waiting,
        ("kv_cache_usage_perc", "gauge"): round(min(1.0, used), 4),
        ("prompt_tokens_total", "counter"): counters.prompt_tokens,
        ("generation_tokens_total", "counter"): counters.completion_tokens,
        ("prefix_cache_queries_total", "counter"): counters.prompt_tokens,
        ("prefix_cache_hits_total", "counter"): counters.cached_tokens,
    }
    lines = [
        f"# TYPE vllm:{name} {kind}\nvllm:{name}{label} {value}"
        for (name, kind), value in values.items()
    ]
    return ("\n".join(lines) + "\n").encode()
