"""Small parts that the gateway's tests do not reach."""

import asyncio
from datetime import UTC, datetime
from typing import cast

import pytest
from aiohttp import web
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.command import Call, Click
from bot.domain.sentence import say
from bot.ports import ChatError, Delivery
from bot.slack.account import Account, Home
from bot.slack.answers import rendering
from bot.slack.chat import SlackChat
from bot.slack.forms import SlackForms
from bot.slack.front import Forms, Front
from bot.slack.keeping import Keeper
from bot.slack.listeners import Listeners, bolt_app
from bot.slack.people import SlackPeople
from bot.slack.reception import HttpReception, Reception
from bot.slack.tasks import Tasks
from bot.slack.voice import Voice
from bot.slack.web import WebApi
from bot.watch import Unwatched
from tests.slack.conftest import HandClock
from tests.slack.scripted import APP, BOT, BOT_USER, TEAM

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOME = Home(team=TEAM, bot=BOT, user=BOT_USER, app=APP)


@pytest.mark.parametrize(("language", "said"), [("zh", "关闭"), ("en", "Close"), ("", "关闭")])
def test_words_at_the_door_are_in_the_readers_language_or_the_bots(
    language: str, said: str
) -> None:
    assert rendering("zh-cn")(say("Close"), language) == said


async def test_work_that_takes_too_long_is_given_up_at_the_end() -> None:
    tasks, hours = Tasks(), asyncio.Event()

    async def work() -> None:
        await hours.wait()

    task = tasks.start(work())
    await tasks.drain(0)
    assert task.cancelled()
    await tasks.drain(0)


async def test_work_that_fails_is_heard_of(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks()

    async def work() -> None:
        raise RuntimeError("a bug")

    tasks.start(work())
    await tasks.drain(1)
    assert "a bug" in caplog.text


async def test_closing_does_not_wait_for_ever_for_a_store_that_hangs(
    api: WebApi,
    account: Account,
    chat: SlackChat,
    people: SlackPeople,
    clock: HandClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hang, arrived = asyncio.Event(), asyncio.Event()

    async def receive(delivery: Delivery) -> bool:
        arrived.set()
        await hang.wait()
        return bool(delivery.key)

    voice = Voice(chat, people, rendering("en-us"), Tasks())
    keeper = Keeper(receive)
    front = Front(SlackForms(api, clock), Forms(), keeper, voice)
    listeners = Listeners((), keeper=keeper, front=front, clock=clock, voice=voice)
    app = bolt_app(listeners, account, voice)
    reception = Reception(
        app, account, on_ack=lambda *_: None, ticks=lambda: 0.0, watch=Unwatched()
    )
    talk = {"type": "app_mention", "user": "U0ANN", "channel": "C0DB", "text": "hi"}
    body = {"type": "event_callback", "team_id": TEAM, "event_id": "Ev1", "event": talk}
    taking = asyncio.ensure_future(reception.take(AsyncBoltRequest(mode="socket_mode", body=body)))
    await arrived.wait()
    await reception.close(0)
    assert "1 deliveries were not acknowledged in time" in caplog.text
    hang.set()
    assert (await taking).status == 200


async def test_a_request_that_drips_in_is_cut_off() -> None:
    reception = cast("Reception", None)  # it is not asked: nothing was signed yet
    door = HttpReception(reception, "secret", lambda: NOW, patience=0.05)
    app = web.Application()
    app.add_routes(door.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
    writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nhalf")
    async with asyncio.timeout(5):
        assert b" 408 " in await reader.readline()
    writer.close()
    await runner.cleanup()


@pytest.mark.parametrize(
    ("payload", "is_ours"),
    [
        ({"team_id": TEAM, "api_app_id": APP}, True),
        ({"team_id": TEAM, "api_app_id": "A0OTHER"}, False),
        ({"team": TEAM}, True),
        ({"team": {"id": "T0OTHER"}}, False),
        ({"team": {"id": "T0GUEST"}, "view": {"app_installed_team_id": TEAM}}, True),
        ({"team": {"id": "T0GUEST"}, "view": {"bot_id": BOT}}, True),
        ({"team": {"id": "T0GUEST"}, "message": {"bot_id": BOT}}, True),
        ({"team_id": "T0GUEST", "authorizations": [{"team_id": TEAM}]}, True),
        ({"team": None, "user": {"id": "U0ANN"}}, True),
    ],
)
def test_which_payloads_are_ours(payload: dict[str, object], is_ours: bool) -> None:  # noqa: FBT001
    assert HOME.owns(payload) is is_ours


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/commands",
        "https://hooks.slack.com.evil.example/commands",
        "https://evilslack.com/commands",
        "https://169.254.169.254/latest",
        "http://hooks.slack.com/commands",
        "file:///etc/passwd",
        "",
    ],
)
async def test_answers_go_to_nobody_but_slack(api: WebApi, url: str) -> None:
    with pytest.raises(ChatError, match="bad_response_url"):
        await api.respond(url, {"text": "who upgrades what"})
    with pytest.raises(ChatError, match="bad_upload_url"):
        await api.send_file(url, b"who upgraded what")


@pytest.mark.parametrize("kind", [Call, Click])
def test_an_answers_secret_address_is_not_in_what_a_traceback_shows(
    kind: type[Call] | type[Click],
) -> None:
    about = {"key": "k", "user": "U0ANN", "channel": "C0DB", "received_at": NOW}
    what = {"command": "/x", "text": ""} if kind is Call else {"action_id": "x", "value": ""}
    told = kind.model_validate({**about, **what, "response_url": "https://hooks.slack.com/SECRET"})
    assert "U0ANN" in repr(told)
    assert "SECRET" not in repr(told)
