"""What an operator sees of a conversation: logs tied together by one id, and numbers that move."""

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bot.command import Call
from bot.ports import Delivery
from bot.sandbox.slack.faults import RATE_LIMITED
from bot.telemetry import configure_logging
from tests.dialogues.stage import CHANNEL, Stage

Line = dict[str, Any]
SECRETS = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "HUAWEICLOUD_SDK_AK",
    "HUAWEICLOUD_SDK_SK",
)


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Log as in production meanwhile; the test runner gets its handlers back."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    configure_logging("DEBUG", "json", stream)
    try:
        yield stream
    finally:
        root.handlers, root.level = handlers, level


def lines_of(stream: io.StringIO, **facts: str) -> list[Line]:
    lines = map(json.loads, stream.getvalue().splitlines())
    return [line for line in lines if facts.items() <= line.items()]


def _bytes_of(folder: Path) -> bytes:
    """Everything that the store has written."""
    return b"".join(file.read_bytes() for file in folder.glob("bot.db*"))


async def scraped(stage: Stage) -> dict[str, float]:
    """Read every sample, named as Prometheus writes it."""
    assert stage.app is not None
    url = f"http://127.0.0.1:{stage.app.port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        families = text_string_to_metric_families(await answer.text())
    return {
        one.name
        + "".join(f" {name}={value}" for name, value in sorted(one.labels.items())): one.value
        for family in families
        for one in family.samples
    }


async def _waited_too_long(stage: Stage) -> None:
    """Ann asked for help when the bot was about to go away."""
    assert stage.app is not None
    then = stage.world.clock.now() - timedelta(minutes=11)
    about = {"key": "call:old", "user": "U0ANN", "channel": CHANNEL, "received_at": then}
    call = Call.model_validate({**about, "command": "/taurus-help", "text": ""})
    payload = call.model_dump(mode="json")
    await stage.app.changes.receive(
        Delivery(key=call.key, kind="call", payload=payload, received_at=then)
    )
    stage.app.wake()


async def test_one_id_leads_from_the_request_to_the_cloud_and_back_to_the_card(
    tmp_path: Path,
) -> None:
    with logged() as log:
        stage = await Stage.open(tmp_path)
        await stage.says("U0ANN", "/taurus-upgrade orders-prod-01")
        await stage.until_state("Proposed")
        await stage.presses("U0ANN", "change.approve")
        await stage.until_state("Succeeded")
        await stage.until(lambda: any("is over" in text for text in stage.thread))
        seen = await scraped(stage)
        environ = stage.world.environ()
        await stage.close()
    kept = _bytes_of(tmp_path)
    assert b"orders-prod-01" in kept
    for secret in map(environ.__getitem__, SECRETS):
        assert secret.encode() not in kept
        assert secret not in log.getvalue() + str(seen)
    shown = re.search(r"Log id: ([0-9a-f]{12})", stage.shown)
    assert shown
    of_it = {"correlation_id": shown[1]}
    assert lines_of(log, **of_it, event="stored", kind="call")
    assert lines_of(log, **of_it, event="dealt with", command="/taurus-upgrade", outcome="ok")
    assert lines_of(log, **of_it, change="CHG-1", fact="attempt")
    (sent,) = lines_of(log, **of_it, change="CHG-1", operation="batch_upgrade")
    assert sent["request_id"] in " ".join(stage.thread)
    assert lines_of(log, **of_it, change="CHG-1", method="chat.update", outcome="ok")
    (click,) = lines_of(log, command="change.approve")
    assert click["correlation_id"] != shown[1]

    for name in (
        "taurus_commands_total command=/taurus-upgrade outcome=ok",
        "taurus_commands_total command=change.approve outcome=ok",
        "taurus_deliveries_total kind=call outcome=new",
        "taurus_ack_seconds_count kind=click",
        "taurus_approvals_total outcome=allowed",
        "taurus_upgrades_total outcome=succeeded",
        "taurus_changes_closed_total state=succeeded",
        "taurus_cloud_calls_total operation=batch_upgrade outcome=200",
        "taurus_slack_calls_total method=chat.postMessage outcome=ok",
        "taurus_lateness_seconds_count",
        "taurus_card_lag_seconds_count",
    ):
        assert seen.get(name, 0) > 0, name
    assert seen["taurus_approvals_total outcome=allowed"] == 1
    assert seen["taurus_queue_length queue=deliveries"] == 0
    assert seen["taurus_changes_open state=running"] == 0


async def test_trouble_is_counted_and_named_by_its_id(tmp_path: Path) -> None:
    with logged() as log:
        stage = await Stage.open(tmp_path, TAURUS_APPROVERS="U0BOB")
        stage.world.taurus.fail("list_instances", "refuse", code="DBS.200044", times=9)
        await stage.says("U0ANN", "/taurus-fleet")
        await stage.until_whispered("U0ANN", "tell whoever runs the bot (id ")
        stage.world.taurus.faults.queue.clear()
        stage.world.slack.faults.next_calls("chat.postMessage", RATE_LIMITED)
        await stage.says("U0ANN", "/taurus-upgrade orders-prod-01")
        await stage.until_state("Proposed")
        waiting = await scraped(stage)
        await stage.presses("U0ANN", "change.approve")
        await stage.until_whispered("U0ANN", "own approval does not count")
        await _waited_too_long(stage)
        await stage.until_whispered("U0ANN", "comes to it only now")
        seen = await scraped(stage)
        await stage.close()
    told = re.search(
        r"\(id ([0-9a-f]{12}); TaurusDB's request ([^)]+)\)", stage.whispers("U0ANN")[0]
    )
    assert told
    (refused,) = lines_of(log, correlation_id=told[1], operation="list_instances", outcome="403")
    assert refused["request_id"] == told[2]

    assert seen["taurus_commands_total command=/taurus-fleet outcome=cloud_error"] == 1
    assert seen["taurus_commands_total command=/taurus-help outcome=too_late"] == 1
    assert seen["taurus_slack_rate_limited_total method=chat.postMessage"] == 1
    assert seen["taurus_approvals_total outcome=own_change"] == 1
    assert seen["taurus_commands_total command=change.approve outcome=refused"] == 1
    assert waiting["taurus_changes_open state=proposed"] == 1
