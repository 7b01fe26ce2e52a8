"""Recomputes AK/SK signatures (SDK-HMAC-SHA256) from what came over the wire."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from bot.sandbox.taurus.calls import Call
from bot.sandbox.taurus.errors import ServiceError

SKEW = timedelta(minutes=15)
"""How far X-Sdk-Date may be from the gateway's clock (API signing guide)."""
_AUTHORIZATION = re.compile(
    r"SDK-HMAC-SHA256 Access=(?P<access>[^,\s]+), SignedHeaders=(?P<names>[^,\s]+),"
    r" Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Signed:
    """The parts of an Authorization header."""

    access: str
    names: tuple[str, ...]
    signature: str


def read_authorization(header: str) -> Signed:
    """Take an Authorization header apart; raises ServiceError if it has another form."""
    match = _AUTHORIZATION.fullmatch(header)
    if match is None:
        raise ServiceError("APIGW.0301", "authorization format is incorrect")
    return Signed(match["access"], tuple(match["names"].split(";")), match["signature"])


def check_date(call: Call) -> None:
    """Raise ServiceError unless X-Sdk-Date is within 15 minutes of the gateway's clock."""
    try:
        signed_at = datetime.strptime(
            call.headers.get("X-Sdk-Date", "") + "+0000", "%Y%m%dT%H%M%SZ%z"
        )
    except ValueError as error:
        raise ServiceError("APIGW.0301", "x-sdk-date not found or malformed") from error
    if abs(call.now - signed_at) > SKEW:
        raise ServiceError("APIGW.0303", "x-sdk-date is more than 15 minutes off")


def is_genuine(call: Call, signed: Signed, secret: str) -> bool:
    """Whether the signature is the one that `secret` gives for this very request."""
    if not {"host", "x-sdk-date"} <= set(signed.names):
        return False
    if any(name not in call.headers for name in signed.names):
        return False
    digest = hashlib.sha256(_canonical_request(call, signed).encode()).hexdigest()
    to_sign = f"SDK-HMAC-SHA256\n{call.headers['X-Sdk-Date']}\n{digest}"
    expected = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signed.signature)


def _canonical_request(call: Call, signed: Signed) -> str:
    block = "".join(f"{name}:{call.headers[name].strip()}\n" for name in signed.names)
    payload = hashlib.sha256(call.body).hexdigest()
    if call.body and "X-Sdk-Content-Sha256" in call.headers:
        payload = call.headers["X-Sdk-Content-Sha256"]
    lines = (
        call.method,
        _canonical_path(call.path),
        _canonical_query(call.raw_query),
        block,
        ";".join(signed.names),
        payload,
    )
    return "\n".join(lines)


def _canonical_path(path: str) -> str:
    encoded = "/".join(quote(part, safe="~") for part in unquote(path).split("/"))
    return encoded if encoded.endswith("/") else f"{encoded}/"


def _canonical_query(raw_query: str) -> str:
    # A plus sign stays a plus sign here: a client that sends blanks as "+" signed something else.
    pairs = [part.partition("=") for part in raw_query.split("&") if part]
    decoded = sorted((unquote(name), unquote(value)) for name, _, value in pairs)
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in decoded)
