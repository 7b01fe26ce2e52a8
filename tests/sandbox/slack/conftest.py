import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Self

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Json, SlackSimulator

NOON = 1_790_000_000.0


@dataclass
class Time:
    """A clock in the test's hand."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


def make_manifest(**features: object) -> Json:
    return {
        "display_information": {"name": "Taurus"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "taurus"},
            "slash_commands": [
                {"command": "/taurus-upgrade", "description": "Upgrades", "usage_hint": "NAME"},
                {"command": "/taurus-who", "description": "Who", "should_escape": True},
            ],
            "shortcuts": [
                {"name": "Upgrade", "type": "global", "callback_id": "upgrade", "description": "x"},
                {
                    "name": "Explain",
                    "type": "message",
                    "callback_id": "explain",
                    "description": "x",
                },
            ],
            **features,
        },
        "oauth_config": {
            "scopes": {
                "bot": [
                    "app_mentions:read",
                    "channels:read",
                    "chat:write",
                    "commands",
                    "files:write",
                    "im:history",
                    "im:write",
                    "team:read",
                    "usergroups:read",
                    "users:read",
                ],
                "bot_optional": ["channels:history", "groups:history"],
            }
        },
        "settings": {
            "event_subscriptions": {
                "bot_events": ["app_home_opened", "app_mention", "app_uninstalled", "message.im"]
            },
            "interactivity": {"is_enabled": True},
            "socket_mode_enabled": True,
        },
    }


MANIFEST = make_manifest()
HISTORY = (*MANIFEST["oauth_config"]["scopes"]["bot"], "channels:history", "groups:history")


def section(text: str, **more: object) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(action_id: str, value: str = "CHG-1") -> Json:
    return {"type": "button", "action_id": action_id, "text": plain("Go"), "value": value}


def field(block_id: str, element: Json, **more: object) -> Json:
    filled = {"action_id": block_id, **element}
    return {"type": "input", "block_id": block_id, "label": plain("x"), "element": filled, **more}


def modal(*blocks: Json, **more: object) -> Json:
    submit = {"submit": plain("Send")}
    return {"type": "modal", "title": plain("Form"), "blocks": list(blocks), **submit, **more}


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
async def slack(clock: Time) -> AsyncIterator[SlackSimulator]:
    simulator = await SlackSimulator.start(
        manifest=MANIFEST, clock=clock, wall=clock, ack_seconds=0.3
    )
    yield simulator
    await simulator.close()


@pytest.fixture
def api(slack: SlackSimulator) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


async def refusal(call: Awaitable[object]) -> Json:
    """What the official client says of a call that Slack refuses."""
    with pytest.raises(SlackApiError) as caught:
        await call
    data = caught.value.response.data
    assert isinstance(data, dict)
    return data


class Line:
    """A bare Socket Mode connection, to see what the official client hides."""

    def __init__(self, slack: SlackSimulator) -> None:
        self._slack = slack
        self._session = aiohttp.ClientSession()
        self.socket: aiohttp.ClientWebSocketResponse
        self.hello: Json = {}

    async def __aenter__(self) -> Self:
        app = AsyncWebClient(self._slack.app_token, base_url=self._slack.api_url)
        self.url = (await app.apps_connections_open(app_token=self._slack.app_token))["url"]
        self.socket = await self._session.ws_connect(self.url)
        self.hello = await self.read()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def read(self) -> Json:
        async with asyncio.timeout(5):
            found: Json = await self.socket.receive_json()
            return found

    async def ack(self, envelope: Json, payload: Json | None = None) -> None:
        answer = {"envelope_id": envelope["envelope_id"]}
        await self.socket.send_json({**answer, "payload": payload} if payload else answer)
