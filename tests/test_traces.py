"""Traces: one for each request, sent only where somebody asked for them."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.domain.correlation import correlation_id, trace_id
from bot.telemetry import NoTraces, Telemetry, open_traces
from bot.telemetry.otel import OtelTraces

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {ENDPOINT: " "},
        {ENDPOINT: "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"},
        {ENDPOINT: "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_without_an_endpoint_nothing_is_sent(environ: dict[str, str]) -> None:
    assert isinstance(open_traces(environ), NoTraces)


async def test_the_work_for_one_request_is_one_trace_wherever_it_happens() -> None:
    kept = InMemorySpanExporter()
    first, second = (Telemetry(OtelTraces(SimpleSpanProcessor(kept))) for _ in range(2))
    with first.work("take call", "call:1", kind="call"):
        await asyncio.to_thread(first.on_slack, "views.open", "ok", 0.25)
    with second.work("attend", "call:1", change="CHG-1"), second.work("inner"):
        pass
    with second.work("attend", "call:2"):
        pass
    spans = {span.name: span for span in kept.get_finished_spans()}
    assert set(spans) == {"slack views.open", "take call", "attend", "inner"}
    call = spans["slack views.open"]
    assert call.end_time - call.start_time == 250_000_000  # type: ignore[operator]
    assert call.parent == spans["take call"].context
    ids = [format(span.context.trace_id, "032x") for span in kept.get_finished_spans()]
    assert ids == [trace_id("call:1")] * 4 + [trace_id("call:2")]
    assert spans["take call"].attributes == {
        "correlation_id": correlation_id("call:1"),
        "kind": "call",
    }


@asynccontextmanager
async def collector() -> AsyncIterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """Take spans as OpenTelemetry's collector does."""
    taken: list[ExportTraceServiceRequest] = []

    async def take(request: web.Request) -> web.Response:
        taken.append(ExportTraceServiceRequest.FromString(await request.read()))
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/v1/traces", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", taken
    await runner.cleanup()


SENDING = """
import os
from bot.telemetry import Telemetry, open_traces
told = Telemetry(open_traces(os.environ))
with told.work("take call", "call:1"):
    pass
told.close()
"""


async def test_spans_reach_the_endpoint_that_the_standard_variables_name() -> None:
    async with collector() as (url, taken):
        sending = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            SENDING,
            env={ENDPOINT: url, "OTEL_RESOURCE_ATTRIBUTES": "tier=db"},
        )
        assert await sending.wait() == 0
    (resource,) = taken[0].resource_spans
    told = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert told.items() >= {"service.name": "taurus-upgrade-bot", "tier": "db"}.items()
    assert resource.scope_spans[0].spans[0].trace_id.hex() == trace_id("call:1")


def test_asked_for_and_not_installed_is_told_before_anything_starts() -> None:
    without = (
        "import sys; sys.modules['opentelemetry.sdk'] = None\n"
        "from bot.telemetry import open_traces\n"
        f"open_traces({{{ENDPOINT!r}: 'http://127.0.0.1:4318'}})"
    )
    done = subprocess.run(
        [sys.executable, "-c", without], capture_output=True, text=True, check=False, timeout=60
    )
    assert f"{ENDPOINT}: traces need packages that are not installed" in done.stderr
