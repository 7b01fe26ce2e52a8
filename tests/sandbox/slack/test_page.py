import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Json, SlackSimulator
from bot.sandbox.slack.hub import Hub
from tests.sandbox.slack.conftest import MANIFEST, Line, Time, button, modal, plain, section


@dataclass
class Switches:
    """Another simulator's panel."""

    changes: list[Json] = field(default_factory=list)

    async def read(self) -> Json:
        clock = {"now": 7.0, "speed": 60.0}
        return {"clock": clock, "switches": [], "fleet": [], "changes": len(self.changes)}

    async def apply(self, change: Json) -> None:
        if "switch" not in change:
            raise ValueError("there is no such switch")
        self.changes.append(change)


@pytest.fixture
def panel() -> Switches:
    return Switches()


@pytest.fixture
async def slack(clock: Time, tmp_path: Path, panel: Switches) -> AsyncIterator[SlackSimulator]:
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text("<h1>hello</h1>")
    (folder / "app.js").write_text("export {};")
    (tmp_path / "secret.txt").write_text("secret")
    simulator = await SlackSimulator.start(
        manifest=MANIFEST, clock=clock, wall=clock, ack_seconds=0.3, page=folder, panel=panel
    )
    yield simulator
    await simulator.close()


@pytest.fixture
async def browser(slack: SlackSimulator) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(slack.url) as session:
        yield session


async def state(browser: aiohttp.ClientSession, user: str = "U0ANN") -> Json:
    async with browser.get("/page/state", params={"user": user}) as response:
        found: Json = await response.json()
        return found


async def post(browser: aiohttp.ClientSession, path: str, **body: object) -> Json:
    async with browser.post(f"/page/{path}", json=body) as response:
        found: Json = await response.json()
        return found


async def acked(line: Line, asked: asyncio.Future[Json], answer: Json | None = None) -> Json:
    await line.ack(await line.read(), answer)
    return await asked


async def test_the_page_and_its_files_are_served_and_nothing_else(
    browser: aiohttp.ClientSession,
) -> None:
    async with browser.get("/") as response:
        assert await response.text() == "<h1>hello</h1>"
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    async with browser.get("/static/app.js") as response:
        assert response.status == 200
        assert "javascript" in response.headers["Content-Type"]
    for path in ("/static/none.js", "/static/..%2f..%2fsecret.txt", "/static/%2e%2e/secret.txt"):
        async with browser.get(path) as response:
            assert response.status == 404


async def test_a_person_sees_their_own_workspace(
    slack: SlackSimulator, browser: aiohttp.ClientSession, api: AsyncWebClient
) -> None:
    await api.chat_postMessage(channel="C0DB", text="card")
    await api.chat_postMessage(channel="U0BOB", text="for bob")
    await api.chat_postEphemeral(channel="C0DB", user="U0ANN", text="for ann")
    seen = await state(browser)
    assert (seen["me"]["id"], seen["me"]["tz_label"], seen["me"]["tz_offset"]) == (
        "U0ANN",
        "CEST",
        7200,
    )
    assert [one["name"] for one in seen["users"]] == ["ann", "bob", "carl", "dana", "lin"]
    assert [one["text"] for one in seen["messages"]["C0DB"]] == ["card", "for ann"]
    assert seen["messages"]["C0DB"][1]["ephemeral"] is True
    assert slack.im("U0BOB") not in seen["messages"]
    assert slack.im("U0ANN") in seen["messages"]
    assert [one["command"] for one in seen["commands"]] == ["/taurus-upgrade", "/taurus-who"]
    assert seen["bot"] == {"id": slack.bot_user, "name": "taurus", "connected": False}
    assert seen["clock"] == {"now": 7.0, "speed": 60.0}
    assert (await state(browser, ""))["me"]["id"] == "U0ANN"
    async with browser.get("/page/state", params={"user": "U0NOBODY"}) as response:
        assert response.status == 404


async def test_the_page_types_commands_and_messages(
    slack: SlackSimulator, browser: aiohttp.ClientSession
) -> None:
    body = {"user": "U0ANN", "channel": "C0DB"}
    async with Line(slack) as line:
        asked = asyncio.ensure_future(post(browser, "command", **body, text="/taurus-upgrade x"))
        assert await acked(line, asked) == {"ok": True}
    missing = await post(browser, "command", **body, text="/taurus-upgrade x")
    assert (missing["ok"], missing["error"]) == (False, "dispatch_failed")
    said = await post(browser, "message", **body, text="hello")
    await post(browser, "message", **body, text="again", thread_ts=said["ts"])
    assert [one["text"] for one in slack.thread("C0DB", said["ts"])] == ["again"]


async def test_the_page_clicks_and_fills_in_forms(
    slack: SlackSimulator, browser: aiohttp.ClientSession, api: AsyncWebClient
) -> None:
    blocks = [{"type": "actions", "block_id": "b", "elements": [button("go")]}]
    ts = (await api.chat_postMessage(channel="C0DB", text="x", blocks=blocks))["ts"]
    place = {"type": "message", "channel": "C0DB", "ts": ts}
    ask = {"type": "external_select", "action_id": "who"}
    view = modal({"type": "input", "block_id": "who", "label": plain("x"), "element": ask})
    option = {"text": plain("orders"), "value": "orders"}
    async with Line(slack) as line:
        click = {"block_id": "b", "action_id": "go", "action": {"type": "button"}}
        asked = asyncio.ensure_future(
            post(browser, "action", user="U0ANN", container=place, **click, state={"values": {}})
        )
        envelope = await line.read()
        await line.ack(envelope)
        assert await asked == {"ok": True}
        trigger = envelope["payload"]["trigger_id"]
        shown = (await api.views_open(trigger_id=trigger, view=view))["view"]
        where = {"user": "U0ANN", "container": {"type": "view", "view_id": shown["id"]}}
        spot = {"block_id": "who", "action_id": "who"}
        asked = asyncio.ensure_future(post(browser, "options", **where, **spot, value="ord"))
        assert await acked(line, asked, {"options": [option]}) == {"ok": True, "options": [option]}
        form = {"user": "U0ANN", "view_id": shown["id"]}
        empty = await post(browser, "submit", **form, values={})
        assert empty["errors"] == {"who": "Please complete this required field."}
        values = {"who": {"who": {"type": "external_select", "selected_option": option}}}
        asked = asyncio.ensure_future(post(browser, "submit", **form, values=values))
        assert await acked(line, asked) == {"ok": True}
    assert (await post(browser, "close", **form))["error"] == "not_found"


async def test_the_page_closes_forms(
    slack: SlackSimulator, browser: aiohttp.ClientSession, api: AsyncWebClient
) -> None:
    async with Line(slack) as line:
        asked = asyncio.ensure_future(slack.command("U0ANN", "C0DB", "/taurus-upgrade"))
        envelope = await line.read()
        await line.ack(envelope)
        await asked
    trigger = envelope["payload"]["trigger_id"]
    view = (await api.views_open(trigger_id=trigger, view=modal(section("x"))))["view"]
    assert await post(browser, "close", user="U0ANN", view_id=view["id"]) == {"ok": True}
    assert slack.modals("U0ANN") == []


async def test_the_page_uses_shortcuts_and_the_home_tab(
    slack: SlackSimulator, browser: aiohttp.ClientSession, api: AsyncWebClient
) -> None:
    home = {"type": "home", "blocks": [{"type": "actions", "elements": [button("go")]}]}
    await api.views_publish(user_id="U0ANN", view=home)
    ts = slack.say("U0BOB", "C0DB", "look")
    async with Line(slack) as line:
        body = {"user": "U0ANN", "callback_id": "explain", "channel": "C0DB", "ts": ts}
        assert await acked(line, asyncio.ensure_future(post(browser, "shortcut", **body))) == {
            "ok": True
        }
        assert await post(browser, "home", user="U0ANN") == {"ok": True}
        await line.ack(await line.read())
        block = (await state(browser))["home"]["blocks"][0]["block_id"]
        click = {"block_id": block, "action_id": "go", "action": {"type": "button"}}
        asked = asyncio.ensure_future(
            post(browser, "action", user="U0ANN", container={"type": "home"}, **click)
        )
        assert await acked(line, asked) == {"ok": True}
    nobody = {"user": "U0BOB", "container": {"type": "home"}, **click}
    assert (await post(browser, "action", **nobody))["error"] == "not_found"


async def test_changes_reach_the_pages_that_may_see_them(
    browser: aiohttp.ClientSession, api: AsyncWebClient
) -> None:
    async with browser.get("/page/events", params={"user": "U0ANN"}) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert await stream.content.readline() == b": connected\n"
        await api.chat_postMessage(channel="U0BOB", text="for bob")
        ts = (await api.chat_postMessage(channel="C0DB", text="card"))["ts"]
        await api.chat_update(channel="C0DB", ts=ts, text="new")
        await api.chat_postEphemeral(channel="C0DB", user="U0ANN", text="for ann")
        await api.chat_delete(channel="C0DB", ts=ts)
        await api.views_publish(user_id="U0ANN", view={"type": "home", "blocks": []})
        events = [await next_event(stream) for _ in range(5)]
    kinds = ["message", "message_changed", "ephemeral", "message_deleted", "home"]
    assert [one["type"] for one in events] == kinds
    assert events[1]["message"]["text"] == "new"
    assert events[3]["ts"] == ts


async def next_event(stream: aiohttp.ClientResponse) -> Json:
    async with asyncio.timeout(5):
        while not (line := await stream.content.readline()).startswith(b"data: "):
            pass
    found: Json = json.loads(line.removeprefix(b"data: "))
    return found


async def test_a_page_that_left_disturbs_nobody(
    slack: SlackSimulator, browser: aiohttp.ClientSession, api: AsyncWebClient
) -> None:
    async with browser.get("/page/events", params={"user": "U0ANN"}) as stream:
        stream.close()
    for _ in range(3):
        assert (await api.chat_postMessage(channel="C0DB", text="x"))["ok"]
    assert len(slack.messages("C0DB")) == 3


async def test_closing_ends_the_streams_at_once(clock: Time) -> None:
    slack = await SlackSimulator.start(manifest=MANIFEST, clock=clock)
    async with (
        aiohttp.ClientSession(slack.url) as browser,
        browser.get("/page/events", params={"user": "U0ANN"}) as stream,
    ):
        await stream.content.readline()
        async with asyncio.timeout(1):
            await slack.close()
        assert await stream.content.read() == b"\n"


async def test_the_panel_is_forwarded(
    slack: SlackSimulator, browser: aiohttp.ClientSession, panel: Switches
) -> None:
    async with browser.get("/page/faults") as response:
        assert (await response.json())["fleet"] == []
    assert (await post(browser, "faults", switch="hang", value=True))["changes"] == 1
    assert panel.changes == [{"switch": "hang", "value": True}]
    refused = await post(browser, "clock", advance_seconds=-1)
    assert refused == {"ok": False, "error": "there is no such switch"}
    await post(browser, "slack-faults", method="auth.test", kind="http_500", times=1)
    async with browser.get("/api/auth.test") as response:
        assert response.status == 500
    assert slack.calls[-1].method == "auth.test"


async def test_without_a_panel_there_is_none(clock: Time) -> None:
    slack = await SlackSimulator.start(manifest=MANIFEST, clock=clock)
    async with aiohttp.ClientSession(slack.url) as browser:
        async with browser.get("/page/faults") as response:
            assert await response.json() is None
        assert (await post(browser, "faults", switch="x"))["error"] == "no_panel"
        assert (await state(browser))["clock"] == {"now": clock.now, "speed": 1}
    await slack.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_foreign_pages_are_kept_out(
    browser: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    async with browser.get("/page/state", headers=headers) as response:
        assert response.status == 403
    body = {"user": "U0ANN", "channel": "C0DB", "text": "x"}
    async with browser.post("/page/message", json=body, headers=headers) as response:
        assert response.status == 403


async def test_what_goes_wrong_must_be_known(slack: SlackSimulator) -> None:
    with pytest.raises(ValueError, match="'thrice' is no fault"):
        slack.faults.next_deliveries("thrice")


async def test_a_stream_that_starts_too_late_ends_at_once() -> None:
    hub = Hub()
    hub.close()
    with hub.listening("U0ANN") as events:
        assert [event async for event in events] == []


async def test_the_page_itself_and_links_to_it_are_let_in(
    slack: SlackSimulator, browser: aiohttp.ClientSession
) -> None:
    own = {"Origin": slack.url, "Sec-Fetch-Site": "same-origin"}
    async with browser.get("/page/state", headers=own) as response:
        assert response.status == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with browser.get("/", headers=link) as response:
        assert response.status == 200


async def test_what_a_form_of_another_page_could_send_is_refused(
    browser: aiohttp.ClientSession,
) -> None:
    async with browser.post("/page/message", data={"user": "U0ANN"}) as response:
        assert response.status == 415
    async with browser.post("/page/message", json={"user": "U0ANN"}) as response:
        assert response.status == 400
        assert (await response.json())["ok"] is False
