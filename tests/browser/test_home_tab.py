"""The Home tab of the real bot, by mouse and on a phone."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.accessibility import overflow, problems
from tests.browser.test_look import open_drawer
from tests.browser.test_story import take_picture, types
from tests.dialogues.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def open_home(page: Page) -> None:
    await page.get_by_role("button", name="Taurus Upgrade Bot").last.click()
    await expect(page.get_by_role("heading", name="Waits for you")).to_be_visible()


async def test_what_waits_is_confirmed_and_followed_there(story: Page, play: Stage) -> None:
    await types(story, "/taurus-upgrade orders-prod-01 orders-prod-02 --wave-size 1 --soak 10m")
    await play.until_state("Proposed")
    await open_home(story)
    home = story.get_by_role("main")
    await expect(home).to_contain_text("CHG-1 · Proposed")
    await expect(home).to_contain_text("could be upgraded")
    await expect(home).not_to_contain_text("not looked at yet", timeout=20_000)
    await take_picture(story, "home")
    await home.get_by_role("button", name="Confirm").click()
    asked = story.get_by_role("alertdialog", name="Upgrade these databases?")
    await asked.get_by_role("button", name="Confirm").click()
    await expect(home).to_contain_text("1 of 2 run the newest kernel", timeout=20_000)
    await expect(home.get_by_role("button", name="Halt")).to_have_count(1)
    await expect(home).to_contain_text("CHG-1 · Running")
    play.passes(minutes=11)
    await expect(home).not_to_contain_text("CHG-1", timeout=20_000)


async def test_the_tab_fits_a_phone_and_a_screen_reader(browser: Browser, play: Stage) -> None:
    page = await browser.new_page(viewport={"width": 390, "height": 800})
    page.set_default_timeout(20_000)
    await play.says("U0ANN", "/taurus-upgrade orders-prod-01 --at +3h")
    await play.until_state("Proposed")
    await page.goto(f"{play.world.slack.url}/#/U0ANN")
    await page.wait_for_selector("body[data-connection=open]")
    await open_drawer(page)
    await open_home(page)
    await expect(page.get_by_role("main")).to_contain_text("CHG-1 · Proposed")
    await expect(page.get_by_role("main")).to_contain_text("could be upgraded")
    assert await overflow(page) <= 0
    assert await problems(page) == []
    await page.close()


async def test_a_tab_that_is_drawn_anew_does_not_take_a_click_away(
    story: Page, play: Stage
) -> None:
    await types(story, "/taurus-upgrade orders-prod-01")
    await play.until_state("Proposed")
    await open_home(story)
    home = story.get_by_role("main")
    await home.get_by_role("button", name="Confirm").click()
    asked = story.get_by_role("alertdialog", name="Upgrade these databases?")
    await play.says("U0ANN", "/taurus-upgrade orders-prod-02")
    await expect(home).to_contain_text("CHG-2", timeout=20_000)
    await asked.get_by_role("button", name="Confirm").click()
    await play.until(lambda: bool(play.world.taurus.submissions("orders-prod-01")))
