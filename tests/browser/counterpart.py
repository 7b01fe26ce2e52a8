"""A small bot for the page to talk to: one card, one form, one Home tab, one of everything."""

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Json

HOSTILE = (
    "<script>window.hacked = true</script> <img src=x onerror=window.hacked=true>"
    " &lt;!channel&gt; <javascript:window.hacked=true|click> *bold* \u202eevil\u202c"
    " مرحبا بالعالم 👩‍💻 "
)
INSTANCES = [f"orders-{number}" for number in range(1, 6)]
CONFIRM = "Upgrade 2 databases?"


def manifest() -> Json:
    commands = [
        {"command": "/taurus-fleet", "description": "Lists databases", "usage_hint": "[PATTERN]"},
        {"command": "/taurus-upgrade", "description": "Plans upgrades", "usage_hint": "INSTANCE…"},
        {"command": "/taurus-whisper", "description": "Answers only you", "usage_hint": "TEXT"},
        {"command": "/taurus-form", "description": "Opens a form", "usage_hint": ""},
        {"command": "/taurus-silent", "description": "Never answers", "usage_hint": ""},
        {"command": "/taurus-gallery", "description": "Shows every block", "usage_hint": ""},
    ]
    shortcut = {"name": "Explain this", "type": "message", "callback_id": "explain"}
    return {
        "display_information": {"name": "Taurus"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "Taurus bot"},
            "slash_commands": commands,
            "shortcuts": [{**shortcut, "description": "Explains a message"}],
        },
        "oauth_config": {"scopes": {"bot": ["chat:write", "commands", "im:write", "users:read"]}},
        "settings": {
            "event_subscriptions": {"bot_events": ["app_home_opened"]},
            "interactivity": {"is_enabled": True},
            "socket_mode_enabled": True,
        },
    }


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str, **more: object) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def option(text: str) -> Json:
    return {"text": plain(text), "value": text}


def button(action_id: str, label: str, **more: object) -> Json:
    text = plain(label)
    return {"type": "button", "action_id": action_id, "text": text, "value": "CHG-1", **more}


def card(state: str, run_at: int) -> list[Json]:
    asks = {
        "title": plain(CONFIRM),
        "text": mrkdwn("This *cannot* be undone."),
        "confirm": plain("Upgrade"),
        "deny": plain("Not yet"),
        "style": "danger",
    }
    approve = button("change.approve", "Confirm", style="primary", confirm=asks)
    buttons = [approve, button("change.cancel", "Cancel", style="danger")]
    head = [
        {"type": "header", "text": plain("CHG-1 · Upgrade 2 databases")},
        section(f"*State:* {state}"),
        section(f"Runs <!date^{run_at}^{{date_short_pretty}} at {{time}}|later>"),
    ]
    return [*head, {"type": "actions", "elements": buttons}] if state == "Proposed" else head


def form() -> Json:
    external = {
        "type": "external_select",
        "action_id": "instance",
        "min_query_length": 2,
        "placeholder": plain("Find an instance"),
    }
    fields = [
        ("instance", "Instance", external),
        ("reason", "Reason", {"type": "plain_text_input", "action_id": "reason"}),
        ("at", "Time", {"type": "datetimepicker", "action_id": "at"}),
    ]
    blocks = [
        {
            "type": "input",
            "block_id": block_id,
            "label": plain(label),
            "element": element,
            "optional": block_id == "at",
        }
        for block_id, label, element in fields
    ]
    title, submit, close = plain("Upgrade"), plain("Show plan"), plain("Leave")
    more = {"title": title, "submit": submit, "close": close, "callback_id": "form"}
    return {"type": "modal", "blocks": blocks, **more}


def gallery() -> list[Json]:
    options = [option(name) for name in INSTANCES]
    menu = {"type": "static_select", "action_id": "menu", "placeholder": plain("Pick one")}
    inputs: list[Json] = [
        {**menu, "options": options},
        {"type": "multi_static_select", "action_id": "many", "options": options},
        {"type": "overflow", "action_id": "more", "options": options[:2]},
        {"type": "datepicker", "action_id": "day", "initial_date": "2026-12-01"},
        {"type": "timepicker", "action_id": "time", "initial_time": "02:00"},
        {"type": "checkboxes", "action_id": "checks", "options": options[:2]},
        {"type": "radio_buttons", "action_id": "radios", "options": options[:2]},
        {"type": "users_select", "action_id": "person"},
    ]
    raw = [[{"type": "raw_text", "text": text} for text in row] for row in (("Name", "Kernel"),)]
    styled = {"type": "text", "text": "strong words", "style": {"bold": True}}
    rich = {"type": "rich_text_section", "elements": [styled]}
    return [
        section("A menu", accessory=inputs[0]),
        {"type": "actions", "elements": inputs[1:]},
        {"type": "section", "fields": [mrkdwn("*Left*"), mrkdwn("_Right_")]},
        {"type": "divider"},
        {"type": "context", "elements": [mrkdwn("small `print`")]},
        {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A picture"},
        {"type": "table", "rows": [*raw, [{"type": "raw_text", "text": "a"}] * 2]},
        {"type": "data_table", "caption": "Kernels", "rows": [*raw, *raw]},
        plan_of_waves(),
        {"type": "rich_text", "elements": [rich]},
        {"type": "markdown", "text": "## Notes\n- **one**\n- two"},
    ]


def plan_of_waves() -> Json:
    states = ("complete", "error", "in_progress", "pending")
    tasks = [
        {"type": "task_card", "task_id": state, "title": f"Wave {number}", "status": state}
        for number, state in enumerate(states, 1)
    ]
    return {"type": "plan", "title": "Waves", "tasks": tasks}


class Counterpart:
    """What the bot answers, and what it heard."""

    def __init__(self, app: AsyncApp, run_at: int) -> None:
        self.heard: list[Json] = []
        self._run_at = run_at
        app.command("/taurus-upgrade")(self.on_upgrade)
        app.command("/taurus-whisper")(self.on_whisper)
        app.command("/taurus-form")(self.on_form)
        app.command("/taurus-gallery")(self.on_gallery)
        app.command("/taurus-silent")(self.on_silent)
        app.action("change.approve")(self.on_approve)
        app.options("instance")(self.on_options)
        app.view("form")(self.on_submit)
        app.shortcut("explain")(self.on_explain)
        app.event("app_home_opened")(self.on_home)
        app.action(re.compile(".*"))(self.on_other)

    async def on_upgrade(self, ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.chat_postMessage(
            channel=body["channel_id"], text="CHG-1", blocks=card("Proposed", self._run_at)
        )

    async def on_whisper(self, ack: AsyncAck) -> None:
        await ack(text="A private word")

    async def on_silent(self) -> None:
        """Slack gives up on it."""

    async def on_form(self, ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=form())

    async def on_gallery(self, ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        blocks = gallery()
        await client.chat_postMessage(channel=body["channel_id"], text="Gallery", blocks=blocks)

    async def on_approve(self, ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        self.heard.append(body)
        await ack()
        channel, ts = body["channel"]["id"], body["message"]["ts"]
        running = card("Running", self._run_at)
        await client.chat_update(channel=channel, ts=ts, text="CHG-1 runs", blocks=running)
        await client.chat_postMessage(channel=channel, thread_ts=ts, text="resp: `success`")

    async def on_options(self, ack: AsyncAck, body: Json) -> None:
        found = [option(name) for name in INSTANCES if body["value"] in name]
        await ack(options=found)

    async def on_submit(self, ack: AsyncAck, body: Json) -> None:
        self.heard.append(body)
        reason = body["view"]["state"]["values"]["reason"]["reason"]["value"]
        if reason == "because":
            await ack(response_action="errors", errors={"reason": "That is no reason."})
        else:
            await ack()

    async def on_explain(self, ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        self.heard.append(body)
        await ack()
        await respond("It is a card.")

    async def on_home(self, event: dict[str, Any], client: AsyncWebClient) -> None:
        blocks = [section("Nothing waits for you."), *card("Proposed", self._run_at)]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    async def on_other(self, ack: AsyncAck, body: Json) -> None:
        self.heard.append(body)
        await ack()
