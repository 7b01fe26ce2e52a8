"""Signed HTTP deliveries to the bot's request URL.

Shapes and signature: Slack docs, Verifying requests from Slack; The Events API.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.slack.ack import DISPATCH_FAILED, TIMEOUT, Ack, Delivery
from bot.sandbox.slack.wire import Json


def signature(secret: str, timestamp: str, body: str) -> str:
    """The `X-Slack-Signature` of a body."""
    text = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


class HttpPosts:
    """Posts payloads as Slack does.

    Args:
        url: the bot's request URL.
        signing_secret: what the bot checks the signature with.
        wall: real time (unix seconds), for the signature's timestamp.
        ack_seconds: how long the bot may take.
    """

    def __init__(
        self, url: str, signing_secret: str, wall: Callable[[], float], ack_seconds: float
    ) -> None:
        self.url = url
        self._secret = signing_secret
        self._wall = wall
        self._timeout = aiohttp.ClientTimeout(total=ack_seconds)
        self._session: aiohttp.ClientSession | None = None

    @property
    def is_connected(self) -> bool:
        """Whether there is an address to deliver to."""
        return bool(self.url)

    async def deliver(self, delivery: Delivery) -> Ack:
        """Posts a payload and reads the acknowledgement."""
        content_type, body = _body(delivery)
        headers = {**self._signed(body, delivery), "Content-Type": content_type}
        try:
            async with self._open().post(self.url, data=body, headers=headers) as response:
                return _ack(response.status, await response.text())
        except TimeoutError:
            return Ack(TIMEOUT)
        except aiohttp.ClientError:
            return Ack(DISPATCH_FAILED)

    async def close(self) -> None:
        """Closes the connections to the bot."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self._session

    def _signed(self, body: str, delivery: Delivery) -> dict[str, str]:
        timestamp = str(int(self._wall()) - delivery.age)
        headers = {
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._secret, timestamp, body),
        }
        if delivery.retry:
            headers["X-Slack-Retry-Num"] = str(delivery.retry)
            headers["X-Slack-Retry-Reason"] = delivery.reason
        return headers


def _body(delivery: Delivery) -> tuple[str, str]:
    if delivery.kind == "events_api":
        return "application/json", json.dumps(delivery.payload)
    form = delivery.payload
    if delivery.kind == "interactive":
        form = {"payload": json.dumps(delivery.payload)}
    return "application/x-www-form-urlencoded", urlencode(form)


def _ack(status: int, text: str) -> Ack:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Ack("http_service_error")
    if status != HTTPStatus.OK:
        return Ack("http_client_error")
    return Ack(body=_answer(text))


def _answer(text: str) -> Json | None:
    if not text.strip():
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return {"text": text}
    return found if isinstance(found, dict) else {"text": text}
