"""The forms of the real bot, by mouse and by keyboard, at full and at phone width."""

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.accessibility import overflow, problems
from tests.browser.test_story import card_of, confirm, shows, take_picture, types
from tests.dialogues.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def opened(page: Page) -> Locator:
    await types(page, "/taurus-upgrade")
    form = page.get_by_role("dialog", name="Upgrade databases")
    await expect(form.get_by_role("combobox", name="Databases")).to_be_visible()
    return form


async def test_an_upgrade_is_chosen_previewed_and_asked_for_by_mouse(
    story: Page, play: Stage
) -> None:
    form = await opened(story)
    field = form.get_by_role("combobox", name="Databases")
    await field.fill("orders-prod")
    option = form.get_by_role("option", name="orders-prod-01")
    await expect(option).to_contain_text("→ 2.0.72.251200")
    await option.click()
    await expect(form).to_contain_text("1 database would be upgraded.")
    await form.get_by_role("textbox", name="Reason").fill("CVE-2026-1")
    await field.fill("orders-prod-02")
    await form.get_by_role("option", name="orders-prod-02").click()
    await expect(form).to_contain_text("2 databases would be upgraded.")
    await expect(form.get_by_role("textbox", name="Reason")).to_have_value("CVE-2026-1")
    await form.get_by_role("textbox", name="Waves").press_sequentially("1,rest")
    await expect(form.get_by_role("textbox", name="Waves")).to_be_focused()
    await take_picture(story, "form")
    await form.get_by_role("button", name="Ask for approval").click()
    await expect(form).to_be_hidden()
    card = card_of(story, "CHG-1")
    await shows(card, "Proposed")
    await expect(card).to_contain_text("Reason: CVE-2026-1")
    await confirm(story, card)
    await shows(card, "Succeeded")
    assert len(play.world.taurus.submissions("orders-prod-02")) == 1


async def test_the_same_by_keyboard_with_a_mistake_that_is_mended(story: Page) -> None:
    await story.get_by_role("textbox", name="Message #db-changes").focus()
    await story.keyboard.type("/taurus-upgrade")
    await story.keyboard.press("Enter")
    form = story.get_by_role("dialog", name="Upgrade databases")
    field = form.get_by_role("combobox", name="Databases")
    await expect(field).to_be_visible()
    await field.focus()
    await story.keyboard.type("orders-prod-01")
    await expect(form.get_by_role("option")).to_have_count(1)
    await story.keyboard.press("Enter")
    await expect(form).to_contain_text("1 database would be upgraded.")
    await form.get_by_role("radio", name="At a time").focus()
    await story.keyboard.press("Space")
    await expect(form).to_contain_text("Type the time")
    await story.keyboard.press("Tab")
    at = form.get_by_role("textbox", name="Time")
    await expect(at).to_be_focused()
    await story.keyboard.type("tomorrow 25:00")
    await expect(form).to_contain_text("is not a time I know")
    await form.get_by_role("button", name="Ask for approval").focus()
    await story.keyboard.press("Enter")
    await expect(form.get_by_role("alert")).to_contain_text("is not a time I know")
    await expect(at).to_be_focused()
    await expect(at).to_have_value("tomorrow 25:00")
    await at.fill("+3h")
    await story.keyboard.press("Enter")  # in a line of text it sends the form
    await expect(form).to_be_hidden()
    await shows(card_of(story, "CHG-1"), "Proposed")


async def test_the_shortcut_knows_the_channel(story: Page) -> None:
    await story.get_by_role("button", name="Shortcuts").click()
    await story.get_by_role("menuitem", name="Upgrade databases").click()
    form = story.get_by_role("dialog", name="Upgrade databases")
    await expect(form.get_by_role("combobox", name="Channel")).to_have_value("#db-changes")
    await form.get_by_role("combobox", name="Databases").fill("orders-prod-01")
    await form.get_by_role("option", name="orders-prod-01").click()
    await expect(form).to_contain_text("1 database would be upgraded.")
    await form.get_by_role("button", name="Ask for approval").click()
    await shows(card_of(story, "CHG-1"), "Proposed")


async def test_a_similar_change_is_planned_from_a_card(story: Page) -> None:
    await types(story, "/taurus-upgrade orders-prod-01 --waves 1 --at +3h")
    card = card_of(story, "CHG-1")
    await shows(card, "Proposed")
    await card.get_by_role("button", name="Cancel").click()
    await shows(card, "Cancelled")
    await card.hover()
    await card.get_by_role("button", name="More actions").click()
    await story.get_by_role("menuitem", name="Plan a similar change").click()
    form = story.get_by_role("dialog", name="Upgrade databases")
    await expect(form).to_contain_text("1 database would be upgraded.")
    await expect(form.get_by_role("textbox", name="Waves")).to_have_value("1")
    await form.get_by_role("button", name="Ask for approval").click()
    await shows(card_of(story, "CHG-2"), "Proposed")


async def test_a_change_is_moved_by_mouse(story: Page) -> None:
    await types(story, "/taurus-upgrade orders-prod-01 --at +3h")
    card = card_of(story, "CHG-1")
    await card.get_by_role("button", name="Reschedule").click()
    form = story.get_by_role("dialog", name="Reschedule")
    at = form.get_by_role("textbox", name="Time")
    await at.fill("2020-01-01 02:00")
    await form.get_by_role("button", name="Reschedule").click()
    await expect(form.get_by_role("alert")).to_contain_text("is in the past. Did you mean")
    await expect(at).to_have_value("2020-01-01 02:00")
    await at.fill("+5h")
    await form.get_by_role("button", name="Reschedule").click()
    await expect(form).to_be_hidden()
    await expect(card.get_by_role("button", name="1 reply")).to_be_visible()


async def test_the_form_is_accessible_on_a_phone(browser: Browser, play: Stage) -> None:
    page = await browser.new_page(viewport={"width": 390, "height": 800})
    page.set_default_timeout(20_000)
    await page.goto(f"{play.world.slack.url}/#/U0ANN")
    await page.wait_for_selector("body[data-connection=open]")
    form = await opened(page)
    await form.get_by_role("combobox", name="Databases").fill("orders-prod-*")
    await form.get_by_role("option", name="orders-prod-*").click()
    await expect(form).to_contain_text("databases would be upgraded.")
    assert await overflow(page) <= 0
    assert await problems(page) == []
    await page.close()
