"""The one door for deliveries, whichever way they come, and its HTTP side."""

import asyncio
import logging
from collections.abc import Callable

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import Clock as SignatureClock
from slack_sdk.signature import SignatureVerifier

from bot.ports import Clock
from bot.slack import payloads
from bot.slack.account import Account
from bot.slack.web import Ticks
from bot.watch import Watch

OnAck = Callable[[str, float], None]
"""Told of every acknowledgement: the kind of delivery and the seconds since it arrived."""

PATH = "/slack/events"
_LARGEST = 1 << 20
"""Bytes. Slack's own are far smaller: a form has 100 blocks, a command 4,000 characters."""

_PATIENCE = 5.0
"""Seconds until a body has to be here; Slack itself gives up after three."""
_UNAVAILABLE = 503

_log = logging.getLogger(__name__)


class Reception:
    """Hands deliveries to Bolt, counts those under way, and takes no more once it is closing."""

    def __init__(
        self, app: AsyncApp, account: Account, *, on_ack: OnAck, ticks: Ticks, watch: Watch
    ) -> None:
        """Open as soon as the account is known."""
        self._app = app
        self._account = account
        self._on_ack = on_ack
        self._ticks = ticks
        self._watch = watch
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False

    @property
    def is_open(self) -> bool:
        """Whether deliveries are taken."""
        return self._account.is_known and not self._closing

    async def take(self, request: AsyncBoltRequest) -> BoltResponse:
        """Return what to answer Slack: 200 is an acknowledgement, 503 asks for a repeat."""
        if not self.is_open:
            return BoltResponse(status=_UNAVAILABLE, body="")
        self._under_way += 1
        self._idle.clear()
        kind, key = payloads.kind_of(request.body), payloads.key_of(request.body)
        try:
            with self._watch.work(f"take {kind}", key, kind=kind):
                return await self._acknowledged(request, kind)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def close(self, seconds: float) -> None:
        """Take nothing more; wait until what is under way has been answered."""
        self._closing = True
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            _log.warning("%d deliveries were not acknowledged in time", self._under_way)

    async def _acknowledged(self, request: AsyncBoltRequest, kind: str) -> BoltResponse:
        started = self._ticks()
        try:
            response = await self._app.async_dispatch(request)
        except Exception:  # noqa: BLE001 - Bolt trips over payloads of a shape it does not expect
            _log.exception("Bolt failed on a %s", kind)
            response = BoltResponse(status=500)
        if response.status == _UNAVAILABLE:
            return response
        if response.status != web.HTTPOk.status_code:
            # Bolt's word for "no listener" and for its own mistakes. Slack would show people an
            # error, or repeat it, and neither helps.
            _log.warning("acknowledged a %s that nothing is there for", kind)
            response = BoltResponse(status=200, body="")
        self._on_ack(kind, self._ticks() - started)
        return response


class HttpReception:
    """`POST /slack/events`: checks the signature, then hands the request to the reception."""

    def __init__(
        self,
        reception: Reception,
        signing_secret: str,
        clock: Clock,
        *,
        patience: float = _PATIENCE,
    ) -> None:
        """Refuse everything that is not signed with `signing_secret` within 300 s of `clock`.

        `patience` is how many seconds a request may take to arrive.
        """
        self._reception = reception
        self._patience = patience
        self._verifier = SignatureVerifier(signing_secret, _Seconds(clock))

    def routes(self) -> list[web.RouteDef]:
        """Give the routes for the process's HTTP server."""
        return [web.post(PATH, self._handle)]

    async def _handle(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(self._patience):
                body = await _bounded(request)
        except TimeoutError:
            # Whoever sends a byte now and then would hold the connection for ever.
            raise web.HTTPRequestTimeout(text="The request takes too long to arrive.") from None
        if not self._is_signed(body, request):
            raise web.HTTPUnauthorized(text="The signature does not fit, or it is too old.")
        try:
            asked = AsyncBoltRequest(body=body.decode(), headers=dict(request.headers))
        except Exception:  # noqa: BLE001 - Bolt looks into it at once, and trips over strange shapes
            raise web.HTTPBadRequest(text="This is not JSON as Slack writes it.") from None
        return await to_aiohttp_response(await self._reception.take(asked))

    def _is_signed(self, body: bytes, request: web.Request) -> bool:
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        try:
            return self._verifier.is_valid(body, timestamp, signature)
        except (ValueError, TypeError):  # no number, no UTF-8, no ASCII
            return False


class _Seconds(SignatureClock):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock().timestamp()


async def _bounded(request: web.Request) -> bytes:
    read = bytearray()
    async for chunk in request.content.iter_any():
        read += chunk
        if len(read) > _LARGEST:
            raise web.HTTPRequestEntityTooLarge(_LARGEST, len(read))
    return bytes(read)
