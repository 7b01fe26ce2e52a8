import asyncio
import json
from collections.abc import Awaitable

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.sandbox.slack import Json, SlackSimulator
from tests.sandbox.slack.conftest import (
    MANIFEST,
    Line,
    Time,
    button,
    field,
    make_manifest,
    modal,
    plain,
    refusal,
    section,
)

OPTION = {"text": plain("Prod"), "value": "prod"}
OTHER = {"text": plain("Test"), "value": "test"}
SELECT = {"type": "static_select", "action_id": "env", "options": [OPTION, OTHER]}
MENU = {"type": "overflow", "action_id": "more", "options": [OPTION]}


async def heard(line: Line, gesture: Awaitable[Json], answer: Json | None = None) -> Json:
    """What the bot hears of a gesture that it acknowledges."""
    doing = asyncio.ensure_future(gesture)
    envelope = await line.read()
    await line.ack(envelope, answer)
    done = await doing
    payload = envelope["payload"]
    assert isinstance(payload, dict)
    return {**payload, "done": done}


async def command(line: Line, slack: SlackSimulator) -> Json:
    return await heard(line, slack.command("U0ANN", "C0DB", "/taurus-upgrade"))


async def card(api: AsyncWebClient, *elements: Json) -> str:
    blocks = [{"type": "actions", "block_id": "b", "elements": list(elements)}]
    posted = await api.chat_postMessage(channel="C0DB", text="card", blocks=blocks)
    return str(posted["ts"])


async def test_a_click_carries_the_message_and_the_place(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    ts = await card(api, button("go", "CHG-7"))
    async with Line(slack) as line:
        body = await heard(line, slack.click("U0BOB", "C0DB", ts, "go"))
    assert body["done"] == {"ok": True}
    assert body["type"] == "block_actions"
    [action] = body["actions"]
    assert (action["value"], action["block_id"], action["type"]) == ("CHG-7", "b", "button")
    assert body["message"]["text"] == "card"
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": "C0DB",
        "is_ephemeral": False,
    }
    assert body["user"] == {
        "id": "U0BOB",
        "username": "bob",
        "name": "bob",
        "team_id": body["team"]["id"],
    }


async def test_a_click_on_an_ephemeral_message_carries_no_message(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    blocks = [{"type": "actions", "elements": [button("go")]}]
    posted = await api.chat_postEphemeral(channel="C0DB", user="U0ANN", text="x", blocks=blocks)
    async with Line(slack) as line:
        body = await heard(line, slack.click("U0ANN", "C0DB", posted["message_ts"], "go"))
    assert "message" not in body
    assert body["container"]["is_ephemeral"] is True
    answer = await AsyncWebhookClient(body["response_url"]).send(text="new", replace_original=True)
    assert answer.status_code == 200
    [message] = slack.ephemerals("U0ANN", "C0DB")
    assert (message["text"], message["ts"]) == ("new", posted["message_ts"])
    await AsyncWebhookClient(body["response_url"]).send(text="", delete_original=True)
    assert slack.ephemerals("U0ANN", "C0DB") == []
    await AsyncWebhookClient(body["response_url"]).send(text="", delete_original=True)


async def test_a_click_in_a_thread_names_the_thread(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    ts = await card(api, button("go"))
    await api.chat_postMessage(channel="C0DB", text="line", thread_ts=ts)
    async with Line(slack) as line:
        body = await heard(line, slack.click("U0ANN", "C0DB", ts, "go"))
    assert body["container"]["thread_ts"] == ts


async def test_choices_must_be_offered(slack: SlackSimulator, api: AsyncWebClient) -> None:
    ts = await card(api, SELECT, MENU, {"type": "datepicker", "action_id": "day"})
    async with Line(slack) as line:
        body = await heard(line, slack.click("U0ANN", "C0DB", ts, "env", "test"))
        assert body["actions"][0]["selected_option"] == OTHER
        assert body["state"]["values"]["b"]["env"]["selected_option"] == OTHER
        body = await heard(line, slack.click("U0ANN", "C0DB", ts, "more", OPTION))
        assert body["actions"][0]["selected_option"] == OPTION
        body = await heard(line, slack.click("U0ANN", "C0DB", ts, "day", "2026-12-01"))
        assert body["actions"][0]["selected_date"] == "2026-12-01"
    for action_id, choice in (("env", "dev"), ("more", OTHER), ("day", "tomorrow")):
        answer = await slack.click("U0ANN", "C0DB", ts, action_id, choice)
        assert answer["error"] == "invalid_choice"


async def test_an_accessory_is_clicked_like_any_button(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    blocks = [section("x", accessory=button("go")), section("y", accessory=button("stop"))]
    ts = (await api.chat_postMessage(channel="C0DB", text="x", blocks=blocks))["ts"]
    async with Line(slack) as line:
        body = await heard(line, slack.click("U0ANN", "C0DB", ts, "stop"))
    assert body["actions"][0]["block_id"] == slack.messages("C0DB")[0]["blocks"][1]["block_id"]


async def test_what_is_not_there_cannot_be_clicked(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    ts = await card(api, button("go"))
    assert (await slack.click("U0ANN", "C0DB", ts, "stop"))["error"] == "no_such_element"
    other = await slack.click("U0ANN", "C0DB", ts, "go", block_id="other")
    assert other["error"] == "no_such_element"
    gone = await slack.click("U0ANN", "C0DB", "1.000000", "go")
    assert gone["error"] == "message_not_found"
    assert (await slack.click("U0NOBODY", "C0DB", ts, "go"))["error"] == "user_not_found"
    assert (await slack.click("U0ANN", "C0DB", ts, "go"))["error"] == "dispatch_failed"


async def test_a_response_url_works_five_times(slack: SlackSimulator) -> None:
    async with Line(slack) as line:
        url = (await command(line, slack))["response_url"]
    for number in range(5):
        assert (await AsyncWebhookClient(url).send(text=str(number))).status_code == 200
    answer = await AsyncWebhookClient(url).send(text="6")
    assert (answer.status_code, answer.body) == (404, '{"ok": false, "error": "used_url"}')
    assert len(slack.ephemerals("U0ANN", "C0DB")) == 5


async def test_answers_by_response_url_fail_as_told_and_are_noted(slack: SlackSimulator) -> None:
    async with Line(slack) as line:
        url = (await command(line, slack))["response_url"]
    slack.faults.next_calls("response_url", "http_500")
    assert (await AsyncWebhookClient(url).send(text="x")).status_code == 500
    assert slack.ephemerals("U0ANN", "C0DB") == []
    assert (slack.calls[-1].method, slack.calls[-1].args["text"]) == ("response_url", "x")
    assert (await AsyncWebhookClient(url).send(text="x")).status_code == 200


async def test_a_response_url_works_for_half_an_hour(slack: SlackSimulator, clock: Time) -> None:
    async with Line(slack) as line:
        url = (await command(line, slack))["response_url"]
    clock.now += 30 * 60
    assert (await AsyncWebhookClient(url).send(text="x")).status_code == 200
    clock.now += 1
    answer = await AsyncWebhookClient(url).send(text="x")
    assert answer.status_code == 404
    assert "expired_url" in answer.body


async def test_a_response_url_writes_where_the_bot_is_not(slack: SlackSimulator) -> None:
    async with Line(slack) as line:
        asked = slack.command("U0ANN", "C0NOBOT", "/taurus-upgrade")
        url = (await heard(line, asked))["response_url"]
    sent = await AsyncWebhookClient(url).send(text="hello", response_type="in_channel")
    assert sent.status_code == 200
    assert slack.messages("C0NOBOT")[0]["text"] == "hello"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("{}", "no_text"),
        ('{"blocks": [{"type": "section"}]}', "invalid_blocks"),
        ('{"text": 7}', "invalid_arguments"),
        ('{"delete_original": true}', "message_not_found"),
        ('{"text": "x", "thread_ts": "1.0"}', "thread_not_found"),
    ],
)
async def test_a_response_that_cannot_be_shown_is_refused(
    slack: SlackSimulator, body: str, error: str
) -> None:
    async with Line(slack) as line:
        url = (await command(line, slack))["response_url"]
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=json.loads(body)) as response,
    ):
        assert response.status >= 400
        assert (await response.json())["error"] == error


async def test_the_clicked_message_is_replaced_and_deleted(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    ts = await card(api, button("go"))
    async with Line(slack) as line:
        url = (await heard(line, slack.click("U0ANN", "C0DB", ts, "go")))["response_url"]
    await AsyncWebhookClient(url).send(text="replaced", replace_original=True)
    [message] = slack.messages("C0DB")
    assert (message["text"], message["ts"]) == ("replaced", ts)
    assert "blocks" not in message
    await AsyncWebhookClient(url).send(text="", delete_original=True)
    assert slack.messages("C0DB") == []


# --- forms ------------------------------------------------------------------------------------

NAME = field("name", {"type": "plain_text_input", "max_length": 5})
FORM = modal(
    NAME,
    field("env", {**SELECT, "initial_option": OPTION}),
    field("count", {"type": "number_input", "is_decimal_allowed": False}, optional=True),
    field("tags", {"type": "checkboxes", "options": [OPTION, OTHER]}, optional=True),
    callback_id="form",
)


async def opened(slack: SlackSimulator, api: AsyncWebClient, line: Line, view: Json = FORM) -> Json:
    trigger = (await command(line, slack))["trigger_id"]
    await api.views_open(trigger_id=trigger, view=view)
    return slack.modals("U0ANN")[-1]


async def test_a_trigger_works_once_and_for_three_seconds(
    slack: SlackSimulator, api: AsyncWebClient, clock: Time
) -> None:
    async with Line(slack) as line:
        first, second = [(await command(line, slack))["trigger_id"] for _ in range(2)]
    wrong = api.views_open(trigger_id=first, view=modal(section("")))
    assert (await refusal(wrong))["error"] == "invalid_arguments"
    assert (await api.views_open(trigger_id=first, view=FORM))["view"]["callback_id"] == "form"
    again = api.views_open(trigger_id=first, view=FORM)
    assert (await refusal(again))["error"] == "exchanged_trigger_id"
    clock.now += 3.1
    late = api.views_open(trigger_id=second, view=FORM)
    assert (await refusal(late))["error"] == "expired_trigger_id"
    unknown = api.views_open(trigger_id="x", view=FORM)
    assert (await refusal(unknown))["error"] == "invalid_trigger_id"


async def test_a_submission_carries_what_was_filled_in(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    async with Line(slack) as line:
        view = await opened(slack, api, line)
        answers = {"name": "abc", "count": "3", "tags": ["test"]}
        body = await heard(line, slack.submit("U0ANN", answers))
    assert body["done"] == {"ok": True}
    assert body["type"] == "view_submission"
    assert body["view"]["id"] == view["id"]
    values = body["view"]["state"]["values"]
    assert values["name"]["name"] == {"type": "plain_text_input", "value": "abc"}
    assert values["env"]["env"]["selected_option"] == OPTION
    assert values["tags"]["tags"]["selected_options"] == [OTHER]
    assert slack.modals("U0ANN") == []


async def test_slacks_own_client_keeps_incomplete_forms_back(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    async with Line(slack) as line:
        await opened(slack, api, line)
    cases: tuple[tuple[Json, str], ...] = (
        ({}, "Please complete this required field."),
        ({"name": "abcdef"}, "Must be less than 6 characters"),
        ({"name": "a", "count": "1.5"}, "Please enter a number"),
        ({"name": "a", "env": "dev"}, "'dev' is not among the options"),
        ({"name": "a", "other": "x"}, "there is no such input"),
        ({"name": {"name": {"type": "datepicker"}}}, "plain_text_input cannot hold a datepicker"),
    )
    for answers, reason in cases:
        answer = await slack.submit("U0ANN", answers)
        assert (answer["ok"], list(answer["errors"].values())) == (False, [reason])
    assert len(slack.deliveries) == 1


async def test_the_answer_to_a_submission_decides_what_is_shown(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    async with Line(slack) as line:
        view = await opened(slack, api, line)

        async def answered(answer: Json) -> Json:
            done = (await heard(line, slack.submit("U0ANN", {"name": "a"}), answer))["done"]
            assert isinstance(done, dict)
            return done

        errors = {"response_action": "errors", "errors": {"name": "no"}}
        assert await answered(errors) == {**errors, "ok": False}
        update = {"response_action": "update", "view": modal(NAME, title=plain("New"))}
        assert await answered(update) == {"ok": True, "response_action": "update"}
        [shown] = slack.modals("U0ANN")
        assert (shown["id"], shown["title"]["text"]) == (view["id"], "New")
        assert shown["state"]["values"]["name"]["name"]["value"] == "a"
        push = {"response_action": "push", "view": modal(NAME, title=plain("Next"))}
        assert await answered(push) == {"ok": True, "response_action": "push"}
        assert [one["title"]["text"] for one in slack.modals("U0ANN")] == ["New", "Next"]
        for wrong, error in (
            ({"response_action": "shout"}, "invalid_response_action"),
            ({"response_action": "errors", "errors": {"x": "no"}}, "invalid_response_action"),
            ({"response_action": "errors"}, "invalid_response_action"),
            ({"response_action": "update", "view": {}}, "invalid_arguments"),
        ):
            assert (await answered(wrong))["error"] == error
        assert await answered({"response_action": "clear"}) == {
            "ok": True,
            "response_action": "clear",
        }
    assert slack.modals("U0ANN") == []
    assert (await slack.submit("U0ANN", {}))["error"] == "not_found"


async def test_without_an_acknowledgement_the_form_stays(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    async with Line(slack) as line:
        await opened(slack, api, line)
        assert (await slack.submit("U0ANN", {"name": "a"}))["error"] == "operation_timeout"
    assert slack.modals("U0ANN")


async def test_three_forms_can_lie_on_each_other(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    pusher = modal({"type": "actions", "elements": [button("push")]}, notify_on_close=True)
    async with Line(slack) as line:
        view = await opened(slack, api, line, pusher)
        outside = api.views_push(trigger_id=(await command(line, slack))["trigger_id"], view=FORM)
        assert (await refusal(outside))["error"] == "invalid_trigger_id"
        triggers = [
            (await heard(line, slack.click_in_view("U0ANN", view["id"], "push")))["trigger_id"]
            for _ in range(3)
        ]
        for trigger in triggers[:2]:
            answer = await api.views_push(trigger_id=trigger, view=pusher)
            assert answer["view"]["root_view_id"] == view["id"]
        over = api.views_push(trigger_id=triggers[2], view=pusher)
        assert (await refusal(over))["error"] == "push_limit_reached"
        under = await slack.submit("U0ANN", {}, view["id"])
        assert under["error"] == "not_found"
        top = slack.modals("U0ANN")[-1]["id"]
        body = await heard(line, slack.close_view("U0ANN"))
        assert (body["type"], body["view"]["id"]) == ("view_closed", top)
        assert body["is_cleared"] is False
    assert len(slack.modals("U0ANN")) == 2


async def test_pushing_onto_nothing_is_refused(slack: SlackSimulator, api: AsyncWebClient) -> None:
    pusher = modal({"type": "actions", "elements": [button("push")]})
    async with Line(slack) as line:
        view = await opened(slack, api, line, pusher)
        click = slack.click_in_view("U0ANN", view["id"], "push")
        trigger = (await heard(line, click))["trigger_id"]
        await slack.close_view("U0ANN")
    call = api.views_push(trigger_id=trigger, view=pusher)
    assert (await refusal(call))["error"] == "not_found"
    assert (await slack.close_view("U0ANN"))["error"] == "not_found"


async def test_closing_a_form_can_clear_the_stack(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    view = modal(section("x"), clear_on_close=True, notify_on_close=True)
    async with Line(slack) as line:
        await opened(slack, api, line, view)
        body = await heard(line, slack.close_view("U0ANN"))
    assert body["is_cleared"] is True
    assert slack.modals("U0ANN") == []


async def test_a_form_without_a_submit_button_cannot_be_submitted(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    view = {"type": "modal", "title": plain("x"), "blocks": [section("x")]}
    async with Line(slack) as line:
        await opened(slack, api, line, view)
    assert (await slack.submit("U0ANN", {}))["error"] == "no_submit_button"


async def test_a_form_is_changed_by_its_ids_and_hash(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    async with Line(slack) as line:
        view = await opened(slack, api, line, {**FORM, "external_id": "mine"})
        trigger = (await command(line, slack))["trigger_id"]
    again = api.views_open(trigger_id=trigger, view={**FORM, "external_id": "mine"})
    assert (await refusal(again))["error"] == "duplicate_external_id"
    fresh = modal(section("filled"))
    changed = await api.views_update(view_id=view["id"], hash=view["hash"], view=fresh)
    assert changed["view"]["hash"] != view["hash"]
    assert slack.modals("U0ANN")[0]["blocks"][0]["text"]["text"] == "filled"
    stale = api.views_update(view_id=view["id"], hash=view["hash"], view=fresh)
    assert (await refusal(stale))["error"] == "hash_conflict"
    unknown = api.views_update(external_id="other", view=fresh)
    assert (await refusal(unknown))["error"] == "not_found"
    gone = api.views_update(view_id="V0", view=fresh)
    assert (await refusal(gone))["error"] == "not_found"
    for view_arg in ("x", 7):
        call = api.api_call("views.update", json={"view_id": view["id"], "view": view_arg})
        assert (await refusal(call))["error"] == "invalid_arguments"
    missing = api.api_call("views.update", json={"view_id": view["id"]})
    assert (await refusal(missing))["error"] == "invalid_arguments"


async def test_a_form_is_found_by_the_apps_own_id(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    async with Line(slack) as line:
        await opened(slack, api, line, {**FORM, "external_id": "mine"})
    changed = await api.views_update(external_id="mine", view=modal(section("filled")))
    assert changed["view"]["external_id"] == ""


async def test_inputs_report_only_where_they_were_told_to(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    loud = field("env", SELECT, dispatch_action=True)
    async with Line(slack) as line:
        view = await opened(slack, api, line, modal(NAME, loud))
        quiet = await slack.click_in_view("U0ANN", view["id"], "name", "abc")
        assert quiet == {"ok": True}
        click = slack.click_in_view("U0ANN", view["id"], "env", "test", answers={"name": "abcd"})
        body = await heard(line, click)
    assert body["actions"][0]["selected_option"] == OTHER
    assert body["view"]["state"]["values"]["name"]["name"]["value"] == "abcd"
    assert body["container"] == {"type": "view", "view_id": view["id"]}
    assert "response_url" not in body


async def test_other_peoples_forms_are_out_of_reach(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    async with Line(slack) as line:
        view = await opened(slack, api, line)
    answer = await slack.click_in_view("U0BOB", view["id"], "name", "x")
    assert answer["error"] == "not_found"


async def test_options_come_from_the_bot_and_are_checked(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    ask = field("who", {"type": "external_select"})
    async with Line(slack) as line:
        view = await opened(slack, api, line, modal(ask))
        asked = slack.options("U0ANN", view["id"], "who", "ord")
        body = await heard(line, asked, {"options": [OPTION]})
        assert body["done"]["options"] == [OPTION]
        assert (body["type"], body["value"], body["action_id"]) == (
            "block_suggestion",
            "ord",
            "who",
        )
        assert (await slack.options("U0ANN", view["id"], "who", "or"))["options"] == []
        asked = slack.options("U0ANN", view["id"], "who", "ord")
        body = await heard(line, asked, {"options": [{"text": "x"}]})
        assert body["done"]["error"] == "invalid_options"


# --- Home and shortcuts -----------------------------------------------------------------------


async def test_the_home_tab_is_published_changed_and_clicked(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    view = {"type": "home", "blocks": [{"type": "actions", "elements": [button("go")]}]}
    first = (await api.views_publish(user_id="U0ANN", view=view))["view"]
    second = (await api.views_publish(user_id="U0ANN", view=view, hash=first["hash"]))["view"]
    assert first["id"] == second["id"]
    stale = api.views_publish(user_id="U0ANN", view=view, hash=first["hash"])
    assert (await refusal(stale))["error"] == "hash_conflict"
    nobody = api.views_publish(user_id="U0NOBODY", view=view)
    assert (await refusal(nobody))["error"] == "user_not_found"
    async with Line(slack) as line:
        body = await heard(line, slack.click_in_view("U0ANN", first["id"], "go"))
        assert body["view"]["type"] == "home"
        push = api.views_push(trigger_id=body["trigger_id"], view=FORM)
        assert (await refusal(push))["error"] == "invalid_trigger_id"
        slack.open_home("U0ANN")
        event = (await line.read())["payload"]["event"]
    assert (event["type"], event["tab"], event["view"]["id"]) == (
        "app_home_opened",
        "home",
        first["id"],
    )


async def test_without_a_home_tab_nothing_is_published(clock: Time) -> None:
    slack = await SlackSimulator.start(manifest=make_manifest(app_home={}), clock=clock)
    api = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    call = api.views_publish(user_id="U0ANN", view={"type": "home", "blocks": []})
    assert (await refusal(call))["error"] == "not_enabled"
    with pytest.raises(Exception, match="not_enabled"):
        slack.open_home("U0ANN")
    await slack.close()


async def test_a_global_shortcut_is_told_without_a_place(slack: SlackSimulator) -> None:
    async with Line(slack) as line:
        body = await heard(line, slack.shortcut("U0ANN", "upgrade"))
    assert (body["type"], body["callback_id"]) == ("shortcut", "upgrade")
    assert "channel" not in body
    assert body["trigger_id"]
    assert (await slack.shortcut("U0ANN", "other"))["error"] == "not_a_shortcut"
    assert MANIFEST["features"]["shortcuts"][0]["callback_id"] == "upgrade"
