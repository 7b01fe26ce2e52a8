"""How calls travel: reads by aiohttp, which is light, and all that changes something by httpx."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from ssl import SSLContext
from urllib.request import Request

import httpx
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    ServerDisconnectedError,
    TCPConnector,
)
from yarl import URL


class NoCookies(CookieJar):
    """Keeps none: the API has no sessions, and looking for them in each answer takes its time."""

    def extract_cookies(self, _response: HTTPResponse, _request: Request) -> None:
        """Leave them."""


class Transport(httpx.AsyncBaseTransport):
    """Sends what httpx's client made, each request once.

    Whether an upgrade may have left is told by the kinds of httpx's own errors: it stays there.
    """

    def __init__(self, tls: SSLContext, connections: int) -> None:
        """Open nothing before the first call."""
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._writes = httpx.AsyncHTTPTransport(verify=tls, limits=limits, trust_env=False)
        self._tls = tls
        self._connections = connections
        self._session: ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises what httpx's own transport raises."""
        if request.method != "GET":
            return await self._writes.handle_async_request(request)
        with _words_of_httpx():
            return await self._read(request)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._writes.aclose()
        if self._session is not None:
            await self._session.close()

    async def _read(self, request: httpx.Request) -> httpx.Response:
        # As it was signed: encoded once more it would be another address.
        url = URL(str(request.url), encoded=True)
        limits = request.extensions["timeout"]
        timeout = _timeout(limits["connect"], limits["read"], limits["pool"])
        headers = request.headers.multi_items()
        asked = self._opened().get(url, headers=headers, timeout=timeout, allow_redirects=False)
        async with asked as answer:
            return httpx.Response(
                answer.status,
                headers=answer.raw_headers,
                content=await answer.read(),
                extensions={"reason_phrase": (answer.reason or "").encode("ascii", "replace")},
            )

    def _opened(self) -> ClientSession:
        if self._session is None:  # it belongs to the loop that calls
            connector = TCPConnector(limit=self._connections, ssl=self._tls, keepalive_timeout=5)
            self._session = ClientSession(
                connector=connector,
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
                middlewares=(_once,),
            )
        return self._session


@lru_cache(maxsize=8)  # nearly always the same
def _timeout(connect: float, read: float, pool: float) -> ClientTimeout:
    return ClientTimeout(connect=pool + connect, sock_connect=connect, sock_read=read)


async def _once(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
    """Keep aiohttp from sending it again by itself, which it does after errors of its own kinds."""
    with _words_of_httpx():
        return await send(request)


@contextmanager
def _words_of_httpx() -> Iterator[None]:
    try:
        yield
    except ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout(str(error)) from error
    except ClientConnectorError as error:
        raise httpx.ConnectError(str(error)) from error
    except TimeoutError as error:
        raise httpx.ReadTimeout(str(error)) from error
    except (ServerDisconnectedError, ClientResponseError) as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except ClientError as error:
        raise httpx.ReadError(str(error)) from error
