"""Messages: sent once, found again, paced, and told privately one way or another."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import pytest

from bot.ports import ChatError, Message
from bot.slack.chat import SlackChat
from tests.slack.conftest import HandClock
from tests.slack.scripted import BOT, Cut, Reply, ScriptedSlack

CARD = Message(text="CHG-1", blocks=({"type": "divider"},))
HELLO = Message(text="hello")
TAG = {"change": "1", "part": "card"}


def no(error: str) -> dict[str, Any]:
    return {"ok": False, "error": error}


async def test_a_post_carries_its_tag_and_unfurls_nothing(
    chat: SlackChat, slack: ScriptedSlack
) -> None:
    ts = await chat.post("C0DB", CARD, tag=TAG, thread="0.9")
    assert ts == "1.000100"
    (sent,) = slack.calls("chat.postMessage")
    assert sent["metadata"] == {"event_type": "taurus_change", "event_payload": TAG}
    assert (sent["thread_ts"], sent["text"], sent["blocks"]) == (
        "0.9",
        "CHG-1",
        [{"type": "divider"}],
    )
    assert sent["unfurl_links"] is False
    assert sent["unfurl_media"] is False


async def test_a_post_outside_of_threads_names_no_thread(
    chat: SlackChat, slack: ScriptedSlack
) -> None:
    await chat.post("C0DB", HELLO, tag=TAG)
    (sent,) = slack.calls("chat.postMessage")
    assert "thread_ts" not in sent
    assert "blocks" not in sent


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Cut(), "no_answer"),
        (Reply("<html>bad gateway</html>", 502, {"Content-Type": "text/html"}), "http_502"),
        (no("internal_error"), "internal_error"),
        (no("fatal_error"), "fatal_error"),
        (Reply("welcome to our wifi"), "no_answer"),
        (Reply("{", headers={"Content-Type": "application/json"}), "http_200"),
    ],
)
async def test_an_answer_that_proves_nothing_is_unclear_and_never_repeated(
    chat: SlackChat, slack: ScriptedSlack, answer: object, code: str
) -> None:
    slack.will("chat.postMessage", answer)
    with pytest.raises(ChatError) as caught:
        await chat.post("C0DB", CARD, tag=TAG)
    assert (caught.value.code, caught.value.unclear) == (code, True)
    assert caught.value.retry_after
    assert len(slack.calls("chat.postMessage")) == 1


@pytest.mark.parametrize(
    "code",
    [
        "channel_not_found",
        "invalid_auth",
        "invalid_blocks",
        "is_archived",
        "missing_scope",
        "msg_too_long",
        "not_in_channel",
    ],
)
async def test_a_clear_refusal_is_for_people_to_mend(
    chat: SlackChat, slack: ScriptedSlack, code: str
) -> None:
    slack.will("chat.postMessage", no(code))
    with pytest.raises(ChatError) as caught:
        await chat.post("C0DB", CARD, tag=TAG)
    error = caught.value
    assert (error.code, error.retry_after, error.unclear) == (code, None, False)


async def test_a_passing_trouble_is_worth_another_try(
    chat: SlackChat, slack: ScriptedSlack
) -> None:
    slack.will("chat.postMessage", no("service_unavailable"), Reply("stop", 403))
    for code in ("service_unavailable", "http_403"):
        with pytest.raises(ChatError) as caught:
            await chat.post("C0DB", CARD, tag=TAG)
        assert (caught.value.code, caught.value.unclear) == (code, False)
        assert caught.value.retry_after


async def test_a_connection_that_never_stood_posted_nothing(
    chat: SlackChat, slack: ScriptedSlack
) -> None:
    await slack.close()
    await slack.start()  # at another port, so that nobody listens at the old one
    with pytest.raises(ChatError) as caught:
        await chat.post("C0DB", CARD, tag=TAG)
    assert (caught.value.code, caught.value.unclear) == ("no_answer", False)
    assert caught.value.retry_after


async def test_too_many_posts_wait_as_long_as_slack_says(
    chat: SlackChat, slack: ScriptedSlack, clock: HandClock
) -> None:
    slack.will("chat.postMessage", Reply("{}", 429, {"Retry-After": "7"}))
    with pytest.raises(ChatError) as caught:
        await chat.post("C0DB", CARD, tag=TAG)
    assert (caught.value.code, caught.value.retry_after) == ("ratelimited", 7)
    with pytest.raises(ChatError) as caught:
        await chat.post("C0DB", CARD, tag=TAG)
    assert (caught.value.code, caught.value.retry_after) == ("paced", 7)
    await chat.post("C0OTHER", CARD, tag=TAG)
    clock.advance(7)
    await chat.post("C0DB", CARD, tag=TAG)
    assert len(slack.calls("chat.postMessage")) == 3


async def test_too_many_without_a_number_waits_a_little(
    chat: SlackChat, slack: ScriptedSlack
) -> None:
    slack.will("chat.postMessage", no("rate_limited"))
    with pytest.raises(ChatError) as caught:
        await chat.post("C0DB", CARD, tag=TAG)
    assert caught.value.retry_after == 5


async def test_posts_to_a_channel_are_paced_to_one_a_second_after_a_burst(
    chat: SlackChat, slack: ScriptedSlack, clock: HandClock
) -> None:
    for _ in range(3):
        await chat.post("C0DB", CARD, tag=TAG)
    with pytest.raises(ChatError) as caught:
        await chat.post("C0DB", CARD, tag=TAG)
    error = caught.value
    assert (error.code, error.retry_after, error.unclear) == ("paced", 1, False)
    assert len(slack.calls("chat.postMessage")) == 3
    clock.advance(1)
    await chat.post("C0DB", CARD, tag=TAG)


async def test_a_clock_set_back_does_not_silence_the_bot_for_hours(
    chat: SlackChat, clock: HandClock
) -> None:
    for _ in range(3):
        await chat.post("C0DB", CARD, tag=TAG)
    clock.advance(-7200)
    with pytest.raises(ChatError) as caught:
        await chat.post("C0DB", CARD, tag=TAG)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after <= 300


async def test_updates_stay_below_slacks_tier_for_the_whole_workspace(
    chat: SlackChat, slack: ScriptedSlack, clock: HandClock
) -> None:
    paced = 0
    for second in range(60):
        for channel in ("C0DB", "C0PAY"):
            with contextlib.suppress(ChatError):
                await chat.update(channel, f"1.{second}", CARD)
                continue
            paced += 1
        clock.advance(1)
    sent = len(slack.calls("chat.update"))
    assert sent + paced == 120
    assert 45 <= sent <= 50


async def test_an_update_that_came_too_soon_holds_the_next_ones(
    chat: SlackChat, slack: ScriptedSlack
) -> None:
    slack.will("chat.update", Reply("{}", 429, {"Retry-After": "30"}))
    for code in ("ratelimited", "paced"):
        with pytest.raises(ChatError) as caught:
            await chat.update("C0DB", "1.1", CARD)
        assert caught.value.code == code


async def test_long_texts_are_cut_and_lone_blocks_get_words(
    chat: SlackChat, slack: ScriptedSlack
) -> None:
    await chat.update("C0DB", "1.1", Message(text="x" * 4001))
    await chat.update("C0DB", "1.1", Message(text="", blocks=({"type": "divider"},)))
    cut, alone = slack.calls("chat.update")
    assert cut["text"] == "x" * 3999 + "…"
    assert alone["text"].strip()


def history(*messages: dict[str, Any], cursor: str = "") -> dict[str, Any]:
    metadata = {"next_cursor": cursor}
    return {"ok": True, "messages": list(messages), "response_metadata": metadata}


def tagged(ts: str, *, bot: str = BOT, event: str = "taurus_change", **tag: str) -> dict[str, Any]:
    return {"ts": ts, "bot_id": bot, "metadata": {"event_type": event, "event_payload": tag}}


async def test_a_lost_post_is_found_by_its_tag(
    chat: SlackChat, slack: ScriptedSlack, clock: HandClock
) -> None:
    others = [
        {"ts": "5"},
        tagged("4", change="2", part="card"),
        tagged("3", bot="B0LIAR", **TAG),
        tagged("2", event="other", **TAG),
    ]
    slack.will(
        "conversations.history", history(*others, cursor="more"), history(tagged("1", **TAG))
    )
    found = await chat.find_post("C0DB", TAG, since=clock() - timedelta(minutes=5))
    assert found == "1"
    first, second = slack.calls("conversations.history")
    assert first["include_all_metadata"] == "1"
    assert float(first["oldest"]) == clock().timestamp() - 300
    assert second["cursor"] == "more"


async def test_a_lost_thread_line_is_looked_for_in_its_thread(
    chat: SlackChat, slack: ScriptedSlack, clock: HandClock
) -> None:
    slack.will("conversations.replies", history(tagged("2", **TAG)))
    assert await chat.find_post("C0DB", TAG, since=clock(), thread="1") == "2"
    (asked,) = slack.calls("conversations.replies")
    assert asked["ts"] == "1"


async def test_what_is_not_there_or_not_to_be_seen_is_not_found(
    chat: SlackChat, slack: ScriptedSlack, clock: HandClock
) -> None:
    slack.will("conversations.history", history(), no("missing_scope"))
    assert await chat.find_post("C0DB", TAG, since=clock()) is None
    assert await chat.find_post("C0DB", TAG, since=clock()) is None


async def test_looking_ends_after_some_pages(
    chat: SlackChat, slack: ScriptedSlack, clock: HandClock
) -> None:
    slack.will("conversations.history", *[history(cursor="more")] * 20)
    assert await chat.find_post("C0DB", TAG, since=clock()) is None
    assert len(slack.calls("conversations.history")) == 10


async def test_looking_while_slack_is_away_is_an_error_not_a_no(
    chat: SlackChat, slack: ScriptedSlack, clock: HandClock
) -> None:
    slack.will("conversations.history", Reply("", 503))
    with pytest.raises(ChatError, match="http_503"):
        await chat.find_post("C0DB", TAG, since=clock())


async def test_a_whisper_goes_where_the_person_asked(
    chat: SlackChat, slack: ScriptedSlack, told: list[tuple[str, str]]
) -> None:
    await chat.whisper("C0DB", "U0ANN", CARD, response_url=slack.hook)
    (sent,) = slack.calls("response_url")
    assert (sent["text"], sent["response_type"], sent["replace_original"]) == (
        "CHG-1",
        "ephemeral",
        False,
    )
    assert not slack.calls("chat.postEphemeral")
    assert told[-1] == ("response_url", "ok")


@pytest.mark.parametrize(
    "answer",
    [
        Reply('{"ok":false,"error":"used_url"}', 404),
        {"ok": False, "error": "expired_url"},
        Reply("", 500),
        Reply("", 429),
        Cut(),
    ],
)
async def test_a_used_up_response_url_leads_to_the_channel(
    chat: SlackChat, slack: ScriptedSlack, answer: object
) -> None:
    slack.will("response_url", answer)
    await chat.whisper("C0DB", "U0ANN", HELLO, response_url=slack.hook)
    (sent,) = slack.calls("chat.postEphemeral")
    assert (sent["channel"], sent["user"], sent["text"]) == ("C0DB", "U0ANN", "hello")


async def test_a_response_url_that_is_not_slacks_is_not_asked(
    chat: SlackChat, slack: ScriptedSlack
) -> None:
    elsewhere = slack.hook.replace("127.0.0.1", "localhost")
    await chat.whisper("C0DB", "U0ANN", HELLO, response_url=elsewhere)
    assert not slack.calls("response_url")
    assert slack.calls("chat.postEphemeral")


@pytest.mark.parametrize("code", ["channel_not_found", "not_in_channel", "user_not_in_channel"])
async def test_where_the_bot_is_not_it_tells_people_directly(
    chat: SlackChat, slack: ScriptedSlack, code: str
) -> None:
    slack.will("chat.postEphemeral", no(code))
    await chat.whisper("C0NOBOT", "U0ANN", HELLO)
    (sent,) = slack.calls("chat.postMessage")
    assert (sent["channel"], sent["text"]) == ("U0ANN", "hello")


async def test_a_whisper_without_a_channel_is_a_direct_message(
    chat: SlackChat, slack: ScriptedSlack
) -> None:
    await chat.whisper("", "U0ANN", HELLO)
    assert not slack.calls("chat.postEphemeral")
    assert slack.calls("chat.postMessage")


async def test_a_whisper_that_slack_cannot_take_now_is_an_error(
    chat: SlackChat, slack: ScriptedSlack
) -> None:
    slack.will("chat.postEphemeral", Reply("", 503))
    with pytest.raises(ChatError, match="http_503"):
        await chat.whisper("C0DB", "U0ANN", HELLO)
    assert not slack.calls("chat.postMessage")


async def test_every_call_is_told_with_its_outcome(
    chat: SlackChat, slack: ScriptedSlack, told: list[tuple[str, str]]
) -> None:
    slack.will("chat.update", no("message_not_found"))
    with pytest.raises(ChatError):
        await chat.update("C0DB", "1.1", CARD)
    await chat.post("C0DB", CARD, tag=TAG)
    assert told[-2:] == [("chat.update", "message_not_found"), ("chat.postMessage", "ok")]


async def test_a_cancelled_post_leaves_nothing_behind(
    chat: SlackChat, slack: ScriptedSlack
) -> None:
    slack.will("chat.postMessage", Reply("", 503))
    task = asyncio.ensure_future(chat.post("C0DB", CARD, tag=TAG))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
