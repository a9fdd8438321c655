"""Sends spans where the standard `OTEL_*` variables say, in the background.

Off unless a setting asks for it, and then the extra `otel` has to be installed. The provider is our
own, not the process's: whoever uses the package as a library keeps theirs. The SDK reads its own
variables: endpoint, headers, sampler, resource; a service without a name is called forethought.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from ...nodes.errors import ForethoughtError
from ..settings import Settings
from .base import Observer


class NoTracing(ForethoughtError):
    """Spans are wanted, and what sends them is not installed."""


@contextmanager
def tracing(settings: Settings) -> Iterator[list[Observer]]:
    """Yield what makes the spans of runs, or nothing; at the end of the block all are sent.

    Raises:
        NoTracing: the extra is not installed.
    """
    if not settings.otel:
        yield []
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from .spans import Spans
    except ImportError as exc:
        raise NoTracing(
            f"spans need the extra otel: pip install 'forethought[otel]' ({exc})"
        ) from exc
    ours = Resource({"service.name": "forethought", "service.version": version("forethought")})
    resource = Resource.create().merge(ours).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield [Spans(provider.get_tracer("forethought"), content=settings.otel_content)]
    finally:
        provider.shutdown()
