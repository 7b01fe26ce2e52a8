"""Forms, menus and pickers."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Stage
from tests.browser.counterpart import INSTANCES
from tests.browser.test_commands import type_command

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def open_form(page: Page) -> Locator:
    await type_command(page, "/taurus-form")
    form = page.get_by_role("dialog", name="Upgrade")
    await expect(form).to_be_visible()
    return form


async def choose_instance(form: Locator) -> None:
    field = form.get_by_role("combobox", name="Instance")
    await field.press_sequentially("orders")
    await expect(form.get_by_role("option")).to_have_count(len(INSTANCES))
    await field.press("ArrowDown")
    await field.press("Enter")
    await expect(field).to_have_value("orders-2")


async def test_a_menu_asks_the_app_as_one_types(page: Page) -> None:
    form = await open_form(page)
    field = form.get_by_role("combobox", name="Instance")
    await expect(field).to_be_focused()

    await field.press_sequentially("o")
    await expect(form.get_by_role("listbox")).to_contain_text("Type at least 2 characters")
    await field.press_sequentially("rders-3")
    await expect(form.get_by_role("option")).to_have_count(1)
    await field.press("Escape")
    await expect(form).to_be_visible()
    await expect(form.get_by_role("option")).to_have_count(0)


async def test_errors_stand_at_their_fields_and_what_was_typed_stays(
    page: Page, stage: Stage
) -> None:
    form = await open_form(page)
    await form.get_by_role("button", name="Show plan").click()
    empty = form.get_by_role("alert")
    await expect(empty).to_have_count(2)
    await expect(empty.first).to_have_text("Please complete this required field.")
    await expect(form.get_by_role("combobox", name="Instance")).to_be_focused()
    assert stage.bot.heard == []

    await choose_instance(form)
    reason = form.get_by_role("textbox", name="Reason")
    await reason.fill("because")
    await reason.press("Enter")
    await expect(form.get_by_role("alert")).to_have_text("That is no reason.")
    await expect(reason).to_have_attribute("aria-invalid", "true")
    await expect(reason).to_be_focused()
    await expect(reason).to_have_accessible_description("That is no reason.")
    await expect(reason).to_have_value("because")

    await reason.fill("The old kernel leaves service")
    await reason.press("Enter")
    await expect(form).to_be_hidden()
    values = stage.bot.heard[-1]["view"]["state"]["values"]
    assert values["instance"]["instance"]["selected_option"]["value"] == "orders-2"
    assert stage.slack.modals("U0ANN") == []


async def test_a_time_is_meant_in_the_persons_own_zone(page: Page, stage: Stage) -> None:
    form = await open_form(page)
    await choose_instance(form)
    await form.get_by_role("textbox", name="Reason").fill("kernel")
    await form.get_by_label("Time").fill("2026-12-01T02:00")
    await expect(form.get_by_text("Europe/Berlin")).to_be_visible()
    await form.get_by_role("button", name="Show plan").click()

    await expect(form).to_be_hidden()
    values = stage.bot.heard[-1]["view"]["state"]["values"]
    assert values["at"]["at"]["selected_date_time"] == 1_796_086_800  # 01:00 UTC


async def test_the_focus_stays_inside_a_form_and_escape_leaves_it(page: Page, stage: Stage) -> None:
    form = await open_form(page)
    for _ in range(12):
        await page.keyboard.press("Tab")
        assert await form.evaluate("node => node.contains(document.activeElement)")
    await page.keyboard.press("Escape")

    await expect(form).to_be_hidden()
    await stage.slack.wait_for(lambda: not stage.slack.modals("U0ANN"))
    box = page.get_by_role("textbox", name="Message #db-changes")
    await expect(box).to_be_focused()


async def test_every_block_and_element_is_drawn(page: Page) -> None:
    await type_command(page, "/taurus-gallery")
    message = page.get_by_role("article")

    await expect(message.get_by_role("combobox")).to_have_count(3)
    await expect(message.get_by_role("checkbox")).to_have_count(2)
    await expect(message.get_by_role("radio")).to_have_count(2)
    await expect(message.locator("input[type=date]")).to_have_value("2026-12-01")
    await expect(message.locator("input[type=time]")).to_have_value("02:00")
    await expect(message.get_by_role("img", name="A picture")).to_be_visible()
    await expect(message.get_by_role("columnheader", name="Kernel").first).to_be_visible()
    await expect(message.get_by_role("heading", name="Notes")).to_be_visible()
    await expect(message.locator("strong")).to_have_text(["Left", "strong words", "one"])
    await expect(message.locator("em")).to_have_text("Right")
    await expect(message.locator("code")).to_have_text("print")
    await expect(message.locator(".unsupported")).to_have_count(0)


async def test_choices_in_a_message_reach_the_app(page: Page, stage: Stage) -> None:
    await type_command(page, "/taurus-gallery")
    message = page.get_by_role("article")
    await message.get_by_role("checkbox", name="orders-2").check()
    await message.get_by_role("radio", name="orders-1").check()
    await message.get_by_role("combobox", name="A menu").click()
    await page.get_by_role("option", name="orders-4").click()
    await message.get_by_role("button", name="More options").click()
    await page.get_by_role("menuitem", name="orders-2").click()
    await message.locator("input[type=date]").fill("2026-12-24")

    def chosen() -> list[object]:
        found: list[object] = []
        for action in (body["actions"][0] for body in stage.bot.heard):
            picked = action.get("selected_option") or {}
            several = [one["value"] for one in action.get("selected_options", [])]
            found.append(picked.get("value") or action.get("selected_date") or several)
        return found

    await stage.slack.wait_for(lambda: len(stage.bot.heard) == 5)
    assert chosen() == [["orders-2"], "orders-1", "orders-4", "orders-2", "2026-12-24"]
