"""OpenTelemetry spans: one a run, below it one a node of the graph, below that one a request to a model
server.

A node tells of itself only when it has ended, and its requests need their parent before: so its span
is begun when the node before it ends, and gets its name at its own end. Texts are left out unless
`content` says otherwise. A span is begun and ended here and nowhere else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ...nodes.backends.base import Sampled
from ...nodes.events import Event, NodeFinished
from ...nodes.state import Answer
from ...nodes.values import Usage
from ...nodes.verifiers.base import Scored
from ...storage.recorder import RunInfo
from ..visit import VISIT
from . import names
from .base import Call, SamplingCall
from .messages import asked_messages, given_messages, said_messages
from .metrics import status_of

PROVIDER = "vllm"
WORKFLOW = "forethought"
LAST = ("answer", "direct")
"""After these nodes none comes."""
OPEN_NODE = "node"
"""What the span of a node is called whose run ended before it."""
FINISH = {"eos": "stop", "stop": "stop", "length": "length", "cut": "cut"}


class Spans:
    """Makes the spans of every run."""

    def __init__(
        self, tracer: Tracer, *, content: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.tracer = tracer
        self.content = content
        self.clock = clock

    def begin(self, info: RunInfo, trace_id: str) -> RunSpans:
        """Begin the span of a run, below the caller's where it named one."""
        span = self.tracer.start_span(
            f"{names.INVOKE_WORKFLOW} {WORKFLOW}",
            context=_parent(),
            attributes={
                names.OPERATION: names.INVOKE_WORKFLOW,
                names.PROVIDER: PROVIDER,
                names.WORKFLOW: WORKFLOW,
                names.OPENINFERENCE_KIND: names.CHAIN,
                names.REQUEST_MODEL: info.model,
                names.REQUEST_REASONING: info.effort,
                names.TRACE_ID: trace_id,
                names.FACE: info.face,
                names.KIND: info.question.kind,
            },
        )
        if self.content:
            span.set_attribute(names.INPUT_MESSAGES, asked_messages(info.question.messages))
        return RunSpans(self, span)


class RunSpans:
    """The spans of one run."""

    def __init__(self, spans: Spans, span: Span) -> None:
        self._spans = spans
        self._span = span
        self._below_run = trace.set_span_in_context(span)
        self._nodes = 0
        self._last_node: str | None = None
        self._node: Span | None = self._new_node()

    def call(self, call: Call) -> CallSpan:
        """Begin the span of a request."""
        below = self._below_run
        if self._node is not None:
            below = trace.set_span_in_context(self._node)
        if isinstance(call, SamplingCall):
            return CallSpan(self._spans, _sampling_span(self._spans, call, below))
        span = self._spans.tracer.start_span(
            f"score {call.model}",
            context=below,
            kind=SpanKind.CLIENT,
            attributes={
                names.PROVIDER: PROVIDER,
                names.REQUEST_MODEL: call.model,
                names.OPENINFERENCE_KIND: names.EVALUATOR,
                names.EVALUATION: "verifier",
                names.SOLUTIONS: len(call.solutions),
            },
        )
        return CallSpan(self._spans, span)

    def on(self, event: Event) -> None:
        """End the span of a node, and begin that of the next."""
        if not isinstance(event, NodeFinished) or self._node is None:
            return
        place = f"{event.node}-{self._nodes}"
        self._node.update_name(event.node)
        self._node.set_attribute(names.GRAPH_NODE, place)
        self._node.set_attribute(names.GRAPH_NAME, event.node)
        if self._last_node is not None:
            self._node.set_attribute(names.GRAPH_PARENT, self._last_node)
        if difficulty := event.writes.get("difficulty"):
            self._span.set_attribute(names.LEVEL, difficulty.level)
        if plans := event.writes.get("plans"):
            self._span.set_attribute(names.STRATEGY, plans[-1].strategy.name)
        self._node.end()
        self._last_node = place
        self._nodes += 1
        self._node = None if event.node in LAST else self._new_node()

    def ended(self, outcome: Answer | BaseException) -> None:
        """End the span of the run."""
        span = self._span
        if self._node is not None:
            self._node.end()
            self._node = None
        span.set_attribute(names.STATUS, status_of(outcome))
        if isinstance(outcome, Answer):
            _tell_usage(span, outcome.usage)
            reasoning = outcome.usage.completion_tokens - outcome.answer_tokens
            span.set_attribute(names.REASONING_TOKENS, reasoning)
            span.set_attribute(names.STOP_REASON, outcome.stop_reason)
            span.set_attribute(names.GENERATIONS, outcome.generations)
            if outcome.confidence is not None:
                span.set_attribute(names.CONFIDENCE, outcome.confidence)
            if self._spans.content:
                span.set_attribute(names.OUTPUT_MESSAGES, said_messages(outcome.text))
        else:
            _tell_error(span, outcome)
        span.end()

    def _new_node(self) -> Span:
        return self._spans.tracer.start_span(
            OPEN_NODE, context=self._below_run, attributes={names.OPENINFERENCE_KIND: names.CHAIN}
        )


class CallSpan:
    """The span of one request to a model server."""

    def __init__(self, spans: Spans, span: Span) -> None:
        self._spans = spans
        self._span = span
        self._began = spans.clock()
        self._abandoned = Usage()

    def first_text(self) -> None:
        """Note when it came."""
        self._span.set_attribute(names.RESPONSE_FIRST_CHUNK_S, self._spans.clock() - self._began)

    def abandoned(self, usage: Usage) -> None:
        """Note what was spent for nothing."""
        self._abandoned += usage

    def returned(self, result: Sampled | Scored) -> None:
        """End it with what it gave."""
        _tell_usage(self._span, result.usage + self._abandoned)
        if isinstance(result, Sampled):
            given = [completion for batch in result.batches for completion in batch]
            ends = [FINISH[completion.end] for completion in given]
            self._span.set_attribute(names.RESPONSE_FINISH_REASONS, ends)
            if result.fault is not None:
                self._span.set_attribute(names.FAULT, result.fault)
            if self._spans.content:
                self._span.set_attribute(names.OUTPUT_MESSAGES, given_messages(given))
        self._span.end()

    def raised(self, exc: BaseException) -> None:
        """End it with why it gave nothing."""
        _tell_usage(self._span, self._abandoned)
        _tell_error(self._span, exc)
        self._span.end()


def _sampling_span(spans: Spans, call: SamplingCall, below: Context) -> Span:
    operation = names.CHAT if call.chat else names.TEXT_COMPLETION
    sampling = call.sampling
    told = {
        names.OPERATION: operation,
        names.PROVIDER: PROVIDER,
        names.OPENINFERENCE_KIND: names.LLM,
        names.REQUEST_MODEL: call.model,
        names.RESPONSE_MODEL: call.model,
        names.REQUEST_TEMPERATURE: sampling.temperature,
        names.REQUEST_TOP_P: sampling.top_p,
        names.REQUEST_MAX_TOKENS: sampling.max_tokens,
        names.REQUEST_SEED: sampling.seed,
        names.REQUEST_CHOICES: call.n,
        names.REQUEST_STOP: sampling.stop or None,
        names.REQUEST_STREAM: call.streamed,
        names.PROMPTS: len(call.prompts),
    }
    span = spans.tracer.start_span(
        f"{operation} {call.model}",
        context=below,
        kind=SpanKind.CLIENT,
        attributes={name: value for name, value in told.items() if value is not None},
    )
    if spans.content and call.prompts:
        messages = asked_messages(call.prompts[0].messages, call.prompts[0].prefix)
        span.set_attribute(names.INPUT_MESSAGES, messages)
    return span


def _parent() -> Context:
    """Return where the run belongs: below the span of now, else below the one the request named."""
    now = context.get_current()
    visit = VISIT.get()
    if trace.get_current_span(now).get_span_context().is_valid or visit is None:
        return now
    return TraceContextTextMapPropagator().extract(visit.trace_context, context=now)


def _tell_usage(span: Span, usage: Usage) -> None:
    span.set_attribute(names.INPUT_TOKENS, usage.prompt_tokens)
    span.set_attribute(names.OUTPUT_TOKENS, usage.completion_tokens)
    span.set_attribute(names.CACHED_TOKENS, usage.cached_tokens)
    span.set_attribute(names.VERIFIER_TOKENS, usage.verifier_tokens)


def _tell_error(span: Span, exc: BaseException) -> None:
    """Note an error by its type; its text may quote what was asked. A cancelled run is no error."""
    if isinstance(exc, asyncio.CancelledError):
        span.set_attribute(names.STATUS, "cancelled")
        return
    span.set_attribute(names.ERROR_TYPE, type(exc).__qualname__)
    span.set_status(Status(StatusCode.ERROR))
