"""Logs, and the HTTP answers by which a platform sees how the bot is."""

import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TextIO

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest


def configure_logging(level: str, form: str, stream: TextIO = sys.stderr) -> None:
    """Send the standard library's logs through structlog: one line an event."""
    is_json = form == "json" or (not form and not stream.isatty())
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if is_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared)
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("httpx", "apscheduler", "alembic", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class Metrics:
    """What is counted, in the field's conventions."""

    def __init__(self) -> None:
        """Count in a registry of one's own, so that several bots fit in one process."""
        self.registry = CollectorRegistry()
        self.acks = Histogram(
            "taurus_ack_seconds", "Until Slack was told", ["kind"], registry=self.registry
        )
        self.slack_calls = Counter(
            "taurus_slack_calls", "Web API calls", ["method", "outcome"], registry=self.registry
        )
        self.cloud_calls = Counter(
            "taurus_cloud_calls",
            "TaurusDB and IAM calls",
            ["operation", "outcome"],
            registry=self.registry,
        )

    def on_ack(self, kind: str, seconds: float) -> None:
        """Count an acknowledgement."""
        self.acks.labels(kind).observe(seconds)

    def on_slack(self, method: str, outcome: str, _seconds: float) -> None:
        """Count a call of Slack's Web API."""
        self.slack_calls.labels(method, outcome).inc()


Check = Callable[[], Awaitable[str]]
"""Says what is wrong, or nothing if all is well."""


def routes(checks: Mapping[str, Check], metrics: Metrics) -> list[web.RouteDef]:
    """Make `/healthz`, `/readyz` and `/metrics`."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(_request: web.Request) -> web.Response:
        found = {name: await check() for name, check in checks.items()}
        wrong = {name: trouble for name, trouble in found.items() if trouble}
        body = {"status": "not ready" if wrong else "ok", "not_ready": wrong}
        return web.json_response(body, status=503 if wrong else 200)

    async def show(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(metrics.registry), content_type="text/plain")

    return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", show)]
