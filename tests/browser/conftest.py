import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Json, SlackSimulator
from tests.browser.counterpart import Counterpart, manifest
from tests.dialogues.stage import Stage as Play

expect.set_options(timeout=20_000)  # milliseconds that a busy machine may take
NOW = 1_790_000_000.0  # Monday 21 September 2026, 14:13:20 UTC
NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = f"no Chromium here (looked for {', '.join(NAMES)}): apt install chromium"


def find_chromium() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), "")
    if not found and os.environ.get("CI"):
        pytest.fail(MISSING)
    if not found:
        pytest.skip(MISSING)
    return found


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = find_chromium()
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--headless"]
        )
        yield chromium
        await chromium.close()


class FakePanel:
    """The other simulator's panel: one switch of each kind, one database, one clock."""

    def __init__(self) -> None:
        self.changes: list[Json] = []
        self.now = NOW
        self.speed = 1.0

    async def read(self) -> Json:
        kinds: list[Json] = [
            {"name": "down", "label": "API is down", "help": "503", "kind": "toggle"},
            {"name": "slow", "label": "Slow answers", "help": "Seconds", "kind": "number"},
            {"name": "who", "label": "Only this one", "help": "Its name", "kind": "text"},
            {"name": "code", "label": "Refuse with", "help": "A code", "kind": "choice"},
        ]
        values = {"down": False, "slow": 0, "who": "", "code": "none"}
        values |= {one["switch"]: one["value"] for one in self.changes if "switch" in one}
        switches = [{**kind, "value": values[kind["name"]]} for kind in kinds]
        switches[3]["choices"] = ["none", "DBS.200019"]
        row = {"id": "a" * 32 + "in07", "name": "orders-1", "status": "normal", "note": ""}
        clock = {"now": self.now, "speed": self.speed}
        fleet = [{**row, "kernel": "2.0.63.250300", "latest": "2.0.72.251200"}]
        return {"clock": clock, "switches": switches, "fleet": fleet}

    async def apply(self, change: Json) -> None:
        if change.get("value") == -1:
            raise ValueError("a time is not negative")
        self.changes.append(change)
        self.now += change.get("advance_seconds", 0)
        self.speed = change.get("speed", self.speed)


@dataclass
class Stage:
    """A chat with a bot in it."""

    slack: SlackSimulator
    bot: Counterpart
    panel: FakePanel


@pytest_asyncio.fixture(loop_scope="session")
async def stage() -> AsyncIterator[Stage]:
    panel = FakePanel()
    slack = await SlackSimulator.start(
        manifest=manifest(), clock=lambda: NOW, ack_seconds=1, panel=panel, enforce_rates=False
    )
    app = AsyncApp(client=AsyncWebClient(slack.bot_token, base_url=slack.api_url))
    bot = Counterpart(app, int(NOW) + 7200)
    handler = AsyncSocketModeHandler(app, slack.app_token)
    handler.client.web_client.base_url = slack.api_url
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.wait_for(lambda: slack.connections)
    yield Stage(slack, bot, panel)
    await handler.close_async()  # type: ignore[no-untyped-call]
    await slack.close()


def note(problems: list[str], line: ConsoleMessage) -> None:
    if line.type == "error":
        problems.append(line.text)


Open = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, stage: Stage) -> AsyncIterator[Open]:
    """Opens the page as a person; at the end nothing may have gone wrong in any console."""
    pages: list[Page] = []
    problems: list[str] = []

    async def open_it(user: str = "U0ANN", width: int = 1280, **context: object) -> Page:
        viewport = {"width": width, "height": 800}
        page = await browser.new_page(viewport=viewport, **context)  # type: ignore[arg-type]
        pages.append(page)
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: note(problems, line))
        await page.goto(f"{stage.slack.url}/#/{user}")
        await page.wait_for_selector("body[data-connection=open]")
        return page

    yield open_it
    for page in pages:
        await page.close()
    assert not problems


@pytest_asyncio.fixture(loop_scope="session")
async def page(open_page: Open) -> Page:
    return await open_page()


@pytest_asyncio.fixture(loop_scope="session")
async def play(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Play]:
    """The real bot between both simulators; a test may hand in its policy."""
    variables: dict[str, Any] = {}
    if policy := getattr(request, "param", ""):
        (tmp_path / "policy.toml").write_text(policy)
        variables = {"TAURUS_CONFIG": f"{tmp_path}/policy.toml", "TAURUS_NOTIFY": ""}
    stage = await Play.open(tmp_path, **variables)
    yield stage
    await stage.close()


@pytest_asyncio.fixture(loop_scope="session")
async def story(browser: Browser, play: Play) -> AsyncIterator[Page]:
    """The page as ann opens it, in front of the real bot."""
    problems: list[str] = []
    page = await browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.goto(f"{play.world.slack.url}/#/U0ANN")
    await page.wait_for_selector("body[data-connection=open]")
    yield page
    await page.close()
    assert not problems
