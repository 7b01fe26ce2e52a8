import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Channel, Json, Person, Secrets, SlackSimulator
from tests.sandbox.slack.conftest import HISTORY, MANIFEST, Time, refusal, section


@pytest.fixture
async def historian(clock: Time) -> AsyncIterator[tuple[SlackSimulator, AsyncWebClient]]:
    """A workspace that granted the optional scopes."""
    slack = await SlackSimulator.start(manifest=MANIFEST, clock=clock, wall=clock, scopes=HISTORY)
    yield slack, AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    await slack.close()


async def test_a_bot_token_says_who_it_is(slack: SlackSimulator, api: AsyncWebClient) -> None:
    answer = await api.auth_test()
    assert answer["user_id"] == slack.bot_user
    assert answer["bot_id"]
    about = await api.bots_info(bot=answer["bot_id"])
    assert about["bot"]["user_id"] == slack.bot_user
    assert (await refusal(api.bots_info(bot="B0WRONG")))["error"] == "bot_not_found"
    assert (await api.team_info())["team"]["id"] == answer["team_id"]


async def test_an_app_token_says_which_app_it_is_for(slack: SlackSimulator) -> None:
    api = AsyncWebClient(slack.app_token, base_url=slack.api_url)
    assert (await api.auth_test())["app_name"] == "taurus"
    assert slack.app_token.split("-")[2] == (await api.auth_test())["app_id"]


@pytest.mark.parametrize(("token", "error"), [("xoxb-wrong", "invalid_auth"), ("", "not_authed")])
async def test_a_wrong_or_missing_token_is_refused(
    slack: SlackSimulator, token: str, error: str
) -> None:
    api = AsyncWebClient(token, base_url=slack.api_url)
    assert (await refusal(api.chat_postMessage(channel="C0DB", text="x")))["error"] == error


async def test_a_token_of_the_other_kind_is_refused(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    app = AsyncWebClient(slack.app_token, base_url=slack.api_url)
    error = "not_allowed_token_type"
    assert (await refusal(app.chat_postMessage(channel="C0DB", text="x")))["error"] == error
    opened = api.api_call("apps.connections.open")
    assert (await refusal(opened))["error"] == error


async def test_a_removed_app_has_a_dead_token(slack: SlackSimulator, api: AsyncWebClient) -> None:
    slack.uninstall()
    assert (await refusal(api.auth_test()))["error"] == "account_inactive"


async def test_an_unknown_method_is_named(api: AsyncWebClient) -> None:
    answer = await refusal(api.api_call("chat.shout"))
    assert (answer["error"], answer["req_method"]) == ("unknown_method", "chat.shout")


async def test_a_scope_that_was_not_granted_is_named(api: AsyncWebClient) -> None:
    answer = await refusal(api.users_lookupByEmail(email="ann@example.com"))
    assert (answer["error"], answer["needed"]) == ("missing_scope", "users:read.email")
    assert "chat:write" in answer["provided"].split(",")
    history = await refusal(api.conversations_history(channel="C0DB"))
    assert (history["error"], history["needed"]) == ("missing_scope", "channels:history")
    private = await refusal(api.conversations_list(types="private_channel"))
    assert private["needed"] == "groups:read"


async def test_forms_and_json_mean_the_same(slack: SlackSimulator) -> None:
    blocks = '[{"type": "divider"}]'
    form = {"token": slack.bot_token, "channel": "C0DB", "text": "x", "blocks": blocks}
    async with aiohttp.ClientSession() as session:
        url = f"{slack.api_url}chat.postMessage"
        async with session.post(url, data=form) as response:
            assert (await response.json())["ok"]
        headers = {"Authorization": f"Bearer {slack.bot_token}"}
        async with session.post(url, json={**form, "token": ""}, headers=headers) as response:
            assert (await response.json())["ok"]
    first, second = slack.messages("C0DB")
    assert [b["type"] for b in first["blocks"]] == [b["type"] for b in second["blocks"]]
    assert "token" not in slack.calls[0].args


@pytest.mark.parametrize("body", ["{", "[]"])
async def test_a_body_that_is_no_json_object_is_refused(slack: SlackSimulator, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(f"{slack.api_url}api.test", data=body) as response:
            assert (await response.json())["error"] == "invalid_arguments"
        async with session.get(f"{slack.api_url}api.test?foo=bar") as response:
            assert (await response.json())["args"] == {"foo": "bar"}


async def test_arguments_of_a_wrong_kind_are_refused(api: AsyncWebClient) -> None:
    wrong = api.api_call("chat.postMessage", json={"channel": 7, "text": "x"})
    assert (await refusal(wrong))["error"] == "invalid_arguments"
    missing = await refusal(api.api_call("chat.postMessage", json={"text": "x"}))
    assert missing["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]
    many = await refusal(api.users_list(limit=5000))
    assert many["error"] == "invalid_arguments"
    odd = await refusal(api.api_call("users.list", json={"limit": "some"}))
    assert odd["error"] == "invalid_arguments"


async def test_people_are_shown_with_zone_and_locale(api: AsyncWebClient) -> None:
    ann = (await api.users_info(user="U0ANN", include_locale=True))["user"]
    assert (ann["tz"], ann["tz_offset"], ann["locale"]) == ("Europe/Berlin", 7200, "en-US")
    assert "email" not in ann["profile"]
    assert "locale" not in (await api.users_info(user="U0ANN"))["user"]
    assert (await refusal(api.users_info(user="U0NOBODY")))["error"] == "user_not_found"


async def test_lists_come_in_pages(api: AsyncWebClient, slack: SlackSimulator) -> None:
    first = await api.users_list(limit=3)
    rest = await api.users_list(limit=3, cursor=first["response_metadata"]["next_cursor"])
    ids = [user["id"] for user in [*first["members"], *rest["members"]]]
    assert ids == ["U0ANN", "U0BOB", "U0CARL", "U0DANA", "U0LIN", slack.bot_user]
    assert rest["response_metadata"]["next_cursor"] == ""
    assert (await refusal(api.users_list(cursor="x")))["error"] == "invalid_cursor"


async def test_user_groups_tell_their_members(api: AsyncWebClient) -> None:
    assert (await api.usergroups_users_list(usergroup="S0DBA"))["users"] == ["U0BOB", "U0DANA"]
    wrong = api.usergroups_users_list(usergroup="S0NONE")
    assert (await refusal(wrong))["error"] == "no_such_subteam"
    groups = (await api.usergroups_list(include_users=True))["usergroups"]
    assert groups[1]["users"] == ["U0BOB", "U0DANA"]
    assert "users" not in (await api.usergroups_list())["usergroups"][0]


async def test_guests_of_other_workspaces_do_not_resolve(clock: Time) -> None:
    guest = Person(
        "U0EVE", "eve", "Eve", "Guest", "UTC", "en-US", "eve@example.org", "🥸", "T0OTHER"
    )
    scopes = [*HISTORY, "users:read.email"]
    channels = [Channel("C0SHARED", "shared", ["U0EVE", "BOT"])]
    slack = await SlackSimulator.start(
        manifest=MANIFEST, clock=clock, people=[guest], channels=channels, scopes=scopes
    )
    api = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    assert (await refusal(api.users_info(user="U0EVE")))["error"] == "user_not_found"
    by_mail = api.users_lookupByEmail(email="eve@example.org")
    assert (await refusal(by_mail))["error"] == "users_not_found"
    assert [one["is_bot"] for one in (await api.users_list())["members"]] == [True]
    await slack.close()


async def test_people_are_found_by_address_where_that_was_granted(clock: Time) -> None:
    scopes = [*HISTORY, "users:read.email"]
    slack = await SlackSimulator.start(manifest=MANIFEST, clock=clock, scopes=scopes)
    api = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    found = (await api.users_lookupByEmail(email="Ann@Example.com"))["user"]
    assert (found["id"], found["profile"]["email"]) == ("U0ANN", "ann@example.com")
    await slack.close()


async def test_channels_are_shown_as_far_as_the_bot_sees(clock: Time) -> None:
    channels = [
        Channel("C0OPEN", "open", ["U0ANN"]),
        Channel("C0OLD", "old", [], is_archived=True),
        Channel("G0IN", "in", ["U0ANN", "BOT"], is_private=True),
        Channel("G0OUT", "out", ["U0ANN"], is_private=True),
    ]
    scopes = [*HISTORY, "groups:read", "im:read"]
    slack = await SlackSimulator.start(
        manifest=MANIFEST, clock=clock, channels=channels, scopes=scopes
    )
    api = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    kinds = "public_channel,private_channel,im"
    listed = await api.conversations_list(types=kinds, exclude_archived=True)
    assert [one["id"] for one in listed["channels"]] == ["C0OPEN", "G0IN"]
    info = (await api.conversations_info(channel="C0OPEN"))["channel"]
    assert (info["is_member"], info["is_private"], info["name"]) == (False, False, "open")
    hidden = api.conversations_info(channel="G0OUT")
    assert (await refusal(hidden))["error"] == "channel_not_found"
    members = await api.conversations_members(channel="G0IN")
    assert members["members"] == ["U0ANN", slack.bot_user]
    opened = await api.conversations_open(users="U0ANN")
    assert opened["channel"]["id"] == slack.im("U0ANN")
    im = (await api.conversations_info(channel=slack.im("U0ANN")))["channel"]
    assert (im["is_im"], im["user"]) == (True, "U0ANN")
    await slack.close()


async def test_direct_messages_are_opened_once(slack: SlackSimulator, api: AsyncWebClient) -> None:
    first = await api.conversations_open(users="U0ANN")
    again = await api.conversations_open(channel=first["channel"]["id"], return_im=True)
    assert (first["already_open"], again["already_open"]) == (False, True)
    assert again["channel"]["user"] == "U0ANN"
    refused: tuple[tuple[Json, str], ...] = (
        ({"users": "U0NOBODY"}, "user_not_found"),
        ({"users": "U0ANN,U0BOB"}, "invalid_arguments"),
        ({"channel": "C0DB"}, "channel_not_found"),
        ({"channel": ""}, "users_list_not_supplied"),
    )
    for wrong, error in refused:
        assert (await refusal(api.conversations_open(**wrong)))["error"] == error
    assert slack.calls[-1].method == "conversations.open"


async def test_history_is_newest_first_without_replies_and_shows_metadata_on_request(
    historian: tuple[SlackSimulator, AsyncWebClient], clock: Time
) -> None:
    slack, api = historian
    tag = {"event_type": "change", "event_payload": {"id": "CHG-1"}}
    card = await api.chat_postMessage(channel="C0DB", text="card", metadata=tag)
    await api.chat_postMessage(channel="C0DB", text="line", thread_ts=card["ts"])
    clock.now += 60
    slack.say("U0ANN", "C0DB", "later")

    history = await api.conversations_history(channel="C0DB", include_all_metadata=True)
    assert [one["text"] for one in history["messages"]] == ["later", "card"]
    assert history["messages"][1]["metadata"] == tag
    assert history["messages"][1]["reply_count"] == 1
    bare = await api.conversations_history(channel="C0DB")
    assert "metadata" not in bare["messages"][1]

    later = await api.conversations_history(channel="C0DB", oldest=card["ts"])
    assert [one["text"] for one in later["messages"]] == ["later"]
    both = await api.conversations_history(channel="C0DB", oldest=card["ts"], inclusive=True)
    assert len(both["messages"]) == 2
    page = await api.conversations_history(channel="C0DB", limit=1)
    assert page["has_more"]

    replies = await api.conversations_replies(channel="C0DB", ts=card["ts"])
    assert [one["text"] for one in replies["messages"]] == ["card", "line"]
    nothing = api.conversations_replies(channel="C0DB", ts="1.000000")
    assert (await refusal(nothing))["error"] == "thread_not_found"
    outside = api.conversations_history(channel="C0NOBOT")
    assert (await refusal(outside))["error"] == "not_in_channel"


async def test_a_file_is_uploaded_and_shared_by_the_official_client(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    uploaded = await api.files_upload_v2(
        channel="C0DB", content="one\ntwo", filename="a.log", title="Log", initial_comment="here"
    )
    assert uploaded["files"][0]["title"] == "Log"
    [message] = slack.messages("C0DB")
    assert message["text"] == "here"
    assert message["files"][0]["preview"] == "one\ntwo"


async def test_uploads_that_do_not_fit_are_refused(
    slack: SlackSimulator, api: AsyncWebClient
) -> None:
    place = await api.files_getUploadURLExternal(filename="a", length=3)
    async with aiohttp.ClientSession() as session:
        async with session.post(place["upload_url"], data=b"four") as response:
            assert response.status == 400
        async with session.post(f"{slack.url}/upload/F0NONE", data=b"x") as response:
            assert response.status == 404
    form = aiohttp.FormData()
    form.add_field("file", b"abc", filename="a")
    multipart = await api.files_getUploadURLExternal(filename="a", length=3)
    url = multipart["upload_url"]
    async with aiohttp.ClientSession() as session, session.post(url, data=form) as response:
        assert await response.text() == "OK - 3"
    for files, error in (
        ([{"id": place["file_id"]}], "file_not_found"),
        ([], "invalid_arguments"),
    ):
        call = api.files_completeUploadExternal(files=files)
        assert (await refusal(call))["error"] == error
    async with aiohttp.ClientSession() as session:
        await session.post(place["upload_url"], data=b"abc")
    share = api.files_completeUploadExternal(files=[{"id": place["file_id"]}], channel_id="C0OLD")
    assert (await refusal(share))["error"] == "is_archived"
    alone = await api.files_completeUploadExternal(files=[{"id": place["file_id"]}])
    assert alone["files"][0]["title"] == "a"


async def test_posts_are_counted_for_each_channel(api: AsyncWebClient, clock: Time) -> None:
    for _ in range(5):
        await api.chat_postMessage(channel="C0DB", text="x")
    with pytest.raises(SlackApiError) as caught:
        await api.chat_postMessage(channel="C0DB", text="x")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    assert caught.value.response["error"] == "ratelimited"
    await api.chat_postMessage(channel="C0PAY", text="x")
    clock.now += 1
    await api.chat_postMessage(channel="C0DB", text="x")


async def test_edits_are_counted_for_the_whole_workspace(api: AsyncWebClient) -> None:
    ts = (await api.chat_postMessage(channel="C0DB", text="x"))["ts"]
    for number in range(50):
        await api.chat_update(channel="C0DB", ts=ts, text=str(number))
    call = api.chat_update(channel="C0DB", ts=ts, text="x")
    assert (await refusal(call))["error"] == "ratelimited"


async def test_counting_can_be_switched_off(clock: Time) -> None:
    slack = await SlackSimulator.start(manifest=MANIFEST, clock=clock, enforce_rates=False)
    api = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    for _ in range(10):
        await api.chat_postMessage(channel="C0DB", text="x")
    await slack.close()


async def test_calls_fail_as_told(slack: SlackSimulator) -> None:
    api = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    slack.faults.next_calls("chat.postMessage", "internal_error")
    slack.faults.next_calls("chat.postMessage", "ratelimited", retry_after=7)
    call: Json = {"channel": "C0DB", "text": "x"}
    assert (await refusal(api.chat_postMessage(**call)))["error"] == "internal_error"
    with pytest.raises(SlackApiError) as caught:
        await api.chat_postMessage(**call)
    assert caught.value.response.headers["Retry-After"] == "7"
    slack.faults.next_calls("*", "http_500")
    url = f"{slack.api_url}chat.postMessage"
    async with aiohttp.ClientSession() as session, session.post(url, json=call) as response:
        assert response.status == 500
    assert slack.messages("C0DB") == []
    slack.faults.next_calls("chat.postMessage", "drop_call")
    with pytest.raises(aiohttp.ClientError):
        await api.chat_postMessage(**call)
    assert slack.messages("C0DB") == []
    slack.faults.next_calls("chat.postMessage", "drop_answer")
    with pytest.raises(aiohttp.ClientError):
        await api.chat_postMessage(**call)
    assert [one["text"] for one in slack.messages("C0DB")] == ["x"]
    slack.faults.next_calls("chat.postMessage", "internal_error")
    slack.faults.clear()
    await api.chat_postMessage(**call)


async def test_closing_ends_calls_that_hang(clock: Time) -> None:
    slack = await SlackSimulator.start(manifest=MANIFEST, clock=clock)
    api = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    slack.faults.next_calls("auth.test", "hang")
    hanging = asyncio.ensure_future(api.auth_test())
    await slack.wait_for(lambda: slack.calls)
    async with asyncio.timeout(1):
        await slack.close()
    with pytest.raises(aiohttp.ClientError):
        await hanging


async def test_secrets_can_be_given_and_are_not_shown() -> None:
    given = Secrets(bot_token="xoxb-mine")
    slack = await SlackSimulator.start(manifest=MANIFEST, secrets=given)
    assert slack.bot_token == "xoxb-mine"
    assert "xoxb" not in repr(given)
    await slack.close()


async def test_waiting_ends_in_time(slack: SlackSimulator) -> None:
    with pytest.raises(TimeoutError):
        await slack.wait_for(lambda: slack.messages("C0DB"), timeout=0.01)


async def test_wrong_blocks_are_told_where_they_are_wrong(api: AsyncWebClient) -> None:
    answer = await refusal(api.chat_postMessage(channel="C0DB", text="x", blocks=[section("")]))
    assert answer["error"] == "invalid_blocks"
    reason = "must be more than 0 characters [json-pointer:/blocks/0/text/text]"
    assert answer["errors"] == [reason]
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {reason}"]
