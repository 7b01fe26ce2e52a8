"""Keeps other web pages out: they could reach a server on loopback through the user's browser."""

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

_NAMES = {"127.0.0.1", "localhost", "::1"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def _host_is_ours(request: web.Request) -> bool:
    """A foreign name that resolves to loopback (DNS rebinding) shows in the Host header."""
    return urlsplit(f"//{request.host}").hostname in _NAMES


def _origin_is_ours(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        return False
    is_link = request.path == "/" and request.headers.get("Sec-Fetch-Mode") == "navigate"
    return is_link or request.headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses requests that a foreign page caused; bots send no Origin and pass."""
    if not _host_is_ours(request) or not _origin_is_ours(request):
        raise web.HTTPForbidden(text="only the sandbox's own page may ask this")
    return await handler(request)


async def harden(_: web.Request, response: web.StreamResponse) -> None:
    """Adds the headers that keep the page to itself (a signal of aiohttp: on_response_prepare)."""
    response.headers.update(_HEADERS)
