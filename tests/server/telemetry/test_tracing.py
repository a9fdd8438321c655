"""Spans over OTLP to a receiver on loopback, set up by the standard variables."""

import gzip
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from forethought.server.settings import Settings
from forethought.server.telemetry.tracing import NoTracing, tracing
from observed_service import observed_service

pytestmark = pytest.mark.anyio
EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"


class Receiver(HTTPServer):
    """Keeps what is sent to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Keeping)
        self.received: list[tuple[str, str | None, ExportTraceServiceRequest]] = []


class Keeping(BaseHTTPRequestHandler):
    """One request."""

    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        data = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            data = gzip.decompress(data)
        request = ExportTraceServiceRequest.FromString(data)
        self.server.received.append((self.path, self.headers.get("x-team"), request))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def test_spans_reach_a_collector_where_the_standard_variables_say(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = f"http://127.0.0.1:{receiver.server_port}"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team=reasoning")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    with tracing(Settings(otel=True)) as observers:
        async with observed_service(
            tmp_path, lambda prompt, k: f"\\boxed{{{k}}}", None, observers
        ) as it:
            reply = await it.ask()
    assert {(path, team) for path, team, _ in receiver.received} == {("/v1/traces", "reasoning")}
    groups = [group for _, _, request in receiver.received for group in request.resource_spans]
    resource = {a.key: a.value.string_value for a in groups[0].resource.attributes}
    assert resource["service.name"] == "forethought"
    assert resource["deployment.environment.name"] == "test"
    spans = [s for group in groups for scope in group.scope_spans for s in scope.spans]
    run = next(span for span in spans if span.name == "invoke_workflow forethought")
    attributes = {a.key: a.value.string_value for a in run.attributes}
    assert attributes["forethought.trace_id"] == reply.headers["x-forethought-trace-id"]
    assert {span.trace_id for span in spans} == {run.trace_id}


def test_the_name_of_the_service_can_be_set(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = f"http://127.0.0.1:{receiver.server_port}"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "maths")
    with tracing(Settings(otel=True)) as (spans,):
        tracer = spans.tracer  # type: ignore[attr-defined]  # an Observer need not have one
        tracer.start_span("x").end()
    ((_, _, request),) = receiver.received
    resource = request.resource_spans[0].resource
    assert {a.key: a.value.string_value for a in resource.attributes}["service.name"] == "maths"


def test_by_default_nothing_is_made() -> None:
    with tracing(Settings()) as observers:
        assert observers == []


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, EXPORTER, None)
    with (
        pytest.raises(NoTracing, match=r"pip install 'forethought\[otel\]'"),
        tracing(Settings(otel=True)),
    ):
        raise AssertionError("it went on")
