"""The names of span attributes that other programs know.

OpenTelemetry's conventions for generative AI, as of November 2026, which have moved to a repository of
their own (github.com/open-telemetry/semantic-conventions-genai); the constants of the Python package are
deprecated, so the strings are here. OpenInference's kind and graph node are understood by Phoenix and
Langfuse besides. What is ours alone begins with `forethought.`.
"""

from __future__ import annotations

from typing import Final

OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
WORKFLOW: Final = "gen_ai.workflow.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
REQUEST_TEMPERATURE: Final = "gen_ai.request.temperature"
REQUEST_TOP_P: Final = "gen_ai.request.top_p"
REQUEST_MAX_TOKENS: Final = "gen_ai.request.max_tokens"
REQUEST_SEED: Final = "gen_ai.request.seed"
REQUEST_CHOICES: Final = "gen_ai.request.choice.count"
REQUEST_STOP: Final = "gen_ai.request.stop_sequences"
REQUEST_STREAM: Final = "gen_ai.request.stream"
REQUEST_REASONING: Final = "gen_ai.request.reasoning.level"
RESPONSE_MODEL: Final = "gen_ai.response.model"
RESPONSE_FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
RESPONSE_FIRST_CHUNK_S: Final = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
REASONING_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"
CACHED_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
EVALUATION: Final = "gen_ai.evaluation.name"
ERROR_TYPE: Final = "error.type"

INVOKE_WORKFLOW: Final = "invoke_workflow"
CHAT: Final = "chat"
TEXT_COMPLETION: Final = "text_completion"

OPENINFERENCE_KIND: Final = "openinference.span.kind"
CHAIN: Final = "CHAIN"
LLM: Final = "LLM"
EVALUATOR: Final = "EVALUATOR"
GRAPH_NODE: Final = "graph.node.id"
GRAPH_PARENT: Final = "graph.node.parent_id"
GRAPH_NAME: Final = "graph.node.name"

TRACE_ID: Final = "forethought.trace_id"
FACE: Final = "forethought.face"
KIND: Final = "forethought.kind"
STATUS: Final = "forethought.status"
STOP_REASON: Final = "forethought.stop_reason"
GENERATIONS: Final = "forethought.generations"
CONFIDENCE: Final = "forethought.confidence"
LEVEL: Final = "forethought.difficulty.level"
STRATEGY: Final = "forethought.strategy"
VERIFIER_TOKENS: Final = "forethought.usage.verifier_tokens"
PROMPTS: Final = "forethought.prompts"
SOLUTIONS: Final = "forethought.solutions"
FAULT: Final = "forethought.fault"
