"""A scripted Slack, a clock in the hand, and the parts that speak to them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.slack.account import Account
from bot.slack.chat import SlackChat
from bot.slack.config import SlackConfig
from bot.slack.people import SlackPeople
from bot.slack.web import WebApi, open_session, web_client
from tests.slack.scripted import APP_TOKEN, BOT_TOKEN, ScriptedSlack


class HandClock:
    """Shows the time it was set to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 12, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def slack() -> AsyncIterator[ScriptedSlack]:
    server = ScriptedSlack()
    await server.start()
    yield server
    await server.close()


@pytest.fixture
def config(slack: ScriptedSlack) -> SlackConfig:
    return SlackConfig(
        mode="socket",
        bot_token=SecretStr(BOT_TOKEN),
        app_token=SecretStr(APP_TOKEN),
        api_url=slack.api_url,
    )


@pytest.fixture
def told() -> list[tuple[str, str]]:
    """What the hook for calls heard."""
    return []


@pytest.fixture
async def api(config: SlackConfig, told: list[tuple[str, str]]) -> AsyncIterator[WebApi]:
    session = open_session(config)

    def on_call(method: str, outcome: str, seconds: float) -> None:
        assert seconds == 1.0
        told.append((method, outcome))

    ticks = iter(range(1000))
    yield WebApi(web_client(config, session), session, on_call=on_call, ticks=lambda: next(ticks))
    await session.close()


@pytest.fixture
async def account(config: SlackConfig, api: WebApi) -> Account:
    account = Account(config, api)
    await account.sign_in()
    return account


@pytest.fixture
def chat(api: WebApi, account: Account, clock: HandClock) -> SlackChat:
    return SlackChat(api, account, clock)


@pytest.fixture
def people(api: WebApi, account: Account, clock: HandClock) -> SlackPeople:
    return SlackPeople(api, account, clock)
