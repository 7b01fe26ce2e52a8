"""Light and dark, wide and narrow, by eye, by keyboard and by screen reader."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from tests.browser.accessibility import overflow, problems
from tests.browser.conftest import Open, Stage
from tests.browser.counterpart import HOSTILE
from tests.browser.test_commands import type_command

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PHONE = 360


async def show_cards(page: Page) -> None:
    await type_command(page, "/taurus-upgrade orders-*")
    await type_command(page, "/taurus-gallery")
    await type_command(page, "/taurus-whisper")
    await expect(page.get_by_role("article")).to_have_count(3)


async def show_completion(page: Page) -> None:
    await page.get_by_role("textbox", name="Message #db-changes").press_sequentially("/t")
    await expect(page.get_by_role("option")).to_have_count(6)


async def show_cloud(page: Page) -> None:
    await page.get_by_role("button", name="Cloud", exact=True).click()
    await expect(page.get_by_role("row", name="orders-1")).to_be_visible()


async def show_form(page: Page) -> None:
    await type_command(page, "/taurus-form")
    form = page.get_by_role("dialog")
    await form.get_by_role("button", name="Show plan").click()
    await expect(form.get_by_role("alert")).to_have_count(2)
    await form.get_by_role("combobox", name="Instance").press_sequentially("orders")
    await expect(form.get_by_role("option")).to_have_count(5)


async def show_confirmation(page: Page) -> None:
    await type_command(page, "/taurus-upgrade orders-*")
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("alertdialog")).to_be_visible()


async def show_thread(page: Page) -> None:
    await type_command(page, "/taurus-upgrade orders-*")
    await page.get_by_role("article").hover()
    await page.get_by_role("button", name="Reply in thread").click()
    await expect(page.get_by_role("complementary", name="Thread")).to_be_visible()


async def open_drawer(page: Page) -> None:
    """On a phone the channels have to be opened first."""
    opener = page.get_by_role("button", name="Open channels and people")
    if await opener.is_visible():
        await opener.click()


async def show_home(page: Page) -> None:
    await open_drawer(page)
    region = page.get_by_role("region", name="Apps")
    await region.get_by_role("button", name="Taurus bot").click()
    await expect(page.get_by_role("main")).to_contain_text("Nothing waits for you.")


async def show_people(page: Page) -> None:
    await open_drawer(page)
    await page.get_by_role("button", name="Be somebody else").click()
    await expect(page.get_by_role("menuitemradio")).to_have_count(5)


async def show_trouble(page: Page) -> None:
    await type_command(page, "/nonsense")
    await expect(page.get_by_role("alert")).to_be_visible()


VIEWS = [
    show_cards,
    show_completion,
    show_cloud,
    show_form,
    show_confirmation,
    show_thread,
    show_home,
    show_people,
    show_trouble,
]
Show = Callable[[Page], Awaitable[None]]


@pytest.mark.parametrize("show", VIEWS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_light_and_in_dark(
    open_page: Open, show: Show, scheme: str
) -> None:
    page = await open_page(color_scheme=scheme, reduced_motion="reduce")
    await show(page)

    assert await problems(page) == []


async def test_the_auditor_finds_what_is_wrong(page: Page) -> None:
    await page.evaluate("document.body.append(document.createElement('button'))")
    assert [one.split(":")[0] for one in await problems(page)] == ["button-name"]


@pytest.mark.parametrize("show", VIEWS)
async def test_everything_fits_a_phone(open_page: Open, show: Show) -> None:
    page = await open_page(width=PHONE, has_touch=True, reduced_motion="reduce")
    await show(page)

    assert await overflow(page) <= 0
    assert await problems(page) == []


async def test_long_and_hostile_words_fit_a_phone(open_page: Open, stage: Stage) -> None:
    page = await open_page(width=PHONE)
    client = AsyncWebClient(stage.slack.bot_token, base_url=stage.slack.api_url)
    await client.chat_postMessage(channel="C0DB", text=f"{HOSTILE}{'y' * 2700} `{'z' * 200}`")
    await expect(page.get_by_role("article")).to_be_visible()

    assert await overflow(page) <= 0
    assert (
        await page.get_by_role("log").evaluate("node => node.scrollWidth - node.clientWidth") == 0
    )


async def test_on_a_phone_the_channels_are_a_drawer(open_page: Open) -> None:
    page = await open_page(width=PHONE)
    channels = page.get_by_role("navigation", name="Channels and people")
    await expect(channels).to_be_hidden()
    opener = page.get_by_role("button", name="Open channels and people")
    await opener.click()
    await expect(channels).to_be_visible()

    await page.keyboard.press("Escape")
    await expect(channels).to_be_hidden()
    await expect(opener).to_be_focused()
    await opener.click()
    await channels.get_by_role("button", name="payments").click()
    await expect(channels).to_be_hidden()
    await expect(page.get_by_role("heading", level=1)).to_have_text("#payments")


async def test_the_colours_can_be_chosen_and_are_remembered(open_page: Open) -> None:
    page = await open_page(color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(background)
    toggle = page.get_by_role("button", name="Colours")
    await toggle.click()
    assert await page.evaluate(background) == light
    await toggle.click()
    dark = await page.evaluate(background)
    assert dark != light

    await page.reload()
    await expect(toggle).to_have_accessible_name("Colours: dark. Change")
    assert await page.evaluate(background) == dark


async def test_the_focus_goes_through_the_page_in_reading_order(page: Page) -> None:
    order = []
    for _ in range(14):
        await page.keyboard.press("Tab")
        order.append(
            await page.evaluate(
                "document.activeElement.closest('header, nav, main, .skip')?.className ?? ''"
            )
        )
        visible = "document.activeElement.matches(':focus-visible')"
        assert await page.evaluate(visible)
    seen = list(dict.fromkeys(order))

    assert seen[:4] == ["skip", "topbar", "sidebar", "main"]


async def test_the_page_asks_nobody_outside(page: Page, stage: Stage) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.reload()
    await page.wait_for_selector("body[data-connection=open]")
    await show_cards(page)

    assert asked
    assert [url for url in asked if not url.startswith(stage.slack.url)] == []


async def test_the_page_is_written_in_separate_files(stage: Stage, page: Page) -> None:
    answer = await page.request.get(f"{stage.slack.url}/")
    html = await answer.text()

    assert "style=" not in html
    assert "onclick" not in html
    assert html.count("<script") == html.count('<script type="module" src=') == 1
