"""From the message box to a card, by mouse and by keyboard."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open, Stage
from tests.browser.counterpart import CONFIRM

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def type_command(page: Page, text: str) -> None:
    box = page.get_by_role("textbox", name="Message #db-changes")
    await box.fill(text)
    await box.press("Enter")


async def test_a_command_is_completed_by_keyboard(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message #db-changes")
    await box.press_sequentially("/taurus-")
    options = page.get_by_role("option")
    await expect(options).to_have_count(6)
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await expect(options.first).to_contain_text("[PATTERN]")

    await box.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    active = await options.nth(1).get_attribute("id")
    await expect(box).to_have_attribute("aria-activedescendant", str(active))
    await box.press("Tab")

    await expect(box).to_have_value("/taurus-upgrade ")
    await expect(page.locator(".usage")).to_contain_text("INSTANCE…")
    await expect(page.get_by_role("listbox", name="Suggestions")).to_be_hidden()


async def test_escape_closes_the_completion_and_enter_sends_what_was_typed(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message #db-changes")
    await box.press_sequentially("/nonsense")
    await box.press("Enter")

    await expect(page.get_by_role("alert")).to_contain_text("/nonsense is not a valid command")
    await expect(box).to_have_value("")


async def test_a_command_becomes_a_card_and_a_click_is_asked_about(
    page: Page, stage: Stage
) -> None:
    await type_command(page, "/taurus-upgrade orders-*")
    card = page.get_by_role("article").filter(has_text="CHG-1")
    await expect(card).to_contain_text("State: Proposed")
    await expect(card.locator(".app-badge")).to_have_text("APP")
    await expect(page.get_by_role("separator", name="New messages")).to_have_count(0)

    await card.get_by_role("button", name="Confirm").click()
    dialog = page.get_by_role("alertdialog", name=CONFIRM)
    await expect(dialog).to_contain_text("This cannot be undone.")
    await dialog.get_by_role("button", name="Not yet").click()
    await expect(dialog).to_be_hidden()
    assert stage.bot.heard == []

    await card.get_by_role("button", name="Confirm").click()
    await dialog.get_by_role("button", name="Upgrade").click()
    await expect(card).to_contain_text("State: Running")
    await expect(card.get_by_role("button", name="Confirm")).to_have_count(0)
    await expect(card).to_contain_text("1 reply")
    assert stage.bot.heard[0]["user"]["id"] == "U0ANN"


async def test_the_same_by_keyboard_alone(page: Page, stage: Stage) -> None:
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")  # the link that skips to the message box
    await page.keyboard.press("Tab")
    await page.keyboard.type("/taurus-up")
    await page.keyboard.press("Enter")
    await page.keyboard.type("orders-*")
    await page.keyboard.press("Enter")
    confirm = page.get_by_role("button", name="Confirm")
    await expect(confirm).to_be_visible()

    for _ in range(12):
        if await confirm.evaluate("node => node === document.activeElement"):
            break
        await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    upgrade = page.get_by_role("button", name="Upgrade", exact=True)
    await expect(upgrade).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(upgrade).to_have_count(0)
    await expect(confirm).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("log")).to_contain_text("State: Running")
    assert len(stage.bot.heard) == 1


async def test_an_app_that_stays_silent_is_reported_as_users_know_it(page: Page) -> None:
    await type_command(page, "/taurus-silent")

    notice = page.get_by_role("alert")
    await expect(notice).to_contain_text("/taurus-silent failed: the app did not respond in time")
    await notice.get_by_role("button", name="Dismiss notice").click()
    await expect(notice).to_have_count(0)


async def test_what_was_sent_comes_back_with_the_arrow_keys(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message #db-changes")
    for text in ("first", "second"):
        await box.fill(text)
        await box.press("Enter")
    await box.press("ArrowUp")
    await expect(box).to_have_value("second")
    await box.press("ArrowUp")
    await expect(box).to_have_value("first")
    await box.press("ArrowDown")
    await box.press("ArrowDown")
    await expect(box).to_have_value("")


async def test_only_the_asker_sees_a_private_answer_and_can_put_it_away(
    page: Page, open_page: Open
) -> None:
    bob = await open_page("U0BOB")
    await type_command(page, "/taurus-whisper hello")

    whisper = page.get_by_role("article").filter(has_text="A private word")
    await expect(whisper).to_contain_text("Only visible to you")
    await expect(bob.get_by_text("A private word")).to_have_count(0)
    await whisper.get_by_role("button", name="Dismiss this message").click()
    await expect(whisper).to_have_count(0)


async def test_an_example_of_the_tour_is_filled_in(page: Page) -> None:
    steps = page.get_by_role("complementary", name="Tour")
    await steps.get_by_role("button", name="/taurus-upgrade orders-prod-01").click()

    box = page.get_by_role("textbox", name="Message #db-changes")
    await expect(box).to_have_value('/taurus-upgrade orders-prod-01 --reason "security fix"')
    await expect(box).to_be_focused()


async def test_a_command_in_a_thread_is_refused_and_kept(page: Page) -> None:
    await type_command(page, "/taurus-upgrade orders-*")
    await page.get_by_role("article").hover()
    await page.get_by_role("button", name="Reply in thread").click()
    reply = page.get_by_role("textbox", name="Reply…")
    await reply.fill("/taurus-upgrade x")
    await reply.press("Enter")

    await expect(page.get_by_role("alert")).to_contain_text("not supported in threads")
    await expect(reply).to_have_value("/taurus-upgrade x")


async def test_a_message_shortcut_reaches_the_app(page: Page, stage: Stage) -> None:
    await type_command(page, "/taurus-upgrade orders-*")
    await page.get_by_role("article").hover()
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Explain this").click()

    await expect(page.get_by_role("log")).to_contain_text("It is a card.")
    assert stage.bot.heard[0]["callback_id"] == "explain"
