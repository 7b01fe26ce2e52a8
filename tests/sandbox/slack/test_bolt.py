"""The official framework is content with the simulator, in both modes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond, AsyncSay
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Json, SlackSimulator
from tests.sandbox.slack.conftest import (
    MANIFEST,
    button,
    modal,
    plain,
    section,
)
from tests.sandbox.slack.conftest import field as input_field

MODES = ("socket", "http")


@dataclass
class Bot:
    """A small bot and what it heard."""

    slack: SlackSimulator
    app: AsyncApp
    heard: list[Json] = field(default_factory=list)


def listen(bot: Bot) -> None:
    listen_to_commands(bot, bot.app)
    listen_to_blocks(bot, bot.app)
    listen_to_forms(bot, bot.app)
    listen_to_events(bot, bot.app)


def listen_to_commands(bot: Bot, app: AsyncApp) -> None:
    @app.command("/taurus-upgrade")
    async def on_command(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        bot.heard.append(body)
        await ack()
        if body["text"] == "form":
            select = {"type": "external_select", "min_query_length": 2}
            env = {"type": "plain_text_input", "min_length": 2}
            view = modal(input_field("env", env), input_field("name", select), notify_on_close=True)
            await client.views_open(trigger_id=body["trigger_id"], view=view)
            return
        blocks = [section("Ready?"), {"type": "actions", "elements": [button("change.approve")]}]
        await client.chat_postMessage(channel=body["channel_id"], text="Ready?", blocks=blocks)

    @app.command("/taurus-who")
    async def on_who(ack: AsyncAck, body: Json) -> None:
        bot.heard.append(body)
        await ack(text=f"you are {body['user_name']}")


def listen_to_blocks(bot: Bot, app: AsyncApp) -> None:
    @app.action("change.approve")
    async def on_click(
        ack: AsyncAck, body: Json, client: AsyncWebClient, respond: AsyncRespond
    ) -> None:
        bot.heard.append(body)
        await ack()
        channel, ts = body["channel"]["id"], body["message"]["ts"]
        await client.chat_update(channel=channel, ts=ts, text="Approved")
        await respond("Thank you", replace_original=False)

    @app.options("name")
    async def on_options(ack: AsyncAck, body: Json) -> None:
        bot.heard.append(body)
        await ack(options=[{"text": plain(body["value"]), "value": body["value"]}])


def listen_to_forms(bot: Bot, app: AsyncApp) -> None:
    @app.view("")
    async def on_submit(ack: AsyncAck, body: Json) -> None:
        bot.heard.append(body)
        typed = body["view"]["state"]["values"]["env"]["env"]["value"]
        if typed == "prod":
            await ack(response_action="errors", errors={"env": "not prod"})
        else:
            await ack()

    @app.view_closed("")
    async def on_close(ack: AsyncAck, body: Json) -> None:
        bot.heard.append(body)
        await ack()


def listen_to_events(bot: Bot, app: AsyncApp) -> None:
    @app.event("app_mention")
    async def on_mention(body: Json, say: AsyncSay) -> None:
        bot.heard.append(body)
        await say("you called", thread_ts=body["event"]["ts"])

    @app.event("app_home_opened")
    async def on_home(event: Json, client: AsyncWebClient) -> None:
        view = {"type": "home", "blocks": [section("Welcome")]}
        await client.views_publish(user_id=event["user"], view=view)

    @app.shortcut("explain")
    async def on_explain(ack: AsyncAck, body: Json) -> None:
        bot.heard.append(body)
        await ack()

    @app.event("message")
    async def on_message(body: Json, say: AsyncSay) -> None:
        bot.heard.append(body)
        await say("noted")


async def serve(bot: Bot) -> web.AppRunner:
    runner = web.AppRunner(bot.app.web_app("/slack/events"))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bot.slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    return runner


@pytest.fixture(params=MODES)
async def bot(request: pytest.FixtureRequest) -> AsyncIterator[Bot]:
    slack = await SlackSimulator.start(manifest=MANIFEST, mode=request.param)
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=slack.signing_secret)
    bot = Bot(slack, app)
    listen(bot)
    if request.param == "http":
        runner = await serve(bot)
        yield bot
        await runner.cleanup()
    else:
        handler = AsyncSocketModeHandler(app, slack.app_token)
        handler.client.web_client.base_url = slack.api_url
        await handler.connect_async()  # type: ignore[no-untyped-call]
        await slack.wait_for(lambda: slack.connections)
        yield bot
        await handler.close_async()  # type: ignore[no-untyped-call]
    await slack.close()


async def test_a_command_a_card_and_a_click(bot: Bot) -> None:
    slack = bot.slack

    assert await slack.command("U0ANN", "C0DB", "/taurus-upgrade a <b> & “c”") == {"ok": True}
    [card] = await slack.wait_for(lambda: slack.messages("C0DB"))
    assert bot.heard[0]["text"] == "a &lt;b&gt; &amp; “c”"
    assert card["blocks"][1]["elements"][0]["value"] == "CHG-1"

    assert await slack.click("U0BOB", "C0DB", card["ts"], "change.approve") == {"ok": True}
    [thanks] = await slack.wait_for(lambda: slack.ephemerals("U0BOB", "C0DB"))
    assert thanks["text"] == "Thank you"
    [card] = slack.messages("C0DB")
    assert card["text"] == "Approved"
    assert "blocks" not in card
    assert bot.heard[1]["user"]["id"] == "U0BOB"


async def test_an_answer_with_the_acknowledgement_is_seen_by_the_asker_only(bot: Bot) -> None:
    slack = bot.slack

    assert await slack.command("U0CARL", "C0DB", "/taurus-who") == {"ok": True}

    assert slack.ephemerals("U0CARL", "C0DB")[0]["text"] == "you are carl"
    assert slack.ephemerals("U0ANN", "C0DB") == []
    assert slack.messages("C0DB") == []


async def test_a_form_from_opening_to_submission(bot: Bot) -> None:
    slack = bot.slack
    await slack.command("U0ANN", "C0DB", "/taurus-upgrade form")
    [view] = await slack.wait_for(lambda: slack.modals("U0ANN"))

    assert await slack.options("U0ANN", view["id"], "name", "o") == {"options": []}
    offered = await slack.options("U0ANN", view["id"], "name", "orders")
    assert offered["options"][0]["value"] == "orders"

    unfinished = await slack.submit("U0ANN", {"env": "p"})
    assert unfinished["errors"] == {"env": "Must be at least 2 characters"}
    refused = await slack.submit("U0ANN", {"env": "prod", "name": "orders"})
    assert refused["errors"] == {"env": "not prod"}
    assert slack.modals("U0ANN")
    assert await slack.submit("U0ANN", {"env": "test"}) == {"ok": True}
    assert slack.modals("U0ANN") == []
    chosen = bot.heard[-1]["view"]["state"]["values"]["name"]["name"]["selected_option"]
    assert chosen["value"] == "orders"


async def test_closing_a_form_is_told_where_it_asked_for_that(bot: Bot) -> None:
    slack = bot.slack
    await slack.command("U0ANN", "C0DB", "/taurus-upgrade form")
    await slack.wait_for(lambda: slack.modals("U0ANN"))

    assert await slack.close_view("U0ANN") == {"ok": True}

    assert bot.heard[-1]["type"] == "view_closed"
    assert slack.modals("U0ANN") == []


async def test_a_mention_reaches_the_bot_and_is_answered_in_the_thread(bot: Bot) -> None:
    slack = bot.slack

    ts = slack.say("U0ANN", "C0DB", "@taurus help")

    [answer] = await slack.wait_for(lambda: slack.thread("C0DB", ts))
    assert answer["text"] == "you called"
    assert bot.heard[0]["event"]["text"] == f"<@{slack.bot_user}> help"


async def test_a_direct_message_reaches_the_bot(bot: Bot) -> None:
    slack = bot.slack

    slack.say("U0ANN", slack.im("U0ANN"), "hello <b>")

    await slack.wait_for(lambda: slack.messages(slack.im("U0ANN"))[1:])
    [body] = bot.heard
    assert body["event"]["channel_type"] == "im"
    assert body["event"]["text"] == "hello <b>"


async def test_the_home_tab_is_published_when_it_is_opened(bot: Bot) -> None:
    bot.slack.open_home("U0ANN")

    view = await bot.slack.wait_for(lambda: bot.slack.home("U0ANN"))

    assert view is not None
    assert view["blocks"][0]["text"]["text"] == "Welcome"


async def test_a_message_shortcut_carries_the_message(bot: Bot) -> None:
    ts = bot.slack.say("U0ANN", "C0DB", "look at this")

    assert await bot.slack.shortcut("U0BOB", "explain", "C0DB", ts) == {"ok": True}

    assert bot.heard[0]["message"]["text"] == "look at this"
    assert bot.heard[0]["message_ts"] == ts
