"""People, threads, other screens, and text that means harm."""

import pytest
from playwright.async_api import Browser, Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import SlackSimulator
from tests.browser.conftest import Open, Stage
from tests.browser.counterpart import HOSTILE, manifest, mrkdwn, section
from tests.browser.test_commands import type_command

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def web_api(stage: Stage) -> AsyncWebClient:
    return AsyncWebClient(stage.slack.bot_token, base_url=stage.slack.api_url)


async def become(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Be somebody else").click()
    await page.get_by_role("menuitemradio", name=name).click()
    await expect(page.get_by_role("button", name=f"You are {name}")).to_be_visible()


async def test_another_person_reads_times_in_another_zone_and_language(page: Page) -> None:
    await type_command(page, "/taurus-upgrade orders-*")
    card = page.get_by_role("article").filter(has_text="CHG-1")
    await expect(card).to_contain_text("Runs Today at 6:13 PM")
    await expect(card.locator(".stamp")).to_have_text("4:13 PM")

    await become(page, "Lin Yue")
    await expect(card).to_contain_text("Runs 明天 at 00:13")
    await expect(card.locator(".stamp")).to_have_text("22:13")
    await expect(page.locator(".switcher")).to_contain_text("22:13 · Shanghai (UTC+8) · 中文")


async def test_what_others_say_arrives_and_is_marked_as_new(page: Page, open_page: Open) -> None:
    bob = await open_page("U0BOB")
    await bob.get_by_role("button", name="payments").click()
    box = page.get_by_role("textbox", name="Message #db-changes")
    await box.fill("Hello @bob, see *orders*")
    await box.press("Enter")

    room = bob.get_by_role("button", name="db-changes")
    await expect(room).to_contain_text("1 unread")
    await room.click()
    message = bob.get_by_role("article")
    await expect(message).to_contain_text("Hello @Bob Li, see orders")
    await expect(message.locator(".mention.me")).to_be_visible()
    await expect(bob.get_by_role("separator", name="New messages")).to_be_visible()
    await expect(room).not_to_contain_text("unread")


async def test_a_thread_is_read_and_answered_beside_the_channel(page: Page, stage: Stage) -> None:
    await type_command(page, "/taurus-upgrade orders-*")
    [card] = await stage.slack.wait_for(lambda: stage.slack.messages("C0DB"))
    await stage.slack.click("U0BOB", "C0DB", card["ts"], "change.approve")
    await page.get_by_role("button", name="1 reply").click()

    thread = page.get_by_role("complementary", name="Thread")
    await expect(thread.get_by_role("log")).to_contain_text("resp: success")
    reply = thread.get_by_role("textbox", name="Reply…")
    await expect(reply).to_be_focused()
    await reply.fill("thank you")
    await reply.press("Enter")
    await expect(thread.get_by_role("log")).to_contain_text("thank you")
    await expect(page.get_by_role("main").get_by_text("thank you")).to_have_count(0)
    await expect(page.get_by_role("button", name="2 replies")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(thread).to_be_hidden()


async def test_hostile_text_is_only_text(page: Page, stage: Stage) -> None:
    text = HOSTILE + "x" * (2990 - len(HOSTILE))
    await web_api(stage).chat_postMessage(
        channel="C0DB",
        text=text,
        blocks=[section(text), {"type": "context", "elements": [mrkdwn(text[:1900])]}],
    )

    message = page.get_by_role("article")
    await expect(message).to_contain_text("<script>window.hacked = true</script>")
    await expect(message).to_contain_text("<!channel>")
    await expect(message.locator("script, a, img, .broadcast")).to_have_count(0)
    assert await page.evaluate("window.hacked") is None
    width = "node => node.scrollWidth - node.clientWidth"
    assert await page.get_by_role("log").evaluate(width) == 0


async def test_what_a_person_types_is_not_read_as_slacks_codes(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message #db-changes")
    await box.fill("<!channel> & <@U0BOB> <b>bold</b>")
    await box.press("Enter")

    message = page.get_by_role("article")
    await expect(message).to_contain_text("<!channel> & <@U0BOB> <b>bold</b>")
    await expect(message.locator("b, .mention")).to_have_count(0)


async def test_slacks_marks_are_drawn(page: Page, stage: Stage) -> None:
    text = (
        "*bold* _it_ ~gone~ `a*b*c` snake_case_name 2 * 3 * 4 :warning: :unknown_one:\n"
        "> quoted\n• one\n<https://example.com/?a=1&amp;b=2|a link> <#C0PAY> <!subteam^S0DBA>"
        " <!here>\n```code\n  here```\n<!date^1790000000^{date_num} {time_secs}|never>"
        " <!date^oops^{date}|fallback>"
    )
    await web_api(stage).chat_postMessage(channel="C0DB", text=text)

    message = page.get_by_role("article").locator(".text")
    await expect(message.locator("strong")).to_have_text("bold")
    await expect(message.locator("em")).to_have_text("it")
    await expect(message.locator("s")).to_have_text("gone")
    await expect(message.locator("code")).to_have_text("a*b*c")
    await expect(message.locator("blockquote")).to_have_text("quoted")
    await expect(message.locator("pre")).to_have_text("code\n  here")
    await expect(message.get_by_role("img", name="warning")).to_be_visible()
    await expect(message.get_by_role("link")).to_have_attribute(
        "href", "https://example.com/?a=1&b=2"
    )
    await expect(message.locator(".mention")).to_have_text(["#payments", "@dba", "@here"])
    await expect(message).to_contain_text("snake_case_name 2 * 3 * 4")
    await expect(message).to_contain_text(":unknown_one:")
    await expect(message).to_contain_text("2026-09-21 4:13:20 PM fallback")


async def test_an_edit_and_a_deletion_arrive_while_one_looks(page: Page, stage: Stage) -> None:
    client = web_api(stage)
    sent = await client.chat_postMessage(channel="C0DB", text="One databse")
    log = page.get_by_role("log")
    await expect(log).to_contain_text("One databse")

    await client.chat_update(channel="C0DB", ts=sent["ts"], text="One database")
    await expect(log).to_contain_text("One database(edited)")
    await client.chat_delete(channel="C0DB", ts=sent["ts"])
    await expect(page.get_by_role("article")).to_have_count(0)


async def test_the_home_tab_is_filled_by_the_app(page: Page) -> None:
    apps = page.get_by_role("region", name="Apps")
    await apps.get_by_role("button", name="Taurus bot").click()

    await expect(page.get_by_role("main")).to_contain_text("Nothing waits for you.")
    await page.get_by_role("button", name="Messages", exact=True).click()
    await expect(page.get_by_role("textbox", name="Message Taurus bot")).to_be_visible()


async def test_the_cloud_is_steered_from_its_panel(page: Page, stage: Stage) -> None:
    await page.get_by_role("button", name="Cloud", exact=True).click()
    cloud = page.get_by_role("complementary", name="Cloud")
    await expect(cloud.get_by_role("row", name="orders-1")).to_contain_text("2.0.72.251200")

    await cloud.get_by_role("switch", name="API is down").check()
    await cloud.get_by_label("Slow answers").fill("3")
    await cloud.get_by_label("Slow answers").press("Enter")
    await cloud.get_by_label("Refuse with").select_option("DBS.200019")
    await cloud.get_by_role("button", name="Advance the clock by 1 h").click()
    await expect(cloud.locator(".clock-time")).to_have_text("5:13 PM")
    await cloud.get_by_label("Speed").select_option("60")
    await expect(cloud.get_by_role("switch", name="API is down")).to_be_checked()

    assert stage.panel.changes == [
        {"switch": "down", "value": True},
        {"switch": "slow", "value": 3},
        {"switch": "code", "value": "DBS.200019"},
        {"advance_seconds": 3600},
        {"speed": 60},
    ]
    await cloud.get_by_label("Slow answers").fill("-1")
    await cloud.get_by_label("Slow answers").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("a time is not negative")


async def test_a_lost_connection_is_shown_and_comes_back_by_itself(browser: Browser) -> None:
    slack = await SlackSimulator.start(manifest=manifest())
    page = await browser.new_page()
    await page.goto(slack.url)
    status = page.locator("#connection")
    await expect(status).to_have_text("")

    await slack.close()
    await expect(status).to_have_text("Connecting…")

    port = int(slack.url.rpartition(":")[2])
    again = await SlackSimulator.start(manifest=manifest(), port=port)
    again.say("U0BOB", "C0DB", "I am back")
    await expect(status).to_have_text("")
    await expect(page.get_by_role("log")).to_contain_text("I am back")
    await page.close()
    await again.close()
