"""The gateway in front of the Slack look-alike, which enforces Slack's rules, in both modes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.command import Asker, Click, Command
from bot.domain.sentence import say
from bot.ports import ChatError, Delivery, Message
from bot.sandbox.slack import Secrets, SlackSimulator
from bot.slack.config import SlackConfig
from bot.slack.gateway import SlackGateway
from bot.slack.manifest import manifest


async def unused(call: object, asker: Asker, desk: object) -> Message | None:
    raise AssertionError(call, asker, desk)


COMMANDS = (
    Command(
        name="/taurus-upgrade",
        summary=say("Upgrades databases"),
        usage=("[INSTANCE…]",),
        run=unused,
        clicks={"change.approve": unused},
    ),
    Command(name="/taurus-help", summary=say("Helps"), usage=(), run=unused),
)
TAG = {"change": "1"}
BUTTON = {
    "type": "button",
    "action_id": "change.approve",
    "value": "1",
    "text": {"type": "plain_text", "text": "Approve"},
}
CARD = Message(text="CHG-1", blocks=({"type": "actions", "elements": [BUTTON]},))


def now() -> datetime:
    return datetime.now(UTC)


class Office:
    """A look-alike with the bot's gateway in front of it."""

    def __init__(self, mode: Literal["socket", "http"]) -> None:
        self.mode = mode
        self.kept: dict[str, Delivery] = {}
        self.seen = 0
        self.slack: SlackSimulator
        self.gateway: SlackGateway
        self._runner: web.AppRunner | None = None

    async def open(self, scopes: Sequence[str] | None = None) -> None:
        url = "https://bot.example.com/slack/events"
        self.slack = await SlackSimulator.start(
            manifest=manifest(COMMANDS, mode=self.mode, request_url=url),
            mode=self.mode,
            scopes=scopes,
            secrets=Secrets(bot_token="xoxb-simulated"),
        )
        self.gateway = SlackGateway(
            SlackConfig(
                mode=self.mode,
                bot_token=SecretStr(self.slack.bot_token),
                app_token=SecretStr(self.slack.app_token),
                signing_secret=SecretStr(self.slack.signing_secret),
                api_url=self.slack.api_url,
            ),
            COMMANDS,
            receive=self._receive,
            clock=now,
            sleep=asyncio.sleep,
        )
        if self.mode == "http":
            await self._serve()
        await self.gateway.start()
        if self.mode == "socket":
            await self.slack.wait_for(lambda: self.slack.connections == 2)

    async def close(self) -> None:
        await self.gateway.stop()
        await self.slack.close()
        if self._runner:
            await self._runner.cleanup()

    def last(self) -> Delivery:
        return list(self.kept.values())[-1]

    async def _receive(self, delivery: Delivery) -> bool:
        self.seen += 1
        is_new = delivery.key not in self.kept
        self.kept.setdefault(delivery.key, delivery)
        return is_new

    async def _serve(self) -> None:
        app = web.Application()
        app.add_routes(self.gateway.routes())
        self._runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.slack.request_url = f"http://{host}:{port}/slack/events"


@pytest.fixture(params=["socket", "http"])
async def office(request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    made = Office(request.param)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def granted() -> AsyncIterator[Office]:
    """An office whose workspace granted the optional scopes too."""
    made = Office("socket")
    scopes = manifest(COMMANDS, mode="socket")["oauth_config"]["scopes"]
    await made.open([*scopes["bot"], *scopes["bot_optional"]])
    yield made
    await made.close()


async def test_a_command_leads_to_a_card_whose_button_leads_to_a_click(office: Office) -> None:
    assert (await office.slack.command("U0ANN", "C0DB", "/taurus-upgrade orders-*"))["ok"]
    call = office.last().payload
    assert (call["user"], call["channel"], call["text"]) == ("U0ANN", "C0DB", "orders-*")
    ts = await office.gateway.chat.post("C0DB", CARD, tag=TAG)
    assert (await office.slack.click("U0BOB", "C0DB", ts, "change.approve"))["ok"]
    click = Click.model_validate(office.last().payload)
    assert (click.user, click.value, click.message_ts) == ("U0BOB", "1", ts)
    await office.gateway.chat.update("C0DB", ts, Message(text="CHG-1: done"))
    (card,) = [one for one in office.slack.messages("C0DB") if one["ts"] == ts]
    assert card["text"] == "CHG-1: done"


async def test_an_answer_appears_where_it_was_asked(office: Office) -> None:
    await office.slack.command("U0ANN", "C0NOBOT", "/taurus-upgrade")
    url = office.last().payload["response_url"]
    hello = Message(text="only for you")
    await office.gateway.chat.whisper("C0NOBOT", "U0ANN", hello, response_url=url)
    assert office.slack.ephemerals("U0ANN", "C0NOBOT")[-1]["text"] == "only for you"


async def test_a_used_up_response_url_leads_to_the_channel_then_to_the_person(
    office: Office,
) -> None:
    chat = office.gateway.chat
    for channel in ("C0DB", "C0NOBOT"):
        await office.slack.command("U0ANN", channel, "/taurus-upgrade")
        url = office.last().payload["response_url"]
        for number in range(6):
            text = Message(text=f"answer {number}")
            await chat.whisper(channel, "U0ANN", text, response_url=url)
    assert office.slack.ephemerals("U0ANN", "C0DB")[-1]["text"] == "answer 5"
    direct = office.slack.messages(office.slack.im("U0ANN"))
    assert [one["text"] for one in direct] == ["answer 5"]


async def test_what_slack_delivers_twice_is_kept_once(office: Office) -> None:
    office.slack.faults.next_deliveries("twice")
    await office.slack.command("U0ANN", "C0DB", "/taurus-upgrade orders-*")
    await office.slack.wait_for(lambda: office.seen == 2 or len(office.slack.deliveries) == 2)
    assert len(office.kept) == 1


async def test_mentions_and_direct_messages_ask_for_help(office: Office) -> None:
    office.slack.say("U0ANN", "C0DB", f"<@{office.slack.bot_user}> what can you do?")
    await _until(lambda: len(office.kept) == 1)
    assert office.last().payload["text"] == "what can you do?"
    office.slack.say("U0ANN", office.slack.im("U0ANN"), "hello")
    await _until(lambda: len(office.kept) == 2)
    assert {one.payload["command"] for one in office.kept.values()} == {"/taurus-help"}


async def test_opening_the_home_tab_is_acknowledged(office: Office) -> None:
    office.slack.open_home("U0ANN")
    await _until(lambda: office.slack.deliveries)
    assert (await office.slack.command("U0ANN", "C0DB", "/taurus-help"))["ok"]
    assert len(office.kept) == 1


async def test_people_and_groups_come_from_the_workspace(office: Office) -> None:
    ann, lin = [await office.gateway.people.person(user) for user in ("U0ANN", "U0LIN")]
    assert (ann.zone, ann.language, ann.is_foreign) == ("Europe/Berlin", "en", False)
    assert (lin.zone, lin.language) == ("Asia/Shanghai", "zh")
    assert (await office.gateway.people.person("U0NOBODY")).is_foreign
    assert await office.gateway.people.members("S0DBA") == {"U0BOB", "U0DANA"}


@pytest.mark.parametrize(
    ("channel", "code"),
    [("C0NOBOT", "not_in_channel"), ("C0OLD", "is_archived"), ("C0NONE", "channel_not_found")],
)
async def test_where_it_cannot_post_slacks_word_is_kept(
    office: Office, channel: str, code: str
) -> None:
    with pytest.raises(ChatError) as caught:
        await office.gateway.chat.post(channel, CARD, tag=TAG)
    assert (caught.value.code, caught.value.retry_after) == (code, None)


async def test_a_post_whose_answer_was_lost_is_found_not_repeated(granted: Office) -> None:
    chat, started_at = granted.gateway.chat, now() - timedelta(seconds=5)
    granted.slack.faults.next_calls("chat.postMessage", "drop_answer")
    with pytest.raises(ChatError) as caught:
        await chat.post("C0DB", CARD, tag=TAG)
    assert caught.value.unclear
    (card,) = granted.slack.messages("C0DB")
    assert await chat.find_post("C0DB", TAG, since=started_at) == card["ts"]
    assert await chat.find_post("C0DB", {"change": "2"}, since=started_at) is None


async def test_a_lost_thread_line_is_found_in_the_thread(granted: Office) -> None:
    chat, started_at = granted.gateway.chat, now() - timedelta(seconds=5)
    ts = await chat.post("C0DB", CARD, tag=TAG)
    line = await chat.post("C0DB", Message(text="accepted"), tag={"seq": "7"}, thread=ts)
    found = await chat.find_post("C0DB", {"seq": "7"}, since=started_at, thread=ts)
    assert found == line


async def test_without_the_optional_scopes_it_does_not_look(office: Office) -> None:
    await office.gateway.chat.post("C0DB", CARD, tag=TAG)
    assert await office.gateway.chat.find_post("C0DB", TAG, since=now()) is None


async def test_refreshed_and_lost_sockets_come_back(granted: Office) -> None:
    await granted.slack.warn_sockets()
    await granted.slack.refresh_sockets()
    await granted.slack.wait_for(lambda: granted.slack.connections == 2)
    await granted.slack.close_sockets()
    await granted.slack.wait_for(lambda: granted.slack.connections == 2)
    assert (await granted.slack.command("U0ANN", "C0DB", "/taurus-upgrade"))["ok"]


async def test_a_removed_app_is_not_ready(office: Office) -> None:
    assert office.gateway.connected()
    office.slack.uninstall()
    with pytest.raises(ChatError):
        await office.gateway.chat.post("C0DB", CARD, tag=TAG)
    assert not office.gateway.connected()


async def _until(predicate: Any) -> None:  # noqa: ANN401 - any question
    async with asyncio.timeout(5):
        while not predicate():  # noqa: ASYNC110 - the look-alike does not tell of acks
            await asyncio.sleep(0.005)
