"""The whole door, Bolt included: whatever is signed is answered, and the next one is served."""

import json
import logging
from random import Random
from urllib.parse import urlencode

import pytest

from tests.fuzz.targets import KINDS, grown
from tests.slack.conftest import slack
from tests.slack.scripted import APP, TEAM
from tests.slack.test_gateway import Bench, command, http_bench, socket_bench

__all__ = ["http_bench", "slack", "socket_bench"]

BODIES = 120


def _bodies() -> list[str]:
    """JSON as events come, and forms as clicks do; all for this app."""
    chance = Random(7)
    made: list[str] = []
    while len(made) < BODIES:
        body = grown("".join(chr(chance.randrange(256)) for _ in range(200)))
        if not isinstance(body, dict) or not body:
            continue
        body |= {"team_id": TEAM, "api_app_id": APP, "type": chance.choice(KINDS)}
        text = json.dumps(body)
        made.append(chance.choice([text, urlencode({"payload": text})]))
    return made


async def test_whatever_is_signed_is_answered_and_the_next_one_served(
    http_bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    await http_bench.start()
    for body in _bodies():
        status, _ = await http_bench.post(body)
        assert status in {200, 400}, body
    assert await http_bench.deliver(command()) == ""
    assert not [one for one in map(_culprit, caplog.records) if "/bot/" in one]


async def test_over_a_socket_too_nonsense_is_acknowledged_once(socket_bench: Bench) -> None:
    await socket_bench.start()
    nonsense = {"type": "block_actions", "team_id": TEAM, "authorizations": 17}
    assert await socket_bench.deliver(nonsense) == ""
    assert await socket_bench.deliver(command()) == ""
    assert len(socket_bench.shelf.kept) == 1


def _culprit(record: logging.LogRecord) -> str:
    """The file in which what was logged has broken; Bolt's own is none of ours."""
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename if trace else ""
