"""The spans themselves; only imported where the extra `otel` is installed and asked for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from time import time_ns
from typing import Self

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import SpanKind

from bot.domain.correlation import trace_id

SERVICE = "taurus-upgrade-bot"
_NANOSECONDS = 1_000_000_000
_key: ContextVar[str] = ContextVar("key of the delivery", default="")


class _Ids(RandomIdGenerator):
    """Gives what one delivery caused one trace id; a sampler by ratio then keeps all or nothing."""

    def generate_trace_id(self) -> int:
        key = _key.get()
        return int(trace_id(key), 16) if key else super().generate_trace_id()


class OtelTraces:
    """Implements `Traces`."""

    def __init__(self, processor: SpanProcessor) -> None:
        """Hand every span to `processor`; sampler and limits are as OTEL_* says."""
        # What the variables say of the resource counts more than our own name.
        resource = Resource.create({"service.name": SERVICE}).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(
            resource=resource, id_generator=_Ids(), shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(SERVICE)

    @classmethod
    def open(cls) -> Self:
        """Send spans to the endpoint that OTEL_EXPORTER_OTLP_* names."""
        return cls(BatchSpanProcessor(OTLPSpanExporter()))

    @contextmanager
    def span(self, name: str, key: str, facts: Mapping[str, str], /) -> Iterator[None]:
        """Make what follows a span."""
        before = _key.set(key)
        try:
            with self._tracer.start_as_current_span(name, attributes=dict(facts)):
                yield
        finally:
            _key.reset(before)

    def called(self, name: str, seconds: float, facts: Mapping[str, str], /) -> None:
        """Note a call that has just ended."""
        ended = time_ns()
        begun = ended - int(seconds * _NANOSECONDS)
        span = self._tracer.start_span(
            name, kind=SpanKind.CLIENT, attributes=dict(facts), start_time=begun
        )
        span.end(ended)

    def close(self) -> None:
        """Send what was not sent yet."""
        self._provider.shutdown()
