"""The spans of runs over the whole service, as an exporter gets them."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, SpanKind, StatusCode

from faults import Gate, Hold, Refuse
from forethought.server.telemetry import names
from forethought.server.telemetry.spans import Spans
from observed_service import ObservedService, observed_service

pytestmark = pytest.mark.anyio
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def never_agrees(prompt: str, k: int) -> str:
    return f"## Step 1: 17 + 25.\n\nThe final answer is: \\boxed{{{1000 + k}}}"


class Exported:
    """Spans that have ended."""

    def __init__(self, *, content: bool = False) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.observer = Spans(provider.get_tracer("test"), content=content)

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        return self._exporter.get_finished_spans()

    @property
    def run(self) -> ReadableSpan:
        (run,) = (span for span in self.spans if span.name == "invoke_workflow forethought")
        return run

    def below(self, parent: ReadableSpan) -> list[ReadableSpan]:
        """Return the children of a span, in the order they began."""
        found = [s for s in self.spans if s.parent and s.parent.span_id == place(parent).span_id]
        return sorted(found, key=lambda span: span.start_time or 0)


def place(span: ReadableSpan) -> SpanContext:
    context = span.get_span_context()
    assert context is not None
    return context


def told(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


async def test_a_run_is_a_tree_of_run_nodes_and_calls(tmp_path: Path) -> None:
    exported = Exported()
    score = 0.5
    async with observed_service(
        tmp_path, never_agrees, lambda prompt, steps: score, [exported.observer]
    ) as it:
        reply = await it.ask(reasoning_effort="medium", seed=3)
        await it.engine.store.drain()
        detail = await it.engine.store.read_trace(reply.json()["forethought"]["trace_id"])
    run, trace = exported.run, detail.trace
    nodes = exported.below(run)
    assert [node.name for node in nodes] == [n.node for n in detail.nodes]
    calls = [call for node in nodes for call in exported.below(node)]
    assert len(calls) == len(detail.calls) == len(exported.spans) - len(nodes) - 1
    assert run.parent is None and run.status.status_code is StatusCode.UNSET
    assert (
        told(run).items()
        >= {
            names.OPERATION: "invoke_workflow",
            names.WORKFLOW: "forethought",
            names.OPENINFERENCE_KIND: "CHAIN",
            names.REQUEST_MODEL: trace.model,
            names.REQUEST_REASONING: "medium",
            names.TRACE_ID: trace.id,
            names.FACE: "chat",
            names.STATUS: "finished",
            names.STOP_REASON: trace.stop_reason,
            names.INPUT_TOKENS: trace.prompt_tokens,
            names.OUTPUT_TOKENS: trace.completion_tokens,
            names.CACHED_TOKENS: trace.cached_tokens,
            names.REASONING_TOKENS: trace.reasoning_tokens,
            names.VERIFIER_TOKENS: trace.verifier_tokens,
            names.LEVEL: trace.difficulty_level,
            names.STRATEGY: trace.strategy,
        }.items()
    )
    first, second = (told(node) for node in nodes[:2])
    assert (first[names.GRAPH_NODE], first[names.GRAPH_NAME]) == ("estimate-0", "estimate")
    assert names.GRAPH_PARENT not in first
    assert (second[names.GRAPH_NODE], second[names.GRAPH_PARENT]) == ("plan-1", "estimate-0")


async def test_a_request_to_a_model_server_has_the_names_of_the_conventions(tmp_path: Path) -> None:
    exported = Exported()
    async with observed_service(
        tmp_path, never_agrees, lambda prompt, steps: 0.5, [exported.observer]
    ) as it:
        await it.ask(temperature=0.7, top_p=0.9, seed=3, max_tokens=300)
    sampling = next(s for s in exported.spans if s.name.startswith("text_completion "))
    assert sampling.kind is SpanKind.CLIENT
    sent = told(sampling)
    assert (
        sent.items()
        >= {
            names.OPERATION: "text_completion",
            names.PROVIDER: "vllm",
            names.OPENINFERENCE_KIND: "LLM",
            names.REQUEST_TEMPERATURE: 0.7,
            names.REQUEST_TOP_P: 0.9,
            names.REQUEST_SEED: 3,
            names.REQUEST_MAX_TOKENS: 300,
            names.REQUEST_CHOICES: 4,
            names.REQUEST_STREAM: False,
            names.RESPONSE_FINISH_REASONS: ("stop",) * 4,
        }.items()
    )
    assert int(str(sent[names.INPUT_TOKENS])) > 0 and int(str(sent[names.OUTPUT_TOKENS])) > 0
    scoring = next(s for s in exported.spans if s.name == "score prm")
    assert told(scoring)[names.OPENINFERENCE_KIND] == "EVALUATOR"
    assert told(scoring)[names.REQUEST_MODEL] == "prm"
    assert int(str(told(scoring)[names.VERIFIER_TOKENS])) > 0


async def test_the_caller_of_a_request_is_the_parent_of_its_run(tmp_path: Path) -> None:
    exported = Exported()
    async with observed_service(tmp_path, never_agrees, None, [exported.observer]) as it:
        await it.ask(headers={"traceparent": TRACEPARENT})
    parent = exported.run.parent
    assert parent is not None and parent.is_remote
    assert f"00-{parent.trace_id:032x}-{parent.span_id:016x}-01" == TRACEPARENT
    assert {place(span).trace_id for span in exported.spans} == {parent.trace_id}


async def test_a_header_that_is_no_trace_context_starts_a_trace_of_its_own(tmp_path: Path) -> None:
    exported = Exported()
    async with observed_service(tmp_path, never_agrees, None, [exported.observer]) as it:
        reply = await it.ask(headers={"traceparent": "00-zz-1"})
    assert reply.status_code == 200
    assert exported.run.parent is None


async def test_no_text_is_in_a_span_unless_that_is_wanted(tmp_path: Path) -> None:
    exported = Exported()
    async with observed_service(tmp_path, never_agrees, None, [exported.observer]) as it:
        await it.ask("What is 17 + 25, Ottilie?")
    written = "".join(span.to_json() for span in exported.spans)
    assert "Ottilie" not in written and "final answer" not in written


async def test_texts_are_messages_of_parts_where_they_are_wanted(tmp_path: Path) -> None:
    exported = Exported(content=True)
    async with observed_service(tmp_path, never_agrees, None, [exported.observer]) as it:
        reply = await it.ask("What is 17 + 25?")
    run = told(exported.run)
    asked = {"role": "user", "parts": [{"type": "text", "content": "What is 17 + 25?"}]}
    assert json.loads(str(run[names.INPUT_MESSAGES])) == [asked]
    (said,) = json.loads(str(run[names.OUTPUT_MESSAGES]))
    assert said["parts"][0]["content"] == reply.json()["choices"][0]["message"]["content"]
    call = next(s for s in exported.spans if s.name.startswith("text_completion "))
    assert asked in json.loads(str(told(call)[names.INPUT_MESSAGES]))
    assert len(json.loads(str(told(call)[names.OUTPUT_MESSAGES]))) == 4


async def test_a_failed_run_and_its_failed_request_are_errors_by_type_alone(tmp_path: Path) -> None:
    exported = Exported()
    async with observed_service(tmp_path, never_agrees, None, [exported.observer]) as it:
        await it.engine.ready()
        for _ in range(10):
            it.generator.fault("/v1/completions", Refuse(status=400))
        await it.ask()
    run = exported.run
    assert run.status.status_code is StatusCode.ERROR
    assert told(run)[names.STATUS] == "failed"
    (node,) = exported.below(run)
    (call,) = exported.below(node)
    assert node.name == "node"
    assert told(call)[names.ERROR_TYPE] == "BackendRejected"
    assert call.status.status_code is StatusCode.ERROR
    assert not call.events and not run.events


async def test_a_run_that_nobody_waits_for_is_ended_and_no_error(tmp_path: Path) -> None:
    exported, gate = Exported(), Gate()
    async with observed_service(tmp_path, never_agrees, None, [exported.observer]) as it:
        await it.engine.ready()
        it.generator.fault("/v1/completions", Hold(gate))
        asking = asyncio.create_task(_asked(it))
        await gate.reached()
        asking.cancel()
        await asyncio.wait([asking])
    run = exported.run
    assert told(run)[names.STATUS] == "cancelled"
    assert run.status.status_code is StatusCode.UNSET
    (node,) = exported.below(run)
    (call,) = exported.below(node)
    assert told(call)[names.STATUS] == "cancelled"


async def _asked(it: ObservedService) -> None:
    await it.ask()
