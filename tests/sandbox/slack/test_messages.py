import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Json, SlackError, SlackSimulator
from tests.sandbox.slack.conftest import MANIFEST, Time, button, make_manifest, refusal, section

CARD = [section("card"), {"type": "actions", "elements": [button("go")]}]
TAG = {"event_type": "change", "event_payload": {"id": "CHG-1"}}


async def test_a_post_gives_back_the_message(slack: SlackSimulator, api: AsyncWebClient) -> None:
    answer = await api.chat_postMessage(channel="C0DB", text="x", blocks=CARD, metadata=TAG)
    assert answer["ts"] == "1790000000.000000"
    message = answer["message"]
    assert message["metadata"] == TAG
    assert all(block["block_id"] for block in message["blocks"])
    assert slack.messages("C0DB") == [message]
    assert slack.calls[-1].args["text"] == "x"
    assert slack.calls[-1].at == 1_790_000_000.0


async def test_timestamps_differ_though_the_clock_stands_still(api: AsyncWebClient) -> None:
    first = await api.chat_postMessage(channel="C0DB", text="x")
    second = await api.chat_postMessage(channel="C0DB", text="x")
    assert first["ts"] < second["ts"]


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0NOBOT", "not_in_channel"),
        ("C0OLD", "is_archived"),
        ("C0NONE", "channel_not_found"),
    ],
)
async def test_where_the_bot_cannot_write_it_is_refused(
    api: AsyncWebClient, channel: str, error: str
) -> None:
    assert (await refusal(api.chat_postMessage(channel=channel, text="x")))["error"] == error
    call = api.chat_postEphemeral(channel=channel, user="U0ANN", text="x")
    assert (await refusal(call))["error"] == error


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "", "blocks": []}, "no_text"),
        ({"text": "x", "blocks": {}}, "invalid_blocks_format"),
        ({"text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
        ({"text": "x", "attachments": "x"}, "invalid_attachments"),
        ({"text": "x", "attachments": [{"blocks": [section("")]}]}, "invalid_blocks"),
        ({"text": "x", "metadata": []}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "e"}}, "invalid_metadata_schema"),
        (
            {"text": "x", "metadata": {"event_type": "e", "event_payload": {"a": "x" * 16_000}}},
            "metadata_too_large",
        ),
        ({"text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
    ],
)
async def test_what_cannot_be_shown_is_refused(
    slack: SlackSimulator, api: AsyncWebClient, content: Json, error: str
) -> None:
    call = api.api_call("chat.postMessage", json={"channel": "C0DB", **content})
    assert (await refusal(call))["error"] == error
    assert slack.messages("C0DB") == []


async def test_a_user_id_means_direct_messages(slack: SlackSimulator, api: AsyncWebClient) -> None:
    answer = await api.chat_postMessage(channel="U0ANN", text="psst")
    assert answer["channel"] == slack.im("U0ANN")
    assert slack.messages(slack.im("U0ANN"))[0]["text"] == "psst"
    await api.chat_update(channel=answer["channel"], ts=answer["ts"], text="new")
    wrong = api.chat_update(channel="U0ANN", ts=answer["ts"], text="new")
    assert (await refusal(wrong))["error"] == "channel_not_found"


async def test_without_a_messages_tab_there_are_no_direct_messages(clock: Time) -> None:
    manifest = make_manifest(app_home={"messages_tab_enabled": False})
    slack = await SlackSimulator.start(manifest=manifest, clock=clock)
    api = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    call = api.chat_postMessage(channel="U0ANN", text="x")
    assert (await refusal(call))["error"] == "messages_tab_disabled"
    with pytest.raises(SlackError, match="restricted_action"):
        slack.say("U0ANN", slack.im("U0ANN"), "x")
    await slack.close()


async def test_with_the_scope_for_it_the_bot_writes_to_any_public_channel(clock: Time) -> None:
    scopes = [*MANIFEST["oauth_config"]["scopes"]["bot"], "chat:write.public"]
    slack = await SlackSimulator.start(manifest=MANIFEST, clock=clock, scopes=scopes)
    api = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    assert (await api.chat_postMessage(channel="C0NOBOT", text="x"))["ok"]
    await slack.close()


async def test_replies_are_counted_on_their_message(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    ts = (await api.chat_postMessage(channel="C0DB", text="card"))["ts"]
    reply = await api.chat_postMessage(channel="C0DB", text="line", thread_ts=ts)
    slack.say("U0ANN", "C0DB", "thanks", thread_ts=reply["ts"])
    wide = await api.chat_postMessage(
        channel="C0DB", text="done", thread_ts=ts, reply_broadcast=True
    )
    card, done = slack.messages("C0DB")
    assert (card["reply_count"], card["reply_users"]) == (3, [slack.bot_user, "U0ANN"])
    assert card["latest_reply"] == wide["ts"]
    assert done["subtype"] == "thread_broadcast"
    assert [one["text"] for one in slack.thread("C0DB", ts)] == ["line", "thanks", "done"]


async def test_an_edit_with_text_alone_removes_the_blocks(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    ts = (await api.chat_postMessage(channel="C0DB", text="x", blocks=CARD, metadata=TAG))["ts"]
    answer = await api.chat_update(channel="C0DB", ts=ts, text="plain")
    assert (answer["text"], answer["ts"]) == ("plain", ts)
    [message] = slack.messages("C0DB")
    assert "blocks" not in message
    assert message["edited"]["user"] == slack.bot_user
    assert message["metadata"] == TAG


async def test_an_edit_with_blocks_alone_keeps_the_text(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    ts = (await api.chat_postMessage(channel="C0DB", text="x", blocks=CARD, metadata=TAG))["ts"]
    await api.api_call(
        "chat.update",
        json={"channel": "C0DB", "ts": ts, "blocks": [section("new")], "metadata": {}},
    )
    [message] = slack.messages("C0DB")
    assert (message["text"], message["blocks"][0]["text"]["text"]) == ("x", "new")
    assert "edited" not in message
    assert "metadata" not in message
    empty = api.api_call("chat.update", json={"channel": "C0DB", "ts": ts, "text": ""})
    assert (await refusal(empty))["error"] == "no_text"
    long = api.chat_update(channel="C0DB", ts=ts, text="x" * 4001)
    assert (await refusal(long))["error"] == "msg_too_long"


async def test_an_edit_keeps_attachments_until_it_empties_them(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    attachments = [{"fallback": "x", "text": "x"}]
    posted = await api.chat_postMessage(channel="C0DB", text="x", attachments=attachments)
    place = {"channel": "C0DB", "ts": posted["ts"], "text": "y"}
    await api.api_call("chat.update", json=place)
    assert slack.messages("C0DB")[0]["attachments"] == attachments
    await api.api_call("chat.update", json={**place, "attachments": []})
    assert "attachments" not in slack.messages("C0DB")[0]


async def test_only_ones_own_present_messages_can_be_changed(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    theirs = slack.say("U0ANN", "C0DB", "mine")
    update = api.chat_update(channel="C0DB", ts=theirs, text="x")
    assert (await refusal(update))["error"] == "cant_update_message"
    delete = api.chat_delete(channel="C0DB", ts=theirs)
    assert (await refusal(delete))["error"] == "cant_delete_message"
    gone = api.chat_update(channel="C0DB", ts="1.000000", text="x")
    assert (await refusal(gone))["error"] == "message_not_found"
    ts = (await api.chat_postMessage(channel="C0DB", text="x"))["ts"]
    slack.archive("C0DB")
    frozen = api.chat_update(channel="C0DB", ts=ts, text="x")
    assert (await refusal(frozen))["error"] == "is_inactive"


async def test_messages_are_deleted_by_the_bot_or_an_administrator(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    first = (await api.chat_postMessage(channel="C0DB", text="x"))["ts"]
    second = (await api.chat_postMessage(channel="C0DB", text="x"))["ts"]
    await api.chat_delete(channel="C0DB", ts=first)
    slack.delete_message("C0DB", second)
    assert slack.messages("C0DB") == []
    with pytest.raises(SlackError, match="message_not_found"):
        slack.delete_message("C0DB", second)


async def test_ephemeral_messages_are_for_one_member_and_cannot_be_edited(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    ts = (await api.chat_postEphemeral(channel="C0DB", user="U0ANN", text="psst"))["message_ts"]
    assert [one["text"] for one in slack.ephemerals("U0ANN", "C0DB")] == ["psst"]
    assert slack.ephemerals("U0ANN", "C0PAY") == []
    assert slack.ephemerals("U0BOB", "C0DB") == []
    edit = api.chat_update(channel="C0DB", ts=ts, text="x")
    assert (await refusal(edit))["error"] == "message_not_found"
    stranger = api.chat_postEphemeral(channel="C0DB", user="U0NOBODY", text="x")
    assert (await refusal(stranger))["error"] == "user_not_in_channel"


async def test_a_message_has_a_link(api: AsyncWebClient) -> None:
    ts = (await api.chat_postMessage(channel="C0DB", text="x"))["ts"]
    link = (await api.chat_getPermalink(channel="C0DB", message_ts=ts))["permalink"]
    assert link.endswith(f"/archives/C0DB/p{ts.replace('.', '')}")


async def test_a_bot_that_was_removed_can_be_invited_again(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    slack.remove_bot("C0DB")
    call: Json = {"channel": "C0DB", "text": "x"}
    assert (await refusal(api.chat_postMessage(**call)))["error"] == "not_in_channel"
    assert await slack.command("U0ANN", "C0DB", "/invite @taurus") == {"ok": True}
    assert (await api.chat_postMessage(**call))["ok"]
    assert (await slack.command("U0ANN", "C0DB", "/invite @taurus"))["ok"] is False
    assert await slack.command("U0ANN", "C0DB", "/remove @taurus") == {"ok": True}
    slack.invite_bot("C0DB")
    assert [one["subtype"] for one in slack.messages("C0DB") if "subtype" in one] == [
        "channel_join",
        "channel_leave",
    ]
    assert (await slack.command("U0ANN", slack.im("U0ANN"), "/invite @taurus"))["ok"] is False


async def test_people_speak_only_where_they_are(slack: SlackSimulator) -> None:
    for user, channel, text, error in (
        ("U0NOBODY", "C0DB", "x", "user_not_found"),
        ("U0ANN", "C0NONE", "x", "channel_not_found"),
        ("U0ANN", slack.im("U0BOB"), "x", "channel_not_found"),
        ("U0ANN", "C0OLD", "x", "is_archived"),
        ("U0ANN", "C0DB", " ", "no_text"),
    ):
        with pytest.raises(SlackError, match=error):
            slack.say(user, channel, text)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"display_information": {"name": "x" * 36}}, "1 to 35"),
        ({"display_information": {"name": "x", "description": "x" * 141}}, "longer than 140"),
        ({"display_information": {"name": "x", "long_description": "x"}}, "175 to 4000"),
        ({"features": {"slash_commands": [{"command": "no-slash", "description": "x"}]}}, "slash"),
        ({"features": {"slash_commands": [{"command": "/a", "description": ""}]}}, "1 to 2000"),
        (
            {
                "features": {
                    "slash_commands": [
                        {"command": "/a", "description": "x", "usage_hint": "x" * 1001}
                    ]
                }
            },
            "longer than 1000",
        ),
        (
            {"features": {"slash_commands": [{"command": "/a", "description": "x"}] * 51}},
            "more than 50",
        ),
        ({"features": {"shortcuts": [{}] * 11}}, "more than 10"),
        ({"features": {"shortcuts": [{"name": "x", "type": "x"}]}}, "neither global nor message"),
        ({"features": {"shortcuts": [{"type": "global"}]}}, "callback_id"),
    ],
)
async def test_a_wrong_manifest_is_refused(change: Json, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        await SlackSimulator.start(manifest={**MANIFEST, **change})
