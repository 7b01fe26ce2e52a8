import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.signature import Clock, SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Json, SlackSimulator
from tests.sandbox.slack.conftest import MANIFEST, Line, Time, make_manifest

TYPED = ("U0ANN", "C0DB", "/taurus-upgrade x")


async def test_a_connection_is_greeted_with_its_number(slack: SlackSimulator) -> None:
    async with Line(slack) as first, Line(slack) as second:
        assert first.hello["type"] == "hello"
        assert (first.hello["num_connections"], second.hello["num_connections"]) == (1, 2)
        assert slack.connections == 2
    await slack.wait_for(lambda: slack.connections == 0)


async def test_a_ticket_opens_one_connection(slack: SlackSimulator) -> None:
    async with Line(slack) as line, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(line.url)


async def test_the_eleventh_connection_is_sent_away(slack: SlackSimulator) -> None:
    lines = [await Line(slack).__aenter__() for _ in range(11)]
    assert lines[10].hello == {
        "type": "disconnect",
        "reason": "too_many_websockets",
        "debug_info": {"host": "applink-sandbox"},
    }
    assert slack.connections == 10
    for line in lines:
        await line.__aexit__()


async def test_each_payload_goes_to_one_connection(slack: SlackSimulator) -> None:
    async with Line(slack) as first, Line(slack) as second:
        asked = [asyncio.ensure_future(slack.command(*TYPED)) for _ in range(2)]
        for line in (first, second):
            envelope = await line.read()
            assert envelope["type"] == "slash_commands"
            assert envelope["accepts_response_payload"] is True
            assert envelope["payload"]["command"] == "/taurus-upgrade"
            await line.socket.send_str("Ping from client")
            await line.ack(envelope)
        assert await asyncio.gather(*asked) == [{"ok": True}] * 2


async def test_without_an_acknowledgement_the_asker_is_told(slack: SlackSimulator) -> None:
    async with Line(slack):
        assert (await slack.command(*TYPED))["error"] == "operation_timeout"


async def test_without_a_connection_the_asker_is_told(slack: SlackSimulator) -> None:
    assert (await slack.command(*TYPED))["error"] == "dispatch_failed"


async def test_an_unknown_command_is_not_delivered(slack: SlackSimulator) -> None:
    answer = await slack.command("U0ANN", "C0DB", "/taurus-downgrade x")
    assert answer["error"] == "not_a_command"
    assert answer["text"] == "/taurus-downgrade is not a valid command."
    assert slack.deliveries == []


async def test_an_answer_that_cannot_be_shown_fails_the_command(slack: SlackSimulator) -> None:
    async with Line(slack) as line:
        asked = asyncio.ensure_future(slack.command(*TYPED))
        await line.ack(await line.read(), {"blocks": "x"})
        assert (await asked)["error"] == "invalid_command_response"


async def test_a_command_carries_what_slack_sends(slack: SlackSimulator) -> None:
    async with Line(slack) as line:
        asked = asyncio.ensure_future(
            slack.command("U0BOB", "C0DB", "/taurus-who @ann in #db-changes")
        )
        envelope = await line.read()
        await line.ack(envelope, {"text": "public", "response_type": "in_channel"})
        await asked
    payload = envelope["payload"]
    assert payload["text"] == "<@U0ANN|ann> in <#C0DB|db-changes>"
    assert (payload["user_id"], payload["user_name"]) == ("U0BOB", "bob")
    assert (payload["channel_id"], payload["channel_name"]) == ("C0DB", "db-changes")
    assert payload["response_url"].startswith(slack.url)
    assert payload["api_app_id"]
    assert slack.messages("C0DB")[0]["text"] == "public"


async def test_in_direct_messages_the_channel_has_no_name(slack: SlackSimulator) -> None:
    async with Line(slack) as line:
        place = slack.im("U0ANN")
        asked = asyncio.ensure_future(slack.command("U0ANN", place, "/taurus-upgrade"))
        envelope = await line.read()
        await line.ack(envelope)
        await asked
        assert envelope["payload"]["channel_name"] == "directmessage"


async def test_connections_are_refreshed_warned_and_cut(slack: SlackSimulator) -> None:
    async with Line(slack) as line:
        await slack.warn_sockets()
        assert (await line.read())["reason"] == "warning"
        assert slack.connections == 1
        await slack.refresh_sockets()
        assert (await line.read())["reason"] == "refresh_requested"
        assert slack.connections == 0
    async with Line(slack) as line:
        await slack.close_sockets()
        assert (await line.socket.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_events_are_repeated_until_they_are_acknowledged(slack: SlackSimulator) -> None:
    async with Line(slack) as line:
        slack.say("U0ANN", "C0DB", "<@U0TAURUS> hello")
        first, second = await line.read(), await line.read()
        assert (first["retry_attempt"], second["retry_attempt"]) == (0, 1)
        assert second["retry_reason"] == "http_timeout"
        assert first["payload"]["event_id"] == second["payload"]["event_id"]
        assert first["envelope_id"] != second["envelope_id"]
        await slack.wait_for(lambda: slack.retries_waiting)
        slack.hurry_retries()
        third = await line.read()
        assert third["retry_attempt"] == 2
        await line.ack(third)
    assert third["payload"]["event"]["type"] == "app_mention"
    assert third["payload"]["authorizations"][0]["user_id"] == slack.bot_user


async def test_an_event_waits_for_the_next_connection(slack: SlackSimulator) -> None:
    slack.say("U0ANN", "C0DB", "<@U0TAURUS> hello")
    await slack.wait_for(lambda: slack.retries_waiting)
    async with Line(slack) as line:
        slack.hurry_retries()
        envelope = await line.read()
        await line.ack(envelope)
    assert envelope["retry_attempt"] == 2
    assert envelope["retry_reason"] == "http_error"


async def test_only_what_was_subscribed_and_granted_is_told(slack: SlackSimulator) -> None:
    slack.say("U0ANN", "C0DB", "no mention")
    slack.say("U0ANN", "C0NOBOT", "<@U0TAURUS> not here")
    slack.open_home("U0ANN", tab="messages")
    slack.uninstall()
    await slack.wait_for(lambda: len(slack.deliveries) >= 2)
    kinds = {one.payload["event"]["type"] for one in slack.deliveries}
    assert kinds == {"app_home_opened", "app_uninstalled"}


async def test_payloads_come_twice_or_marked_as_retries_when_told(slack: SlackSimulator) -> None:
    async with Line(slack) as line:
        slack.faults.next_deliveries("twice")
        asked = asyncio.ensure_future(slack.command(*TYPED))
        first, second = await line.read(), await line.read()
        assert first["payload"] == second["payload"]
        await line.ack(first)
        await line.ack(second)
        await asked
        slack.faults.next_deliveries("retry")
        slack.say("U0ANN", "C0DB", "<@U0TAURUS> hello")
        marked = await line.read()
        assert (marked["retry_attempt"], marked["retry_reason"]) == (1, "http_timeout")
        await line.ack(marked)
        again = asyncio.ensure_future(slack.deliver_again(slack.deliveries[0]))
        repeated = await line.read()
        await line.ack(repeated, {"text": "x"})
        assert (await again).body == {"text": "x"}
        assert repeated["payload"] == first["payload"]


async def test_the_official_socket_client_is_content(slack: SlackSimulator) -> None:
    heard: list[SocketModeRequest] = []

    async def listen(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        heard.append(request)
        await client.send_socket_mode_response(SocketModeResponse(request.envelope_id))

    web_client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    client = SocketModeClient(slack.app_token, web_client=web_client)
    client.socket_mode_request_listeners.append(listen)
    await client.connect()  # type: ignore[no-untyped-call]
    await slack.wait_for(lambda: slack.connections)
    assert await slack.command(*TYPED) == {"ok": True}
    assert heard[0].type == "slash_commands"
    await client.close()  # type: ignore[no-untyped-call]


# --- HTTP -------------------------------------------------------------------------------------


@dataclass
class Receiver:
    """A request URL that notes what it gets."""

    slack: SlackSimulator
    status: int = 200
    answer: str = ""
    slow: bool = False
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.got.append((dict(request.headers), body))
        if "url_verification" in body:
            return web.Response(text=(await request.json())["challenge"])
        if self.slow:
            await asyncio.sleep(0.4)
        return web.Response(status=self.status, text=self.answer)


@pytest.fixture
async def receiver(clock: Time) -> AsyncIterator[Receiver]:
    slack = await SlackSimulator.start(
        manifest=MANIFEST, mode="http", clock=clock, wall=clock, ack_seconds=0.3
    )
    made = Receiver(slack)
    app = web.Application()
    app.router.add_post("/slack/events", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    yield made
    await slack.close()
    await runner.cleanup()


async def test_deliveries_are_signed_as_slack_signs(receiver: Receiver, clock: Time) -> None:
    class TestClock(Clock):
        def now(self) -> float:
            return clock.now

    verifier = SignatureVerifier(receiver.slack.signing_secret, clock=TestClock())
    assert await receiver.slack.command(*TYPED) == {"ok": True}
    headers, body = receiver.got[0]
    assert verifier.is_valid_request(body, headers)
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "command=%2Ftaurus-upgrade" in body
    receiver.slack.faults.next_deliveries("stale")
    await receiver.slack.command(*TYPED)
    headers, body = receiver.got[1]
    assert not verifier.is_valid_request(body, headers)


async def test_http_answers_become_what_the_asker_reads(receiver: Receiver) -> None:
    slack = receiver.slack
    for status, error in ((404, "http_client_error"), (503, "http_service_error")):
        receiver.status = status
        assert (await slack.command(*TYPED))["error"] == error
    receiver.status = 200
    for answer in ("hello", '"hello"', '{"text": "hello"}'):
        receiver.answer = answer
        assert await slack.command(*TYPED) == {"ok": True}
    assert [one["text"] for one in slack.ephemerals("U0ANN", "C0DB")] == [
        "hello",
        '"hello"',
        "hello",
    ]
    receiver.slow = True
    assert (await slack.command(*TYPED))["error"] == "operation_timeout"
    slack.request_url = "http://127.0.0.1:9/nobody"
    assert (await slack.command(*TYPED))["error"] == "dispatch_failed"


async def test_failed_events_are_repeated_with_marks(receiver: Receiver) -> None:
    receiver.status = 500
    receiver.slack.say("U0ANN", "C0DB", "<@U0TAURUS> hello")
    await receiver.slack.wait_for(lambda: len(receiver.got) == 2)
    first, second = (headers for headers, _ in receiver.got)
    assert "X-Slack-Retry-Num" not in first
    assert (second["X-Slack-Retry-Num"], second["X-Slack-Retry-Reason"]) == ("1", "http_error")
    assert first["Content-Type"] == "application/json"


async def test_a_request_url_is_verified_by_an_echo(receiver: Receiver) -> None:
    assert await receiver.slack.verify_request_url()
    receiver.slack.request_url += "/wrong"
    assert not await receiver.slack.verify_request_url()


async def test_a_changed_delivery_can_be_sent(receiver: Receiver) -> None:
    slack = receiver.slack
    await slack.command(*TYPED)
    late = replace(slack.deliveries[0], age=7200)
    await slack.deliver_again(late)
    stamps = [int(headers["X-Slack-Request-Timestamp"]) for headers, _ in receiver.got]
    assert stamps[0] - stamps[1] == 7200


async def test_in_socket_mode_there_is_no_request_url(slack: SlackSimulator) -> None:
    assert slack.request_url == ""
    with pytest.raises(TypeError):
        slack.request_url = "http://127.0.0.1:9"


async def test_nothing_is_delivered_from_blocks_without_interactivity(clock: Time) -> None:
    manifest: Json = make_manifest()
    manifest["settings"] = {}
    slack = await SlackSimulator.start(manifest=manifest, clock=clock)
    api = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    button = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x"}}
    blocks = [{"type": "actions", "elements": [button]}]
    ts = (await api.chat_postMessage(channel="C0DB", text="x", blocks=blocks))["ts"]
    assert (await slack.click("U0ANN", "C0DB", ts, "a"))["error"] == "interactivity_disabled"
    await slack.close()
