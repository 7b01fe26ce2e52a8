"""The tour of the sandbox, played to the end of each story with its own buttons."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from bot.__main__ import SandboxBot
from bot.sandbox.world import World
from bot.slack.manifest import manifest
from commands import COMMANDS
from tests.browser.accessibility import problems
from tests.browser.test_story import confirm
from tests.dialogues.stage import SHORT, from_morning

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SLOWEST = 30_000


@pytest_asyncio.fixture(loop_scope="session")
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The sandbox as `python -m bot sandbox` puts it together, in a hurry."""
    made = manifest(COMMANDS, mode="socket")
    world = await World.start(made, from_morning(), port=0, speed=30, durations=SHORT)
    # What is set to nothing says nothing.
    unset = {"TAURUS_CONFIG": "", "TAURUS_APPROVERS": ""}
    bot = SandboxBot(world, f"sqlite:///{tmp_path}/bot.db", unset)
    world.bot.on_change = bot.follow
    await bot.follow()
    yield world
    await bot.stop()
    await world.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, world: World) -> AsyncIterator[Page]:
    page = await browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(SLOWEST)
    await page.goto(f"{world.slack.url}/#/U0ANN")
    await page.wait_for_selector("body[data-connection=open]")
    yield page
    await page.close()


def tour_of(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Tour")


async def begin(page: Page, title: str) -> None:
    await tour_of(page).get_by_role("button", name=title).click()


async def press(page: Page, label: str) -> None:
    await tour_of(page).get_by_role("button", name=label).click()


async def try_line(page: Page) -> None:
    await press(page, "/taurus-upgrade")
    await page.keyboard.press("Enter")


def card_of(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("article").filter(has_text="State ").last


async def is_at(page: Page, words: str) -> None:
    """Wait until the tour has noticed that the step before was done."""
    step = tour_of(page).locator("[aria-current=step]")
    await expect(step).to_contain_text(words, timeout=SLOWEST)


async def is_done(page: Page, title: str) -> None:
    head = tour_of(page).get_by_role("button", name=title)
    await expect(head).to_contain_text("done", timeout=SLOWEST)


async def test_the_first_upgrade_is_open_and_notices_how_far_one_is(page: Page) -> None:
    await is_at(page, "Press the example")
    await try_line(page)
    await is_at(page, "Read the card")
    await confirm(page, card_of(page))
    await is_done(page, "A first upgrade")
    assert await problems(page) == []


async def test_the_on_call_approves_once_the_bot_is_told_to_ask_them(page: Page) -> None:
    await begin(page, "An approval")
    await press(page, "Let the on-call approve")
    await is_at(page, "Ask for an upgrade")
    await try_line(page)
    await is_at(page, "Try to approve it yourself")
    await confirm(page, card_of(page), "Approve")
    await is_at(page, "Be Dana")
    await press(page, "Be Dana Wu")
    await confirm(page, card_of(page), "Approve")
    await is_at(page, "Be Ann again")
    await press(page, "Let the one who asks confirm")
    await press(page, "Be Ann Berger")
    await is_done(page, "An approval")


async def test_what_fails_is_retried_alone(page: Page, world: World) -> None:
    await begin(page, "A failure and a retry")
    await try_line(page)
    await is_at(page, "Plan both")
    await confirm(page, card_of(page))
    await is_at(page, "Press Retry the rest")
    await card_of(page).get_by_role("button", name="Retry the rest").click()
    await is_at(page, "Confirm it or cancel it")
    await card_of(page).get_by_role("button", name="Cancel").click()
    await is_done(page, "A failure and a retry")
    assert len(world.taurus.submissions("orders-staging-01")) == 1


async def test_nothing_begins_after_a_halt(page: Page, world: World) -> None:
    await begin(page, "A halt")
    await try_line(page)
    await confirm(page, card_of(page))
    await is_at(page, "Press Halt")
    await card_of(page).get_by_role("button", name="Halt").click()
    await is_at(page, "The card says who halted it")
    await card_of(page).get_by_role("button", name="Cancel the rest").click()
    await is_done(page, "A halt")
    assert world.taurus.submissions("orders-prod-03") == []


async def test_a_lost_answer_and_a_stopped_bot_send_nothing_twice(page: Page, world: World) -> None:
    await begin(page, "An outage")
    await press(page, "Break the next answer")
    await is_at(page, "Plan an upgrade")
    await try_line(page)
    await confirm(page, card_of(page))
    await is_at(page, "Stop the bot")
    await press(page, "Stop the bot")
    await is_at(page, "Start it again")
    assert world.slack.connections == 0
    await press(page, "Start the bot")
    await is_done(page, "An outage")
    assert len(world.taurus.submissions("orders-dev-01")) == 1


async def test_a_wrong_switch_of_the_bot_is_refused_in_words(world: World) -> None:
    with pytest.raises(ValueError, match="no switch 'colour'"):
        await world.bot.turn("colour", "red")
    with pytest.raises(ValueError, match="'maybe' is none of"):
        await world.bot.turn("approvers", "maybe")
