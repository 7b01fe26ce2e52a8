"""Deliveries in both modes: written down, then acknowledged, and people told what was not done."""

import asyncio
import hashlib
import hmac
import io
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Literal
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.command import Asker, Call, Click, Command, Form, Query, Shortcut, Submission
from bot.domain.errors import UnclearError
from bot.domain.sentence import Sentence, say
from bot.ports import ChatError, Delivery, Message, StoreError, View
from bot.slack.config import SlackConfig
from bot.slack.errors import TokenError
from bot.slack.front import Forms
from bot.slack.gateway import Hooks, SlackGateway
from tests.slack.conftest import HandClock
from tests.slack.scripted import (
    APP,
    APP_TOKEN,
    BOT,
    BOT_TOKEN,
    TEAM,
    Cut,
    Reply,
    ScriptedSlack,
    Wait,
)

SECRET = "made-up-signing-secret"


async def unused(call: object, asker: Asker, desk: object) -> Any:  # noqa: ANN401 - never called
    raise AssertionError(call, asker, desk)


LOADING = View(title="Upgrade", blocks=(), close="Close", callback_id="upgrade.form")


class FormsByHand:
    """What is known of forms, as each test needs it."""

    def __init__(self) -> None:
        self.mistakes: dict[str, str] = {}
        self.hang: asyncio.Event | None = None

    def loading(self, told: Call | Click, language: str) -> View | None:
        assert language in {"", "en", "zh"}
        cause = told.action_id if isinstance(told, Click) else told.text or told.command
        return LOADING if cause in {"/taurus-fleet", "upgrade.open"} else None

    async def check(self, form: Submission) -> dict[str, str]:
        assert form.callback_id == "upgrade.form"
        if self.hang:
            await self.hang.wait()
        return self.mistakes

    async def suggest(self, query: Query) -> dict[str, Any]:
        if self.hang:
            await self.hang.wait()
        return {"options": [{"value": f"{query.action_id} {query.typed}"}]}

    def wired(self) -> Forms:
        return Forms(loading=self.loading, check=self.check, suggest=self.suggest, seconds=0.05)


COMMANDS = (
    Command(
        name="/taurus-fleet",
        summary=say("Shows the fleet"),
        usage=(),
        run=unused,
        clicks={"change.approve": unused, "home.open": unused},
        forms={
            "upgrade.form": Form(
                title=say("Upgrade"),
                opened_by=frozenset({"/taurus-fleet", "upgrade.open"}),
                fill=unused,
                submit=unused,
                check=unused,
                edit=unused,
            )
        },
        shortcuts=(
            Shortcut(callback_id="upgrade.open", name=say("Upgrade"), description=say("Plan it")),
        ),
    ),
    Command(name="/taurus-help", summary=say("Helps"), usage=(), run=unused),
)


class Shelf:
    """Where deliveries are written down."""

    def __init__(self) -> None:
        self.kept: dict[str, Delivery] = {}
        self.troubles: list[Exception] = []
        self.gate: asyncio.Event | None = None
        self._arrived = asyncio.Condition()

    async def filled(self, count: int) -> None:
        async with self._arrived, asyncio.timeout(5):
            await self._arrived.wait_for(lambda: len(self.kept) == count)

    async def receive(self, delivery: Delivery) -> bool:
        if self.gate:
            await self.gate.wait()
        if self.troubles:
            raise self.troubles.pop(0)
        is_new = delivery.key not in self.kept
        self.kept.setdefault(delivery.key, delivery)
        async with self._arrived:
            self._arrived.notify_all()
        return is_new

    def only(self) -> Delivery:
        (delivery,) = self.kept.values()
        return delivery


class Bench:
    """A gateway, its Slack, and one way to deliver that hides the mode."""

    def __init__(self, mode: Literal["socket", "http"], slack: ScriptedSlack) -> None:
        self.mode = mode
        self.slack = slack
        self.clock = HandClock()
        self.forms = FormsByHand()
        self.shelf = Shelf()
        self.acks: list[str] = []
        self.naps: list[float] = []
        self.gateway: SlackGateway
        self.url = ""
        self._runner: web.AppRunner | None = None

    def config(self) -> SlackConfig:
        return SlackConfig(
            mode=self.mode,
            bot_token=SecretStr(BOT_TOKEN),
            app_token=SecretStr(APP_TOKEN),
            signing_secret=SecretStr(SECRET),
            api_url=self.slack.api_url,
        )

    async def build(self) -> None:
        self.gateway = SlackGateway(
            self.config(),
            COMMANDS,
            receive=self.shelf.receive,
            clock=self.clock,
            sleep=self._sleep,
            hooks=Hooks(
                render=_render,
                forms=self.forms.wired(),
                on_ack=lambda kind, _: self.acks.append(kind),
            ),
        )
        app = web.Application()
        app.add_routes(self.gateway.routes())
        self._runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/slack/events"

    async def start(self) -> None:
        await self.gateway.start()
        if self.mode == "socket":
            await self.slack.wait_until(lambda: len(self.slack.sockets) == 2)

    async def close(self) -> None:
        await self.gateway.stop()
        assert self._runner is not None
        await self._runner.cleanup()

    async def deliver(self, payload: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON or text
        """Deliver as Slack does; returns the acknowledgement's payload, None if there is none."""
        if self.mode == "socket":
            await self.slack.deliver(payload)
            ack = await self.slack.next_ack()
            answer = ack.get("payload")
            return answer.get("text", answer) if answer else ""
        status, text = await self.post(_form(payload))
        assert status == 200
        return json.loads(text) if text.startswith("{") else text

    async def post(self, body: str, **headers: str) -> tuple[int, str]:
        stamp = str(int(self.clock().timestamp()))
        signed = {
            "Content-Type": "application/json" if body.startswith("{") else FORM,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": sign(body, stamp),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=io.BytesIO(body.encode()), headers=signed) as response,
        ):
            return response.status, await response.text()

    async def _sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        await asyncio.sleep(0)


FORM = "application/x-www-form-urlencoded"


def sign(body: str, stamp: str) -> str:
    text = f"v0:{stamp}:{body}".encode()
    return "v0=" + hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()


def _form(payload: dict[str, Any]) -> str:
    if payload.get("type") == "event_callback":
        return json.dumps(payload)
    return urlencode(payload if "command" in payload else {"payload": json.dumps(payload)})


def _render(sentence: Sentence, language: str) -> str:
    return f"{language}|{sentence}"


@pytest.fixture(params=["socket", "http"])
async def bench(request: pytest.FixtureRequest, slack: ScriptedSlack) -> AsyncIterator[Bench]:
    made = Bench(request.param, slack)
    await made.build()
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def socket_bench(slack: ScriptedSlack) -> AsyncIterator[Bench]:
    made = Bench("socket", slack)
    await made.build()
    yield made
    await made.close()


@pytest.fixture
async def http_bench(slack: ScriptedSlack) -> AsyncIterator[Bench]:
    made = Bench("http", slack)
    await made.build()
    yield made
    await made.close()


def command(**fields: str) -> dict[str, Any]:
    return {
        "command": "/taurus-fleet",
        "text": "orders-*",
        "user_id": "U0ANN",
        "channel_id": "C0DB",
        "team_id": TEAM,
        "api_app_id": APP,
        "trigger_id": "1.2.3",
        "response_url": "https://hooks.slack.com/secret",
        **fields,
    }


def click(bench: Bench, action_id: str = "change.approve", **fields: object) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "team": {"id": TEAM},
        "api_app_id": APP,
        "user": {"id": "U0BOB"},
        "channel": {"id": "C0DB"},
        "container": {"type": "message", "message_ts": "1.1", "channel_id": "C0DB"},
        "trigger_id": "4.5.6",
        "response_url": bench.slack.hook,
        "actions": [
            {"type": "button", "action_id": action_id, "value": "7", "action_ts": _ts(bench)}
        ],
        **fields,
    }


def form(callback_id: str = "upgrade.form", **state: object) -> dict[str, Any]:
    view = {
        "type": "modal",
        "id": "V1",
        "hash": "h1",
        "callback_id": callback_id,
        "private_metadata": "C0DB",
        "state": {"values": state},
    }
    return {"type": "view_submission", "team": {"id": TEAM}, "user": {"id": "U0ANN"}, "view": view}


def event(bench: Bench, **fields: object) -> dict[str, Any]:
    about = {"type": "app_mention", "user": "U0ANN", "channel": "C0DB", "text": "<@U0TAURUS> hi"}
    return {
        "type": "event_callback",
        "team_id": TEAM,
        "api_app_id": APP,
        "event_id": "Ev1",
        "event_time": int(bench.clock().timestamp()),
        "event": {**about, **fields},
    }


def _ts(bench: Bench) -> str:
    return f"{bench.clock().timestamp():.6f}"


async def test_a_command_is_written_down_before_it_is_acknowledged(bench: Bench) -> None:
    bench.shelf.gate = asyncio.Event()
    answer = asyncio.ensure_future(bench.deliver(command()))
    await asyncio.sleep(0.02)
    assert not answer.done()
    bench.shelf.gate.set()
    assert await answer == ""
    delivery = bench.shelf.only()
    assert (delivery.kind, delivery.key) == ("call", "call:1.2.3")
    assert Call.model_validate(delivery.payload) == Call(
        key="call:1.2.3",
        user="U0ANN",
        channel="C0DB",
        command="/taurus-fleet",
        text="orders-*",
        received_at=bench.clock(),
        response_url="https://hooks.slack.com/secret",
    )
    assert bench.acks == ["call"]


async def test_a_click_is_written_down_with_its_message(bench: Bench) -> None:
    assert await bench.deliver(click(bench)) == ""
    delivery = bench.shelf.only()
    assert Click.model_validate(delivery.payload) == Click(
        key="click:4.5.6",
        user="U0BOB",
        channel="C0DB",
        action_id="change.approve",
        value="7",
        message_ts="1.1",
        received_at=bench.clock(),
        response_url=bench.slack.hook,
    )


async def test_a_form_is_written_down_and_closes(bench: Bench) -> None:
    fields: dict[str, Any] = {"reason": {"reason": {"type": "plain_text_input", "value": "safety"}}}
    assert await bench.deliver(form(**fields)) == ""
    delivery = bench.shelf.only()
    assert delivery.key.startswith("submission:V1:h1:")
    assert Submission.model_validate(delivery.payload) == Submission(
        key=delivery.key,
        user="U0ANN",
        callback_id="upgrade.form",
        values={"reason": "safety"},
        metadata="C0DB",
        received_at=bench.clock(),
    )


async def test_a_form_is_opened_outside_of_the_acknowledgement(bench: Bench) -> None:
    opened = asyncio.Event()
    bench.slack.will("views.open", Wait(opened))
    assert await bench.deliver(command(text="")) == ""
    assert not bench.shelf.kept
    opened.set()
    await bench.shelf.filled(1)
    assert Call.model_validate(bench.shelf.only().payload).view == "V1"
    (asked,) = bench.slack.calls("views.open")
    assert asked["trigger_id"] == "1.2.3"
    assert asked["view"]["callback_id"] == "upgrade.form"


async def test_a_shortcut_and_a_button_open_a_form(bench: Bench) -> None:
    menu = {"type": "shortcut", "callback_id": "upgrade.open", "user": {"id": "U0ANN"}}
    menu = {**menu, "trigger_id": "7.8.9", "action_ts": _ts(bench), "team": {"id": TEAM}}
    for payload in (menu, click(bench, "upgrade.open")):
        assert await bench.deliver(payload) == ""
    await bench.shelf.filled(2)
    kept = [Click.model_validate(one.payload) for one in bench.shelf.kept.values()]
    assert {(one.action_id, one.view) for one in kept} == {("upgrade.open", "V1")}


async def test_a_form_that_slack_does_not_open_is_told(bench: Bench) -> None:
    bench.slack.will("views.open", {"ok": False, "error": "expired_trigger_id"})
    assert await bench.deliver(command(text="", response_url=bench.slack.hook)) == ""
    await bench.slack.wait_until(lambda: bench.slack.calls("response_url"))
    assert "did not let the form be opened" in bench.slack.calls("response_url")[0]["text"]
    assert not bench.shelf.kept


async def test_a_repeat_opens_no_second_form_and_no_alarm(bench: Bench) -> None:
    bench.slack.will("views.open", {"ok": False, "error": "exchanged_trigger_id"})
    assert await bench.deliver(command(text="", response_url=bench.slack.hook)) == ""
    await bench.slack.wait_until(lambda: bench.slack.calls("views.open"))
    await bench.gateway.stop()
    assert not bench.slack.calls("response_url")


async def test_a_form_that_was_opened_but_not_stored_says_so(bench: Bench) -> None:
    bench.shelf.troubles = [StoreError("locked")]
    assert await bench.deliver(command(text="")) == ""
    await bench.slack.wait_until(lambda: bench.slack.calls("views.update"))
    assert "could not write it down" in str(bench.slack.calls("views.update")[0]["view"])


async def test_what_is_chosen_in_a_form_is_kept_with_all_that_was_entered(bench: Bench) -> None:
    select = {"type": "static_select", "action_id": "env", "selected_option": {"value": "prod"}}
    view = form(env={"env": select}, reason={"reason": {"value": "safety"}})["view"]
    chosen = click(bench, actions=[select], view=view, container={"type": "view"}, channel=None)
    assert await bench.deliver(chosen) == ""
    kept = Click.model_validate(bench.shelf.only().payload)
    assert kept.key == "click:V1:4.5.6"
    assert (kept.view, kept.value) == ("V1", "prod")
    assert kept.form is not None
    assert kept.form.values == {"env": "prod", "reason": "safety"}
    assert (kept.form.hash, kept.form.metadata) == ("h1", "C0DB")


async def test_mistakes_of_a_form_stand_at_their_fields(bench: Bench) -> None:
    bench.forms.mistakes = {"reason": "Say more."}
    answer = await bench.deliver(form(reason={"reason": {"value": "x"}}))
    assert answer == {"response_action": "errors", "errors": {"reason": "Say more."}}
    assert not bench.shelf.kept


async def test_a_form_that_cannot_be_checked_in_time_is_taken(bench: Bench) -> None:
    bench.forms.hang = asyncio.Event()
    assert await bench.deliver(form(reason={"reason": {"value": "x"}})) == ""
    assert bench.shelf.kept


async def test_a_mended_form_is_another_one(bench: Bench) -> None:
    for reason in ("x", "x", "y"):
        await bench.deliver(form(reason={"reason": {"value": reason}}))
    assert len(bench.shelf.kept) == 2


async def test_a_menu_is_answered_in_time_or_left_empty(bench: Bench) -> None:
    typed = {"type": "block_suggestion", "action_id": "instances", "value": "ord"}
    asked = {**typed, "user": {"id": "U0ANN"}, "team": {"id": TEAM}, "view": form()["view"]}
    offered = await bench.deliver(asked)
    assert offered == {"options": [{"value": "instances ord"}]}
    bench.forms.hang = asyncio.Event()
    assert await bench.deliver(asked) == {"options": []}


async def test_talking_to_the_bot_asks_for_help(bench: Bench) -> None:
    assert await bench.deliver(event(bench)) == ""
    call = Call.model_validate(bench.shelf.only().payload)
    assert (call.command, call.text) == ("/taurus-help", "hi")


async def test_a_repeat_is_acknowledged_and_kept_once(bench: Bench) -> None:
    for _ in range(2):
        assert await bench.deliver(command()) == ""
    assert len(bench.shelf.kept) == 1


async def test_a_marked_repeat_is_not_dropped_if_the_first_was_lost(socket_bench: Bench) -> None:
    await socket_bench.start()
    marks: dict[str, Any] = {
        "retry_attempt": 1,
        "retry_reason": "timeout",
        "accepts_response_payload": False,
    }
    await socket_bench.slack.deliver(event(socket_bench), **marks)
    assert await socket_bench.slack.next_ack() == {"envelope_id": "e1"}
    assert socket_bench.shelf.only().key == "event:Ev1"


async def test_a_command_that_was_not_stored_says_so_at_once(bench: Bench) -> None:
    bench.shelf.troubles.append(StoreError("disk full"))
    answer = await bench.deliver(command())
    assert "Nothing was stored" in answer
    assert "nothing was sent to the databases" in answer
    assert await bench.deliver(command()) == ""
    assert len(bench.shelf.kept) == 1


async def test_a_command_that_may_have_been_stored_says_so(bench: Bench) -> None:
    bench.shelf.troubles.append(UnclearError("gone"))
    answer = await bench.deliver(command())
    assert "nobody knows yet whether this was taken" in answer
    assert "do it again only if it has not been done" in answer


async def test_a_click_that_was_not_stored_is_told_privately(bench: Bench) -> None:
    bench.shelf.troubles.append(StoreError("disk full"))
    assert await bench.deliver(click(bench)) == ""
    await bench.slack.wait_until(lambda: bench.slack.calls("response_url"))
    (told,) = bench.slack.calls("response_url")
    assert "Nothing was stored" in told["text"]


async def test_a_form_that_was_not_stored_keeps_what_was_typed(bench: Bench) -> None:
    bench.shelf.troubles.append(StoreError("disk full"))
    fields: dict[str, Any] = {"reason": {"reason": {"type": "plain_text_input", "value": "safety"}}}
    answer = await bench.deliver(form(**fields))
    assert answer["response_action"] == "errors"
    assert "Nothing was stored" in answer["errors"]["reason"]


async def test_a_form_without_fields_that_was_not_stored_turns_into_the_reason(
    bench: Bench,
) -> None:
    bench.shelf.troubles.append(StoreError("disk full"))
    answer = await bench.deliver(form())
    assert answer["response_action"] == "update"
    assert "Nothing was stored" in json.dumps(answer["view"])


async def test_an_event_that_was_not_stored_is_left_for_slack_to_repeat(
    http_bench: Bench,
) -> None:
    await http_bench.start()
    http_bench.shelf.troubles.append(StoreError("disk full"))
    body = json.dumps(event(http_bench))
    assert (await http_bench.post(body))[0] == 503
    assert (await http_bench.post(body, X_Slack_Retry_Num="1"))[0] == 200
    assert http_bench.shelf.only().key == "event:Ev1"


async def test_over_a_socket_too_an_event_that_was_not_stored_is_not_acknowledged(
    socket_bench: Bench,
) -> None:
    await socket_bench.start()
    socket_bench.shelf.troubles.append(StoreError("disk full"))
    await socket_bench.slack.deliver(event(socket_bench), envelope_id="lost")
    await socket_bench.slack.deliver(command(), envelope_id="next")
    assert (await socket_bench.slack.next_ack())["envelope_id"] == "next"


@pytest.mark.parametrize("make", [command, "click", "form", "event"])
async def test_a_mistake_of_ours_never_loses_the_acknowledgement(
    bench: Bench, make: object, caplog: pytest.LogCaptureFixture
) -> None:
    bench.shelf.troubles.append(RuntimeError("a bug"))
    payload = {"click": click(bench), "form": form(), "event": event(bench)}.get(
        str(make), command()
    )
    answer = await bench.deliver(payload)
    if make is command:
        assert "Something went wrong inside the bot" in answer
    else:
        assert answer == ""
        told = ("response_url", "chat.postEphemeral", "chat.postMessage")
        await bench.slack.wait_until(lambda: any(bench.slack.calls(way) for way in told))
    assert "a bug" in caplog.text
    assert "hooks" not in caplog.text


@pytest.mark.parametrize("late", [601, 7200])
async def test_what_comes_late_out_of_an_outage_is_not_done(bench: Bench, late: int) -> None:
    for payload in (click(bench), event(bench)):
        bench.clock.advance(late)
        assert await bench.deliver(payload) == ""
        bench.clock.advance(-late)
    await bench.slack.wait_until(lambda: bench.slack.calls("response_url"))
    await bench.slack.wait_until(lambda: bench.slack.calls("chat.postEphemeral"))
    assert "too late" in bench.slack.calls("response_url")[0]["text"]
    assert "too late" in bench.slack.calls("chat.postEphemeral")[0]["text"]
    assert not bench.shelf.kept


async def test_slacks_last_repeat_is_not_too_old(bench: Bench) -> None:
    payload = event(bench)
    bench.clock.advance(400)
    await bench.deliver(payload)
    assert bench.shelf.kept


async def test_an_unknown_command_is_answered(bench: Bench) -> None:
    answer = await bench.deliver(command(command="/taurus-dance"))
    assert "/taurus-dance" in answer
    assert not bench.shelf.kept


async def test_an_unknown_button_is_explained(bench: Bench) -> None:
    assert await bench.deliver(click(bench, "change.dance")) == ""
    await bench.slack.wait_until(lambda: bench.slack.calls("response_url"))
    assert "another version" in bench.slack.calls("response_url")[0]["text"]
    assert not bench.shelf.kept


async def test_other_elements_of_a_form_are_silent(bench: Bench) -> None:
    select = {"type": "static_select", "action_id": "env", "selected_option": {"value": "prod"}}
    assert await bench.deliver(click(bench, actions=[select])) == ""
    assert not bench.shelf.kept
    await bench.gateway.stop()
    assert not bench.slack.calls("response_url")


async def test_an_unknown_form_turns_into_an_explanation(bench: Bench) -> None:
    answer = await bench.deliver(form("dance.form"))
    assert answer["response_action"] == "update"
    assert "another version" in json.dumps(answer)
    assert not bench.shelf.kept


async def test_an_unknown_shortcut_is_answered_directly(bench: Bench) -> None:
    shortcut = {"type": "shortcut", "callback_id": "x", "user": {"id": "U0ANN"}, "trigger_id": "1"}
    assert await bench.deliver({**shortcut, "team": {"id": TEAM}}) == ""
    await bench.slack.wait_until(lambda: bench.slack.calls("chat.postMessage"))
    (told,) = bench.slack.calls("chat.postMessage")
    assert told["channel"] == "U0ANN"
    assert "no such shortcut" in told["text"]


async def test_options_that_nobody_offers_are_none(bench: Bench) -> None:
    asked = {"type": "block_suggestion", "action_id": "x", "block_id": "b", "value": "ord"}
    assert await bench.deliver({**asked, "team": {"id": TEAM}}) == {"options": []}


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "view_closed", "view": {"callback_id": "upgrade.form"}, "team": {"id": TEAM}},
        {"type": "view_submission", "view": {}, "team": {"id": TEAM}},
        {"type": "a kind that Slack invents next year", "team": {"id": TEAM}},
    ],
)
async def test_whatever_else_comes_is_acknowledged(bench: Bench, payload: dict[str, Any]) -> None:
    assert await bench.deliver(payload) == ""


async def test_opening_the_home_tab_is_kept_as_a_click(bench: Bench) -> None:
    opened = event(bench, type="app_home_opened", tab="home", channel="D1")
    assert await bench.deliver(opened) == ""
    kept = Click.model_validate(bench.shelf.only().payload)
    assert (kept.action_id, kept.user, kept.channel) == ("home.open", "U0ANN", "")


async def test_opening_the_home_tab_too_late_is_told_to_nobody(bench: Bench) -> None:
    opened = event(bench, type="app_home_opened", tab="home", channel="D1")
    bench.clock.advance(3600)
    assert await bench.deliver(opened) == ""
    await bench.gateway.stop()
    assert not bench.shelf.kept
    assert not bench.slack.calls("chat.postMessage")


@pytest.mark.parametrize("kind", ["pin_added", "an event of next year"])
async def test_events_of_no_interest_are_acknowledged(bench: Bench, kind: str) -> None:
    assert await bench.deliver(event(bench, type=kind)) == ""
    assert not bench.shelf.kept


async def test_the_bots_own_messages_are_not_talk(bench: Bench) -> None:
    assert await bench.deliver(event(bench, user="U0TAURUS")) == ""
    assert not bench.shelf.kept


@pytest.mark.parametrize("stranger", [{"api_app_id": "A0OTHER"}, {"team_id": "T0OTHER"}])
async def test_what_is_for_another_app_or_workspace_is_refused(
    bench: Bench, stranger: dict[str, str]
) -> None:
    assert "another workspace or another app" in await bench.deliver(command(**stranger))
    assert await bench.deliver({**event(bench), **stranger}) == ""
    assert not bench.shelf.kept


async def test_a_guest_of_slack_connect_passes_on_to_the_policy(bench: Bench) -> None:
    guest: dict[str, Any] = {"team": {"id": "T0GUEST"}, "message": {"bot_id": BOT}}
    await bench.deliver(click(bench, **guest))
    assert bench.shelf.kept
    elsewhere = {**guest, "message": {"bot_id": "B0OTHER"}, "trigger_id": "9"}
    await bench.deliver(click(bench, **elsewhere))
    assert len(bench.shelf.kept) == 1


async def test_people_are_told_in_their_language_if_it_is_known(bench: Bench) -> None:
    user = {"team_id": TEAM, "locale": "zh-CN"}
    assert (await bench.deliver(command(command="/x"))).startswith("|")
    bench.slack.will("users.info", {"ok": True, "user": user})
    await bench.gateway.people.person("U0ANN")
    assert (await bench.deliver(command(command="/x"))).startswith("zh|")


async def test_it_is_connected_from_start_to_stop(bench: Bench) -> None:
    assert bench.gateway.connected()
    await bench.gateway.stop()
    assert not bench.gateway.connected()


async def test_a_revoked_token_shows_in_readiness_until_it_works_again(bench: Bench) -> None:
    bench.slack.will("chat.postMessage", {"ok": False, "error": "token_revoked"})
    with pytest.raises(ChatError):
        await bench.gateway.chat.post("C0DB", Message(text="x"), tag={})
    assert not bench.gateway.connected()
    await bench.gateway.chat.post("C0DB", Message(text="x"), tag={})
    assert bench.gateway.connected()


async def test_the_first_acknowledgement_waits_for_no_call(bench: Bench) -> None:
    before = len(bench.slack.asked)
    await bench.deliver(command())
    assert len(bench.slack.asked) == before


async def test_stopping_lets_acknowledgements_and_answers_out(bench: Bench) -> None:
    bench.shelf.gate = asyncio.Event()
    bench.shelf.troubles.append(StoreError("disk full"))
    answer = asyncio.ensure_future(bench.deliver(click(bench)))
    await asyncio.sleep(0.05)
    stopping = asyncio.ensure_future(bench.gateway.stop())
    await asyncio.sleep(0)
    bench.shelf.gate.set()
    await stopping
    assert await answer == ""
    assert bench.slack.calls("response_url")


async def test_a_person_who_cannot_be_told_is_noted_in_the_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    for way in ("response_url", "chat.postEphemeral"):
        bench.slack.will(way, Reply("", 503))
    assert await bench.deliver(click(bench, "change.dance")) == ""
    await bench.gateway.stop()
    assert "could not tell U0BOB why nothing was done: http_503" in caplog.text


# --- starting ----------------------------------------------------------------------------------


async def test_a_bad_bot_token_stops_the_start_and_is_named(socket_bench: Bench) -> None:
    socket_bench.slack.will("auth.test", {"ok": False, "error": "invalid_auth"})
    with pytest.raises(TokenError, match="SLACK_BOT_TOKEN") as caught:
        await socket_bench.gateway.start()
    assert BOT_TOKEN not in str(caught.value)


async def test_a_bad_app_token_stops_the_start_and_is_named(socket_bench: Bench) -> None:
    refused = {"ok": False, "error": "invalid_auth"}
    socket_bench.slack.will("apps.connections.open", refused)
    with pytest.raises(TokenError, match="SLACK_APP_TOKEN") as caught:
        await socket_bench.gateway.start()
    assert APP_TOKEN not in str(caught.value)


async def test_tokens_of_two_apps_do_not_start(socket_bench: Bench) -> None:
    socket_bench.slack.will("bots.info", {"ok": True, "bot": {"app_id": "A0OTHER"}})
    with pytest.raises(TokenError, match="another Slack app"):
        await socket_bench.gateway.start()


async def test_without_the_apps_id_workspaces_still_count(http_bench: Bench) -> None:
    http_bench.slack.will("bots.info", {"ok": False, "error": "missing_scope"})
    await http_bench.start()
    await http_bench.deliver(command())
    assert http_bench.shelf.kept
    assert "another workspace" in await http_bench.deliver(command(team_id="T0OTHER"))


async def test_slack_away_at_the_start_is_waited_for(socket_bench: Bench) -> None:
    bench = socket_bench
    refused = {"ok": False, "error": "invalid_auth"}
    bench.slack.will("auth.test", Cut(), Reply("", 503), refused)
    await bench.gateway.start()
    assert not bench.gateway.connected()
    with pytest.raises(ChatError, match="not_signed_in"):
        await bench.gateway.people.person("U0ANN")
    await bench.slack.wait_until(lambda: len(bench.slack.sockets) == 2)
    assert bench.gateway.connected()
    assert len(bench.naps) >= 3


async def test_before_it_knows_itself_it_takes_nothing(http_bench: Bench) -> None:
    assert (await http_bench.post(urlencode(command())))[0] == 503
    assert not http_bench.gateway.connected()
    assert not http_bench.shelf.kept


async def test_stopping_while_slack_is_away_is_quick(slack: ScriptedSlack) -> None:
    bench = Bench("socket", slack)
    await bench.build()
    slack.will("auth.test", *[Reply("", 503)] * 1000)
    await bench.gateway.start()
    await bench.close()
    assert not slack.sockets


# --- sockets -----------------------------------------------------------------------------------


async def test_two_sockets_are_held_and_each_delivers(socket_bench: Bench) -> None:
    bench = socket_bench
    await bench.start()
    for socket in (0, 1):
        await bench.slack.deliver(command(trigger_id=str(socket)), socket)
        assert await bench.slack.next_ack() == {"envelope_id": "e1"}
    assert len(bench.shelf.kept) == 2


async def test_a_refreshed_socket_is_replaced_before_it_is_let_go(socket_bench: Bench) -> None:
    bench = socket_bench
    await bench.start()
    old = bench.slack.sockets[0]
    await old.send_json({"type": "disconnect", "reason": "refresh_requested"})
    await bench.slack.wait_until(lambda: len(bench.slack.sockets) == 3)
    assert bench.gateway.connected()
    await bench.slack.wait_until(lambda: old.closed)
    await bench.slack.deliver(command(), 2)
    assert await bench.slack.next_ack() == {"envelope_id": "e1"}


async def test_lost_sockets_come_back(socket_bench: Bench) -> None:
    bench = socket_bench
    await bench.start()
    bench.slack.will("apps.connections.open", Cut(), Reply("{}", 429, {"Retry-After": "9"}))
    for socket in tuple(bench.slack.sockets):
        await socket.close()
    await bench.slack.wait_until(lambda: len(bench.slack.sockets) == 4)
    assert sorted(bench.naps) == [1.0, 9.0]
    await bench.slack.wait_until(bench.gateway.connected)


async def test_an_acknowledgement_finds_another_socket_if_its_own_broke(
    socket_bench: Bench,
) -> None:
    bench = socket_bench
    await bench.start()
    bench.shelf.gate = asyncio.Event()
    await bench.slack.deliver(command(), 0)
    await asyncio.sleep(0.02)
    await bench.slack.sockets[0].close()
    bench.shelf.gate.set()
    assert await bench.slack.next_ack() == {"envelope_id": "e1"}


async def test_small_talk_on_a_socket_is_ignored(socket_bench: Bench) -> None:
    bench = socket_bench
    await bench.start()
    await bench.slack.sockets[0].send_str("ping from applink-1")
    await bench.slack.sockets[0].send_json({"type": "news"})
    await bench.slack.sockets[0].send_bytes(b"\0")
    await bench.slack.deliver(command(), 0)
    assert await bench.slack.next_ack() == {"envelope_id": "e1"}


async def test_an_address_that_does_not_work_is_not_tried_again(
    socket_bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench = socket_bench
    dead = {"ok": True, "url": f"{bench.slack.url}/nowhere?ticket=secret-ticket"}
    bench.slack.will("apps.connections.open", dead, dead)
    await bench.start()
    assert bench.gateway.connected()
    assert "secret-ticket" not in caplog.text


async def test_secrets_stay_out_of_the_log(
    slack: ScriptedSlack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bench = Bench("socket", slack)
    await bench.build()
    await bench.start()
    await bench.deliver(command())
    await bench.gateway.chat.post("C0DB", Message(text="x"), tag={})
    await bench.close()
    for secret in (BOT_TOKEN, APP_TOKEN, SECRET, "secret-ticket", "hooks.slack.com/secret"):
        assert secret not in caplog.text
    assert BOT_TOKEN not in repr(bench.config())


# --- HTTP --------------------------------------------------------------------------------------


@pytest.fixture
async def door(http_bench: Bench) -> Bench:
    await http_bench.start()
    return http_bench


Post = Callable[[Bench], Awaitable[tuple[int, str]]]


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Slack_Signature": "v0=" + "0" * 64},
        {"X_Slack_Signature": ""},
        {"X_Slack_Signature": "v0=\u00e9"},
        {"X_Slack_Request_Timestamp": "soon"},
        {"X_Slack_Request_Timestamp": "1"},
    ],
)
async def test_what_slack_did_not_sign_is_refused(door: Bench, headers: dict[str, str]) -> None:
    status, _ = await door.post(urlencode(command()), **headers)
    assert status == 401
    assert not door.shelf.kept


@pytest.mark.parametrize(("late", "status"), [(300, 200), (301, 401), (-301, 401)])
async def test_a_signature_is_good_for_300_seconds(door: Bench, late: int, status: int) -> None:
    body, stamp = urlencode(command()), str(int(door.clock().timestamp()))
    door.clock.advance(late)
    signed = {"X_Slack_Request_Timestamp": stamp, "X_Slack_Signature": sign(body, stamp)}
    assert (await door.post(body, **signed))[0] == status


async def test_oversized_bodies_are_refused(door: Bench) -> None:
    assert (await door.post("text=" + "x" * (1 << 20)))[0] == 413


@pytest.mark.parametrize("body", ["{not json", '{"event": 1}', "payload=nonsense"])
async def test_signed_nonsense_does_not_break_the_door(door: Bench, body: str) -> None:
    assert (await door.post(body))[0] in {200, 400}
    assert await door.deliver(command()) == ""


async def test_slack_can_verify_the_address(door: Bench) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"})
    status, text = await door.post(body)
    assert status == 200
    assert json.loads(text) == {"challenge": "abc"}


async def test_socket_mode_opens_no_route(socket_bench: Bench) -> None:
    assert socket_bench.gateway.routes() == []


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"bot_token": SecretStr("xapp-swapped")}, "SLACK_BOT_TOKEN"),
        ({"app_token": SecretStr("xoxb-swapped")}, "SLACK_APP_TOKEN"),
        ({"mode": "http", "signing_secret": SecretStr(" ")}, "SLACK_SIGNING_SECRET"),
    ],
)
def test_settings_in_the_wrong_place_are_named_not_shown(
    fields: dict[str, Any], named: str
) -> None:
    good = {"mode": "socket", "bot_token": SecretStr("xoxb-1"), "app_token": SecretStr("xapp-1")}
    with pytest.raises(ValueError, match=named) as caught:
        SlackConfig(**{**good, **fields})
    assert "swapped" not in str(caught.value)
