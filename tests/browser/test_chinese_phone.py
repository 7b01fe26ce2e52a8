"""Every flow of the real bot once more: in Chinese, and as wide as a phone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from bot.domain.change import State
from bot.domain.sentence import say, say_many
from bot.views.reader import Reader
from tests.browser.accessibility import overflow, problems
from tests.browser.test_look import open_drawer
from tests.browser.test_story import SLOWEST, card_of, types
from tests.dialogues.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
zh = Reader.of("zh-cn")
LIN = "U0LIN"


@pytest_asyncio.fixture(loop_scope="session")
async def play(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = await Stage.open(tmp_path, TAURUS_LANGUAGE="zh-cn")
    yield stage
    await stage.close()


@pytest_asyncio.fixture(loop_scope="session")
async def phone(browser: Browser, play: Stage) -> AsyncIterator[Page]:
    """The page as somebody who reads Chinese has it in their hand; it has to fit, and be heard."""
    mistakes: list[str] = []
    page = await browser.new_page(viewport={"width": 390, "height": 800}, has_touch=True)
    page.set_default_timeout(SLOWEST)
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    await page.goto(f"{play.world.slack.url}/#/{LIN}")
    await page.wait_for_selector("body[data-connection=open]")
    yield page
    assert await overflow(page) <= 0
    assert await problems(page) == []
    await page.close()
    assert not mistakes


def button(place: Page | Locator, name: str) -> Locator:
    return place.get_by_role("button", name=zh(say(name)), exact=True)


async def shows(card: Locator, state: State) -> None:
    await expect(card).to_contain_text(f"状态 {zh(say(state.value))}", timeout=SLOWEST)


async def confirm(page: Page, place: Page | Locator) -> None:
    await button(place, "Confirm").tap()
    asked = page.get_by_role("alertdialog", name=zh(say("Upgrade these databases?")))
    await button(asked, "Confirm").tap()


async def open_form(page: Page) -> Locator:
    await types(page, "/taurus-upgrade")
    form = page.get_by_role("dialog", name=zh(say("Upgrade databases")))
    await expect(form.get_by_role("combobox", name=zh(say("Databases")))).to_be_visible()
    return form


async def choose(form: Locator, name: str) -> None:
    await form.get_by_role("combobox", name=zh(say("Databases"))).fill(name)
    await form.get_by_role("option", name=name).tap()
    one = say_many("{n} database would be upgraded.", "{n} databases would be upgraded.", 1)
    await expect(form).to_contain_text(zh(one))


async def test_an_upgrade_is_confirmed_proven_and_told(phone: Page, play: Stage) -> None:
    await types(phone, "/taurus-upgrade orders-prod-01 --reason 安全补丁")
    card = card_of(phone, "CHG-1")
    await shows(card, State.PROPOSED)
    await expect(card).to_contain_text("安全补丁")
    await confirm(phone, card)
    await shows(card, State.SUCCEEDED)
    await card.get_by_role("button", name="replies").tap()
    thread = phone.get_by_role("complementary", name="Thread").get_by_role("log")
    await expect(thread).to_contain_text("success")
    await expect(thread).to_contain_text(zh(say(State.SUCCEEDED.value)))
    assert len(play.world.taurus.submissions("orders-prod-01")) == 1


async def test_a_failure_is_retried(phone: Page) -> None:
    await types(phone, "/taurus-upgrade reports-dev-01")
    card = card_of(phone, "CHG-1")
    await confirm(phone, card)
    await shows(card, State.FAILED)
    await button(card, "Retry the rest").tap()
    await shows(card_of(phone, "CHG-2"), State.PROPOSED)


async def test_waves_are_halted_and_what_is_left_is_cancelled(phone: Page, play: Stage) -> None:
    await types(phone, "/taurus-upgrade orders-prod-01 orders-prod-02 --wave-size 1 --soak 10m")
    card = card_of(phone, "CHG-1")
    await confirm(phone, card)
    await button(card, "Halt").tap()
    await shows(card, State.HALTED)
    await button(card, "Cancel the rest").tap()
    await shows(card, State.PARTLY_FAILED)
    assert play.world.taurus.submissions("orders-prod-02") == []


async def test_the_form_is_filled_in_and_sent(phone: Page) -> None:
    form = await open_form(phone)
    await choose(form, "orders-prod-01")
    assert await overflow(phone) <= 0
    assert await problems(phone) == []
    await button(form, "Ask for approval").tap()
    await shows(card_of(phone, "CHG-1"), State.PROPOSED)


async def test_a_chinese_time_is_understood_by_keyboard_and_a_wrong_one_mended(phone: Page) -> None:
    await types(phone, "/taurus-upgrade orders-prod-01 --at 明天凌晨2点")
    card = card_of(phone, "CHG-1")
    await button(card, "Reschedule").press("Enter")
    form = phone.get_by_role("dialog", name=zh(say("Reschedule")))
    at = form.get_by_role("textbox", name=zh(say("Time")))
    await at.fill("昨天")
    await phone.keyboard.press("Enter")
    await expect(form.get_by_role("alert")).to_be_visible()
    await expect(at).to_have_value("昨天")
    await at.fill("后天 03:00")
    await phone.keyboard.press("Enter")
    await expect(form).to_be_hidden()
    await button(card, "Cancel").press("Enter")
    await shows(card, State.CANCELLED)


async def test_what_waits_is_confirmed_on_the_home_tab(phone: Page, play: Stage) -> None:
    await play.says(LIN, "/taurus-upgrade orders-prod-01")
    await play.until(lambda: bool(play.cards))
    await open_drawer(phone)
    await phone.get_by_role("button", name="Taurus Upgrade Bot").last.tap()
    await expect(phone.get_by_role("heading", name=zh(say("Waits for you")))).to_be_visible()
    home = phone.get_by_role("main")
    await expect(home).to_contain_text("CHG-1")
    await confirm(phone, home)
    await play.until(lambda: bool(play.world.taurus.submissions("orders-prod-01")))


async def test_mistakes_are_told_in_the_readers_language(phone: Page) -> None:
    await types(phone, "/taurus-upgrade order-prod-01 --att 3")
    told = phone.get_by_role("article").filter(has_text="--att")
    await expect(told).to_contain_text("orders-prod-01")
    nothing = zh(say("Nothing was done, and nothing was sent to the databases."))
    await expect(told).to_contain_text(nothing)
