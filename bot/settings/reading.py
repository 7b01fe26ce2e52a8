"""Reading single variables; mistakes are collected, and no value is shown that may be secret."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import inet_aton
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.domain.duration import parse_duration
from bot.domain.subscription import Subscription, parse_notify

_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
# Where clouds tell their machines' credentials, besides the link-local addresses.
_METADATA = frozenset({ip_address("fd00:ec2::254"), ip_address("100.100.100.200")})
_METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "instance-data"})
_SHOWN = 24  # ids are shorter; longer text could be a secret in the wrong place


@dataclass
class Reading:
    """One pass over the variables."""

    environ: Mapping[str, str]
    problems: list[str] = field(default_factory=list)

    def text(self, name: str, default: str = "") -> str:
        """Return the variable without blanks around it, or the default if it is empty."""
        return self.environ.get(name, "").strip() or default

    def has(self, name: str) -> bool:
        """Whether the variable says anything."""
        return bool(self.text(name))

    def secret(self, name: str) -> SecretStr:
        """Read something that is never shown."""
        return SecretStr(self.text(name))

    def wrong(self, name: str, mend: str) -> None:
        """Note a mistake and how to mend it."""
        self.problems.append(f"{name}: {mend}")

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """Read one of several words, in any case."""
        value = self.text(name, default)
        for one in choices:
            if one.lower() == value.lower():
                return one
        self.wrong(name, f"use one of: {', '.join(one for one in choices if one)}")
        return default

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """Read a whole number within bounds."""
        value = self.text(name, str(default))
        if not (re.fullmatch(r"[0-9]{1,9}", value) and least <= int(value) <= most):
            self.wrong(name, f"use a whole number from {least} to {most}")
            return default
        return int(value)

    def yes_no(self, name: str) -> bool:
        """Read `true` or `false`, or one of their usual synonyms."""
        value = self.text(name, "false").lower()
        if value not in _TRUE | _FALSE:
            self.wrong(name, "use true or false")
        return value in _TRUE

    def duration(self, name: str, default: str) -> timedelta:
        """Read a duration longer than nothing."""
        try:
            value = parse_duration(self.text(name, default))
        except ValueError:
            self.wrong(name, "use a duration such as 10s, 5m, 2h or 1d, at most 366d")
            return parse_duration(default)
        if value <= timedelta():
            self.wrong(name, "use a duration longer than nothing")
        return value

    def ids(self, name: str, pattern: re.Pattern[str], example: str) -> tuple[str, ...]:
        """Read a comma list of ids that fit the pattern, each once."""
        found = tuple(part.strip() for part in self.text(name).split(",") if part.strip())
        for one in found:
            if not pattern.fullmatch(one):
                shown = repr(one) if len(one) <= _SHOWN else "an entry"
                self.wrong(name, f"{shown} is not an id; use ids such as {example}")
        return tuple(dict.fromkeys(found))

    def notify(self, name: str) -> tuple[str | Subscription, ...]:
        """Read a comma list of channels and of subscriptions by tag, each once."""
        found: list[str | Subscription] = []
        for part in filter(None, (part.strip() for part in self.text(name).split(","))):
            try:
                found.append(parse_notify(part))
            except ValueError as error:
                self.wrong(name, str(error))
        return tuple(dict.fromkeys(found))

    def url(self, name: str, default: str = "", *, bare: bool = False) -> str:
        """Read an address to which secrets may be sent; `bare` is one without a path."""
        value = self.text(name, default)
        if value and not is_safe_url(value, bare=bare):
            self.wrong(
                name, "use an address such as https://host; plain http:// is for loopback only"
            )
        return value


def is_safe_url(value: str, *, bare: bool = False, query: bool = False) -> bool:
    """Whether secrets may be sent there: https, or http on loopback; never this machine's host."""
    try:
        parts = urlsplit(value)
        _ = parts.port  # out of range is found only when asked
    except ValueError:
        return False
    host, path = parts.hostname or "", parts.path.strip("/")
    if not host or "@" in parts.netloc or parts.fragment or _is_metadata(host):
        return False
    if (parts.query and not query) or (path and bare):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_metadata(host: str) -> bool:
    """Whether a cloud tells its machines' credentials there."""
    address = _address(host)
    if address is None:
        return host.rstrip(".").lower() in _METADATA_NAMES
    return address.is_link_local or address in _METADATA


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """Read an address in any form that a resolver takes; None if it is a name."""
    try:
        address = ip_address(host)
    except ValueError:
        try:
            # Also 0xa9fea9fe, 2852039166 and 169.16689662, which all mean 169.254.169.254.
            return IPv4Address(inet_aton(host))
        except (OSError, UnicodeError):
            return None
    inside = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return inside or address


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback
