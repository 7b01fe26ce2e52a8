"""Logs, metrics and health, as an operator meets them."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from math import isnan
from typing import NamedTuple

import aiohttp
import pytest
import structlog
from aiohttp import web
from prometheus_client import generate_latest

from bot.domain.backlog import Backlog, Queue
from bot.domain.change import State
from bot.telemetry import Metrics, configure_logging, routes
from bot.telemetry.metrics import MOST_VALUES

LOG = logging.getLogger("bot.example")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Give the test runner its handlers back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    yield
    root.handlers, root.level = handlers, level
    structlog.contextvars.clear_contextvars()


def logged(
    tell: Callable[[], object],
    form: str = "json",
    *,
    level: str = "INFO",
    secrets: tuple[str, ...] = (),
) -> str:
    stream = io.StringIO()
    configure_logging(level, form, stream, secrets=secrets)
    tell()
    return stream.getvalue()


def break_down(text: str) -> None:
    raise ValueError(text)


def fail(text: str) -> None:
    try:
        break_down(text)
    except ValueError:
        LOG.exception("a mistake of ours")


# --- logs -------------------------------------------------------------------------------------


def test_a_json_line_says_what_when_where_and_how_bad() -> None:
    line = json.loads(logged(lambda: LOG.warning("left %d to others", 3, extra={"change": 7})))
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "left 3 to others",
        "level": "warning",
        "logger": "bot.example",
        "change": 7,
    }


def test_a_console_line_is_for_eyes() -> None:
    line = logged(lambda: LOG.warning("left %d", 3, extra={"why": "a b"}), "console")
    assert line.partition("Z ")[2] == "WARNING  bot.example: left 3 why='a b'\n"


def test_facts_bound_to_a_task_are_on_its_lines() -> None:
    async def work(delivery: str) -> None:
        with structlog.contextvars.bound_contextvars(delivery=delivery):
            await asyncio.sleep(0)
            LOG.info("done")

    async def both() -> None:
        await asyncio.gather(work("a"), work("b"))
        LOG.info("all done")

    lines = logged(lambda: asyncio.run(both())).splitlines()
    assert [json.loads(line).get("delivery") for line in lines] == ["a", "b", None]


@pytest.mark.parametrize(
    ("form", "stream", "is_json"),
    [
        ("", io.StringIO(), True),
        ("", Terminal(), False),
        ("json", Terminal(), True),
        ("console", io.StringIO(), False),
    ],
)
def test_a_terminal_gets_lines_for_eyes_unless_told(
    form: str, stream: io.StringIO, *, is_json: bool
) -> None:
    configure_logging("INFO", form, stream)
    LOG.info("hello")
    assert stream.getvalue().startswith("{") is is_json


@pytest.mark.parametrize("level", ["warning", " WARNING "])
def test_the_level_is_kept_to(level: str) -> None:
    def tell() -> None:
        LOG.info("quiet")
        LOG.warning("loud")

    assert [json.loads(line)["event"] for line in logged(tell, level=level).splitlines()] == [
        "loud"
    ]


def test_a_level_that_is_none_does_not_stop_the_settings_from_complaining() -> None:
    assert "hello" in logged(lambda: LOG.info("hello"), level="loud")


def test_chatty_libraries_are_quiet_and_other_libraries_heard() -> None:
    def tell() -> None:
        logging.getLogger("httpx").info("GET https://cloud")
        logging.getLogger("apscheduler.executors").info("running")
        logging.getLogger("asyncio").info("heard")

    assert json.loads(logged(tell))["event"] == "heard"


NASTY = "a\nb\r\x1b[31mred\x9b31m\u2028\u202egnp.exe"


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_people_typed_forges_no_line_and_commands_no_terminal(form: str) -> None:
    text = logged(lambda: LOG.warning("%s", NASTY, extra={"name_of": NASTY}), form)
    assert text.count("\n") == 1
    assert not {"\r", "\x1b", "\x9b", "\u2028", "\u202e"} & set(text)
    if form == "json":
        assert json.loads(text)["event"] == json.loads(text)["name_of"] == NASTY


def test_a_traceback_is_within_the_json_line() -> None:
    text = logged(lambda: fail("one\ntwo"))
    assert text.count("\n") == 1
    assert "ValueError: one\ntwo" in json.loads(text)["exception"]


def test_a_traceback_on_the_console_cannot_be_taken_for_an_event() -> None:
    first, *rest = logged(lambda: fail("one\n2026-01-01 INFO forged\x1b"), "console").splitlines()
    assert first.endswith("bot.example: a mistake of ours")
    assert rest
    assert all(line.startswith("    ") for line in rest)
    assert "\x1b" not in "".join(rest)


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize(
    "text",
    [
        "token xoxb-1-SECRET",
        "xapp-1-A-SECRET",
        "https://hooks.slack.com/commands/T0/SECRET/x",
        "wss://wss.slack.com/link?ticket=SECRET&app_id=A1",
        "postgresql://bot:SECRET@db/bot",
        "{'X-Auth-Token': 'SECRET, SECRET}'}",
        "X-Subject-Token: SECRET",
        "{b'X-Auth-Token': b'SECRET'}",
        "Authorization: Bearer SECRET",
        "SDK-HMAC-SHA256 Access=SECRET, SignedHeaders=host, Signature=SECRET",
        "'Authorization': 'SDK-HMAC-SHA256 Access=SECRET, Signature=SECRET'",
        '{"auth": {"password": "SECRET&SECRET"}}',
        '{"response_url": "http://127.0.0.1:8765/SECRET"}',
        "password=SECRET",
        'half open: password="SECRET',
        'known-and-quoted-"-SECRET',
    ],
)
def test_secrets_are_masked_wherever_they_stand(form: str, text: str) -> None:
    def tell() -> None:
        LOG.info("%s", text, extra={"headers": {"x": text}, "ticket": "SECRET"})
        fail(text)

    found = logged(tell, form, secrets=('known-and-quoted-"-SECRET', "", "a"))
    assert "SECRET" not in found
    assert "***" in found
    assert found.count("a mistake of ours") == 1
    if form == "json":
        first, second = map(json.loads, found.splitlines())
        assert first["ticket"] == "***"
        assert "ValueError" in second["exception"]


def test_masking_leaves_the_rest_of_the_line() -> None:
    text = "GET wss://wss.slack.com/link?ticket=abc&app_id=A1 X-Auth-Token: abc, region=cn-north-4"
    assert json.loads(logged(lambda: LOG.info(text)))["event"] == (
        "GET wss://wss.slack.com/link?ticket=***&app_id=A1 X-Auth-Token: ***, region=cn-north-4"
    )


# --- metrics ----------------------------------------------------------------------------------


class Call(NamedTuple):
    operation: str = "ListInstances"
    outcome: str = "200"
    seconds: float = 0.2
    request_id: str = ""


WAITING = Backlog(
    queues={"cards": Queue(length=2, lag=timedelta(seconds=1.5), leased=1)},
    open_changes={State.HALTED: 3},
    replicas=2,
)


def one_of_each(metrics: Metrics) -> None:
    metrics.on_command("/taurus-fleet", "ok")
    metrics.on_delivery("call", is_new=True)
    metrics.on_delivery("call", is_new=False)
    metrics.on_ack("call", 0.004)
    metrics.on_approval("own_change")
    metrics.on_closed(State.PARTLY_FAILED, {"succeeded": 2, "failed": 1})
    metrics.on_slack("chat.postMessage", "ok", 0.3)
    metrics.on_slack("chat.postMessage", "ratelimited", 0.3)
    metrics.on_cloud(Call())
    metrics.on_due(timedelta(seconds=0.2))
    metrics.on_due(timedelta(seconds=-5))
    metrics.on_told(timedelta(seconds=3))
    metrics.on_backlog(WAITING)
    metrics.on_store_error()


SAMPLES = {
    'taurus_commands_total{command="/taurus-fleet",outcome="ok"}': 1,
    'taurus_deliveries_total{kind="call",outcome="new"}': 1,
    'taurus_deliveries_total{kind="call",outcome="repeated"}': 1,
    'taurus_ack_seconds_bucket{kind="call",le="0.002"}': 0,
    'taurus_ack_seconds_bucket{kind="call",le="0.005"}': 1,
    'taurus_approvals_total{outcome="own_change"}': 1,
    'taurus_upgrades_total{outcome="succeeded"}': 2,
    'taurus_upgrades_total{outcome="failed"}': 1,
    'taurus_changes_closed_total{state="partly_failed"}': 1,
    'taurus_slack_calls_total{method="chat.postMessage",outcome="ok"}': 1,
    'taurus_slack_call_seconds_count{method="chat.postMessage"}': 2,
    'taurus_slack_rate_limited_total{method="chat.postMessage"}': 1,
    'taurus_cloud_calls_total{operation="ListInstances",outcome="200"}': 1,
    'taurus_cloud_call_seconds_sum{operation="ListInstances"}': 0.2,
    "taurus_lateness_seconds_sum": 0.2,
    "taurus_lateness_seconds_count": 2,
    "taurus_card_lag_seconds_sum": 3,
    'taurus_queue_length{queue="cards"}': 2,
    'taurus_queue_lag_seconds{queue="cards"}': 1.5,
    'taurus_leases{queue="cards"}': 1,
    'taurus_changes_open{state="halted"}': 3,
    'taurus_changes_open{state="unknown"}': 0,
    "taurus_busy_replicas": 2,
    "taurus_store_errors_total": 1,
}


async def nothing() -> None:
    pass


@asynccontextmanager
async def served(
    checks: Mapping[str, Callable[[], Awaitable[str]]],
    metrics: Metrics,
    patience: float = 3.0,
    refresh: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[Callable[..., Awaitable[tuple[int, str, str]]]]:
    app = web.Application()
    app.add_routes(routes(checks, metrics, patience=patience, refresh=refresh or nothing))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def get(path: str, **headers: str) -> tuple[int, str, str]:
        async with session.get(url + path, headers=headers) as answer:
            return answer.status, answer.headers["Content-Type"], await answer.text()

    try:
        async with aiohttp.ClientSession() as session:
            yield get
    finally:
        await runner.cleanup()


async def test_every_event_is_counted() -> None:
    metrics = Metrics()
    one_of_each(metrics)
    async with served({}, metrics) as get:
        status, content_type, text = await get("/metrics")
    assert (status, content_type.split(";")[0]) == (200, "text/plain")
    assert "version=" in content_type
    found = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert {name: float(found[name]) for name in SAMPLES} == SAMPLES
    assert float(found["process_start_time_seconds"]) > 0


async def test_a_scraper_gets_the_format_it_asks_for() -> None:
    async with served({}, Metrics()) as get:
        _, content_type, text = await get(
            "/metrics", Accept="application/openmetrics-text; version=1.0.0"
        )
    assert content_type.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


def test_words_from_outside_fill_no_store_of_metrics() -> None:
    metrics = Metrics()
    for number in range(MOST_VALUES + 50):
        metrics.on_slack(f"method{number}", f"word{number}", 0.1)
        metrics.on_cloud(Call(outcome=f"{number}"))
    text = generate_latest(metrics.registry).decode()
    assert text.count("taurus_slack_calls_total{") == MOST_VALUES + 1
    assert text.count("taurus_cloud_calls_total{") == MOST_VALUES + 1
    assert 'taurus_slack_calls_total{method="other",outcome="other"} 50.0' in text


def test_what_cannot_be_counted_is_not_shown_as_nothing() -> None:
    metrics = Metrics()
    metrics.on_backlog(WAITING)
    metrics.on_backlog(None)
    value = metrics.registry.get_sample_value("taurus_queue_length", {"queue": "cards"})
    assert value is not None
    assert isnan(value)


async def test_what_waits_is_counted_when_somebody_looks() -> None:
    metrics = Metrics()

    async def count() -> None:
        metrics.on_backlog(WAITING)

    async with served({}, metrics, refresh=count) as get:
        _, _, text = await get("/metrics")
    assert 'taurus_queue_length{queue="cards"} 2.0' in text


def test_two_bots_in_one_process_count_apart() -> None:
    first, second = Metrics(), Metrics()
    one_of_each(first)
    name = "taurus_store_errors_total"
    assert first.registry.get_sample_value(name) == 1
    assert second.registry.get_sample_value(name) == 0


# --- health -----------------------------------------------------------------------------------


async def fine() -> str:
    return ""


async def locked() -> str:
    return "the store is locked"


async def hangs() -> str:
    await asyncio.Event().wait()
    return ""


async def breaks() -> str:
    raise RuntimeError("with a SECRET in it")


async def test_ready_when_every_check_is_fine() -> None:
    async with served({"slack": fine, "store": fine}, Metrics()) as get:
        status, content_type, text = await get("/readyz")
    assert (status, json.loads(text)) == (200, {"status": "ok", "not_ready": {}})
    assert content_type.startswith("application/json")


async def test_not_ready_names_everything_that_is_not() -> None:
    checks = {"slack": fine, "store": locked, "clock": hangs, "disk": breaks}
    async with served(checks, Metrics(), patience=0.01) as get:
        status, _, text = await get("/readyz")
        healthy, _, _ = await get("/healthz")
    assert status == 503
    assert json.loads(text) == {
        "status": "not ready",
        "not_ready": {
            "store": "the store is locked",
            "clock": "no answer within 0.01 s",
            "disk": "the check failed: RuntimeError; see the log",
        },
    }
    assert healthy == 200
