"""The HTTP answers by which a platform sees how the bot is."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client.exposition import choose_encoder

from bot.telemetry.metrics import Metrics

Check = Callable[[], Awaitable[str]]
"""Says what is wrong, or nothing if all is well."""
Warnings = Callable[[], Mapping[str, str]]
"""What somebody should know, though all is well."""

Refresh = Callable[[], Awaitable[None]]
"""Brings up to date what is only counted when somebody looks."""

_PATIENCE = 3.0  # seconds; platforms ask every 5 to 10
_log = logging.getLogger(__name__)


async def _nothing() -> None:
    """Everything is up to date."""


def routes(
    checks: Mapping[str, Check],
    metrics: Metrics,
    *,
    warnings: Warnings = dict,
    patience: float = _PATIENCE,
    refresh: Refresh = _nothing,
) -> list[web.RouteDef]:
    """Make `/healthz`, `/readyz` and `/metrics`.

    A check that says nothing within `patience` seconds, or fails, counts as not ready.
    """

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(_request: web.Request) -> web.Response:
        found = await asyncio.gather(*(_ask(check, patience) for check in checks.values()))
        wrong = {name: trouble for name, trouble in zip(checks, found, strict=True) if trouble}
        body = {"status": "not ready" if wrong else "ok", "not_ready": wrong}
        if noted := warnings():
            body["warnings"] = dict(noted)
        return web.json_response(body, status=503 if wrong else 200)

    async def show(request: web.Request) -> web.Response:
        await refresh()
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(metrics.registry), headers={"Content-Type": content_type})

    return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", show)]


async def _ask(check: Check, patience: float) -> str:
    try:
        async with asyncio.timeout(patience):
            return await check()
    except TimeoutError:
        return f"no answer within {patience:g} s"
    except Exception as error:  # noqa: BLE001 - a probe tells of every trouble
        _log.exception("a readiness check failed")
        return f"the check failed: {type(error).__name__}; see the log"
