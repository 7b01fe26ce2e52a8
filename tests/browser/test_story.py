"""The main story as a person plays it: the real bot, both simulators, a mouse and a keyboard.

With SAVE_PICTURES set, the pictures that the README shows are taken anew.
"""

import os
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.dialogues.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PICTURES = Path(__file__).parent / "pictures"
SLOWEST = 20_000
"""Milliseconds: an upgrade of the simulator takes some seconds at the stage's speed."""


async def types(page: Page, text: str) -> None:
    box = page.get_by_role("textbox", name="Message #db-changes")
    await box.fill(text)
    await box.press("Enter")


def card_of(page: Page, change: str) -> Locator:
    channel = page.get_by_role("main").get_by_role("article")
    return channel.filter(has_text=f"{change} ·")


async def confirm(page: Page, card: Locator, word: str = "Confirm") -> None:
    await card.get_by_role("button", name=word).click()
    asked = page.get_by_role("alertdialog", name="Upgrade these databases?")
    await expect(asked).to_contain_text("cannot be undone")
    await asked.get_by_role("button", name=word).click()


async def shows(card: Locator, state: str) -> None:
    await expect(card).to_contain_text(f"State {state}", timeout=SLOWEST)


async def take_picture(page: Page, name: str) -> None:
    taken = await page.screenshot(animations="disabled")
    assert taken.startswith(b"\x89PNG")
    if os.environ.get("SAVE_PICTURES"):
        (PICTURES / f"{name}.png").write_bytes(taken)


async def test_an_upgrade_by_mouse_is_confirmed_proven_and_told(story: Page, play: Stage) -> None:
    await types(story, "/taurus-upgrade orders-prod-01 orders-prod-02 --reason CVE-2026-1")
    card = card_of(story, "CHG-1")
    await shows(card, "Proposed")
    await expect(card).to_contain_text("orders-prod-01")
    await expect(card).to_contain_text("Reason: CVE-2026-1")
    await take_picture(story, "proposed")
    await confirm(story, card)
    await shows(card, "Succeeded")
    await card.get_by_role("button", name="replies").click()
    thread = story.get_by_role("complementary", name="Thread").get_by_role("log")
    await expect(thread).to_contain_text("success")
    await expect(thread).to_contain_text("CHG-1 is over: Succeeded. 2 of 2 run the newest kernel.")
    await take_picture(story, "succeeded")
    assert len(play.world.taurus.submissions("orders-prod-01")) == 1


async def test_the_same_by_keyboard_alone(story: Page, play: Stage) -> None:
    await story.keyboard.press("Tab")
    await story.keyboard.press("Enter")  # the link that skips to the message box
    await story.keyboard.press("Tab")
    await story.keyboard.type("/taurus-up")
    await story.keyboard.press("Enter")
    await story.keyboard.type("orders-prod-01")
    await story.keyboard.press("Enter")
    button = card_of(story, "CHG-1").get_by_role("button", name="Confirm")
    await expect(button).to_be_visible()
    for _ in range(20):
        if await button.evaluate("node => node === document.activeElement"):
            break
        await story.keyboard.press("Shift+Tab")
    await story.keyboard.press("Enter")
    await expect(story.get_by_role("alertdialog")).to_be_visible()
    await story.keyboard.press("Enter")
    await shows(card_of(story, "CHG-1"), "Succeeded")
    assert len(play.world.taurus.submissions("orders-prod-01")) == 1


async def test_a_failure_is_shown_and_retried_by_mouse(story: Page, play: Stage) -> None:
    await story.get_by_role("button", name="Cloud", exact=True).click()
    await story.get_by_label("Refuse the next upgrade with").select_option("DBS.200047")
    await types(story, "/taurus-upgrade orders-prod-01")
    failed = card_of(story, "CHG-1")
    await confirm(story, failed)
    await shows(failed, "Failed")
    await take_picture(story, "failed")
    await failed.get_by_role("button", name="Retry the rest").click()
    again = card_of(story, "CHG-2")
    await expect(again).to_contain_text("It retries what CHG-1 left.")
    await confirm(story, again)
    await shows(again, "Succeeded")
    assert len(play.world.taurus.submissions("orders-prod-01")) == 1


async def test_a_change_is_scheduled_and_cancelled_by_mouse(story: Page, play: Stage) -> None:
    await types(story, "/taurus-upgrade orders-prod-01 --at +3h")
    card = card_of(story, "CHG-1")
    await confirm(story, card)
    await shows(card, "Scheduled")
    await card.get_by_role("button", name="Cancel").click()
    await shows(card, "Cancelled")
    assert play.world.taurus.submissions("orders-prod-01") == []


@pytest.mark.parametrize(
    "play", [pytest.param("[environments.prod]\nprotected = true\n", id="protected")], indirect=True
)
async def test_the_name_of_a_protected_environment_is_typed(story: Page, play: Stage) -> None:
    await types(story, "/taurus-upgrade orders-prod-01")
    card = card_of(story, "CHG-1")
    await expect(card).to_contain_text("PROTECTED ENVIRONMENT prod")
    await card.get_by_role("button", name="Confirm").click()
    form = story.get_by_role("dialog", name="Approve")
    name = form.get_by_role("textbox", name="Type prod to approve")
    await name.fill("production")
    await form.get_by_role("button", name="Approve").click()
    await expect(form).to_contain_text("Type its name, prod, exactly")
    assert play.world.taurus.submissions("orders-prod-01") == []
    await name.fill("prod")
    await name.press("Enter")
    await shows(card, "Succeeded")


async def test_mistakes_are_read_by_the_one_who_made_them(story: Page) -> None:
    await types(story, "/taurus-upgrade order-prod-01 --att 3")
    told = story.get_by_role("article").filter(has_text="Nothing was done")
    await expect(told).to_contain_text("Did you mean --at?")
    await expect(told).to_contain_text("Did you mean orders-prod-01?")
    await expect(told).to_contain_text("Only visible to you")
