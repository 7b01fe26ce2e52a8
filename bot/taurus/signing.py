"""AK/SK signing: SDK-HMAC-SHA256, as the API gateway demands it.

Source: API Signing Guide. There is no key derivation and no scope of date or region; the path
gets a trailing slash in what is signed, but not on the wire.
"""

import hashlib
import hmac
from collections.abc import Generator, Iterable, Mapping
from urllib.parse import quote, unquote

import httpx

from bot.ports import Clock
from bot.taurus.config import AkSk

_ALGORITHM = "SDK-HMAC-SHA256"
_SIGNED = frozenset(
    {
        "content-type",
        "host",
        "user-agent",
        "x-language",
        "x-project-id",
        "x-sdk-date",
        "x-security-token",
    }
)
"""What the vendor's SDK signs too. Headers that httpx adds are left to the ways of proxies."""


def encode_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Sort and encode a query the way it has to be both signed and sent."""
    return "&".join(f"{_encode(name)}={_encode(value)}" for name, value in sorted(pairs))


def canonical_request(
    method: str, target: str, headers: Mapping[str, str], body: bytes
) -> tuple[str, str]:
    """Return the canonical request and the list of its signed headers.

    `target` is path and query as they stand on the wire; every header given is signed.
    """
    path, _, query = target.partition("?")
    values = {name.lower(): value.strip() for name, value in headers.items()}
    names = ";".join(sorted(values))
    lines = (
        method.upper(),
        _canonical_path(path),
        encode_query(_pairs(query)),
        "".join(f"{name}:{values[name]}\n" for name in sorted(values)),
        names,
        hashlib.sha256(body).hexdigest(),
    )
    return "\n".join(lines), names


def string_to_sign(canonical: str, date: str) -> str:
    """Condense a canonical request; `date` is the value of X-Sdk-Date."""
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return f"{_ALGORITHM}\n{date}\n{digest}"


class AkSkAuth(httpx.Auth):
    """Signs every request. A refused signature is never tried again: that locks the key."""

    requires_request_body = True

    def __init__(self, key: AkSk, clock: Clock) -> None:
        """`clock` must be within 15 minutes of the gateway's."""
        self._key = key
        self._clock = clock

    def secrets(self) -> tuple[str, ...]:
        """What must never be shown to anybody."""
        token = self._key.security_token
        found = (self._key.ak, self._key.sk, *([token] if token else []))
        return tuple(secret.get_secret_value() for secret in found)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add date, security token and signature."""
        date = self._clock().strftime("%Y%m%dT%H%M%SZ")
        request.headers["X-Sdk-Date"] = date
        if self._key.security_token:
            request.headers["X-Security-Token"] = self._key.security_token.get_secret_value()
        request.headers["Authorization"] = self._authorization(request, date)
        yield request

    def _authorization(self, request: httpx.Request, date: str) -> str:
        headers = {name: value for name, value in request.headers.items() if name in _SIGNED}
        target = request.url.raw_path.decode("ascii")
        canonical, names = canonical_request(request.method, target, headers, request.content)
        secret = self._key.sk.get_secret_value().encode()
        text = string_to_sign(canonical, date).encode()
        signature = hmac.new(secret, text, hashlib.sha256).hexdigest()
        access = self._key.ak.get_secret_value()
        return f"{_ALGORITHM} Access={access}, SignedHeaders={names}, Signature={signature}"


def _canonical_path(path: str) -> str:
    encoded = "/".join(_encode(part) for part in unquote(path).split("/"))
    return encoded if encoded.endswith("/") else f"{encoded}/"


def _pairs(query: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(unquote(name), unquote(value)) for name, _, value in parts]


def _encode(text: str) -> str:
    return quote(text, safe="~")
