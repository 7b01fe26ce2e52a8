"""The one way in which calls leave for Slack: one session, no hidden repeats, every call told."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.ports import ChatError
from bot.slack.config import SlackConfig
from bot.slack.errors import chat_error, refusal

OnCall = Callable[[str, str, float], None]
"""Told of every call: the method, `ok` or the error's code, the seconds it took."""

Ticks = Callable[[], float]
"""A steady clock in seconds, only good for differences."""

_TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
_SLACKS = (".slack.com", ".slack-gov.com", ".slack-edge.com")
"""How the hosts end that Slack names in payloads: nobody else gets what is meant for them."""
_OK = 200
_REFUSED = frozenset({400, 403, 404, 410})


def open_session(config: SlackConfig) -> aiohttp.ClientSession:
    """Open the session that every call and every socket shares; needs a running loop."""
    return aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=not config.is_local)


def quiet_logger(level: int = logging.WARNING) -> logging.Logger:
    """Return a logger for Slack's libraries that shows only `level` and above.

    Below warnings they log whole payloads: addresses of sockets with their tickets, response
    URLs, everything that people typed.
    """
    logger = logging.getLogger(f"bot.slack.library.{logging.getLevelName(level).lower()}")
    logger.setLevel(level)
    return logger


def web_client(config: SlackConfig, session: aiohttp.ClientSession) -> AsyncWebClient:
    """Make the SDK's client, without its repeats: they would post a message twice."""
    client = AsyncWebClient(
        token=config.bot_token.get_secret_value(),
        base_url=config.api_url,
        session=session,
        retry_handlers=[],
        logger=quiet_logger(),
    )
    # The SDK knows no exceptions from HTTPS_PROXY; the session does (NO_PROXY).
    client.proxy = None
    return client


class WebApi:
    """Slack's Web API and its response URLs."""

    def __init__(
        self,
        client: AsyncWebClient,
        session: aiohttp.ClientSession,
        *,
        on_call: OnCall,
        ticks: Ticks,
    ) -> None:
        """Use `client` for methods and `session` for response URLs."""
        self.client = client
        self._session = session
        self._on_call = on_call
        self._ticks = ticks

    async def call(self, method: str, request: Awaitable[AsyncSlackResponse]) -> dict[str, Any]:
        """Await a request of the client and return Slack's answer; raises `ChatError`."""
        return await self._told(method, self._answer(request))

    async def respond(self, response_url: str, body: dict[str, Any]) -> None:
        """Use a response URL; raises `ChatError` if it is used up, too old or not Slack's."""
        if not self._is_slacks(response_url):
            raise ChatError("bad_response_url")
        await self._told("response_url", self._post(response_url, body))

    async def send_file(self, url: str, content: bytes) -> None:
        """Send a file to the address that Slack gave for it; raises `ChatError`."""
        if not self._is_slacks(url):
            raise ChatError("bad_upload_url")
        await self._told("upload", self._put(url, content))

    async def _put(self, url: str, content: bytes) -> dict[str, Any]:
        try:
            async with self._session.post(url, data=content) as response:
                status, headers = response.status, response.headers
        except (aiohttp.ClientError, OSError) as error:
            # Nothing is shown to anybody yet, so nothing can be shown twice.
            again = chat_error(error).retry_after
            raise ChatError("no_answer", retry_after=again) from None
        if status != _OK:
            raise ChatError(f"http_{status}", retry_after=refusal(status, "", headers).retry_after)
        return {}

    async def _told(self, method: str, work: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        started = self._ticks()
        outcome = "ok"
        try:
            return await work
        except ChatError as error:
            outcome = error.code
            raise
        finally:
            self._on_call(method, outcome, self._ticks() - started)

    async def _answer(self, request: Awaitable[AsyncSlackResponse]) -> dict[str, Any]:
        try:
            response = await request
        # AttributeError is how the SDK meets a plain-text body in place of JSON.
        except (SlackClientError, aiohttp.ClientError, OSError, AttributeError) as error:
            # Not chained: the library's errors may quote addresses that are secrets.
            raise chat_error(error) from None
        return dict(response.data) if isinstance(response.data, dict) else {}

    async def _post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            async with self._session.post(url, json=body) as response:
                status, text, headers = response.status, await response.text(), response.headers
        except (aiohttp.ClientError, OSError) as error:
            raise chat_error(error) from None
        # Slack answers `ok` or {"ok":true}, and 404 {"ok":false,"error":"used_url"}.
        said_no = status in _REFUSED or '"ok":false' in text.replace(" ", "")
        if status != _OK or said_no:
            raise refusal(status, "response_url_refused" if said_no else "", headers)
        return {}

    def _is_slacks(self, url: str) -> bool:
        asked, home = urlsplit(url), urlsplit(self.client.base_url)
        if (asked.scheme, asked.netloc) == (home.scheme, home.netloc):
            return True
        host = f".{asked.hostname or ''}"
        return asked.scheme == "https" and host.endswith(_SLACKS)
