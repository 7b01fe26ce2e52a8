"""Where the cloud is: endpoints by region, and which addresses may be talked to at all.

The prefix of the host name differs between regions and follows no rule (TaurusDB API docs,
"Endpoints"; the vendor's SDK agrees), so this is a table.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

_REGIONS = {
    "gaussdb": (
        "cn-north-2 cn-north-4 cn-north-9 cn-east-3 cn-south-1 cn-south-4 cn-southwest-2"
        " ap-southeast-3 ap-southeast-4 sa-brazil-1 ru-northwest-2"
    ),
    "gaussdbformysql": "ap-southeast-1 ap-southeast-2 tr-west-1 me-east-1 cn-north-11",
    "gaussdb-mysql": "af-south-1 la-north-2 cn-east-5 cn-southwest-3",
}
_PREFIX = {region: prefix for prefix, regions in _REGIONS.items() for region in regions.split()}

REGIONS = tuple(sorted(_PREFIX))
"""Ids of the regions whose endpoints are known."""


class Endpoints(NamedTuple):
    """The two services of one region, each as `https://host`."""

    service: str
    iam: str


def endpoints(region: str) -> Endpoints:
    """Look the endpoints of a region up; raises ValueError that names the known regions."""
    if region not in _PREFIX:
        known = ", ".join(sorted(_PREFIX))
        raise ValueError(
            f"{region!r} is not a region with TaurusDB. Known regions: {known}."
            " For another one give both TAURUS_ENDPOINT and TAURUS_IAM_ENDPOINT."
        )
    host = f"{region}.myhuaweicloud.com"
    return Endpoints(f"https://{_PREFIX[region]}.{host}", f"https://iam.{host}")


def checked(url: str) -> str:
    """Return an endpoint without its trailing slash; raises ValueError if it is not to be used.

    Credentials go to this address, so plain HTTP is for loopback only. Addresses that belong to
    no service (link-local, where machines offer their metadata; unspecified; multicast) are
    refused.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # out of range is found only when asked
    except ValueError as error:
        raise ValueError(f"{url!r} is not an address: {error}") from error
    _check_shape(url, parts)
    address = _address(parts.hostname or "")
    if address is not None and not _may_be_a_service(address):
        raise ValueError(f"{url!r} is an address where no cloud service can be")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or "", address):
        raise ValueError(f"{url!r} must begin with https://; plain http is for loopback only")
    return f"{parts.scheme}://{parts.netloc}"


def _check_shape(url: str, parts: SplitResult) -> None:
    if "@" in parts.netloc:
        raise ValueError("an endpoint must not contain a user name or a password")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} must look like https://host")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError(f"{url!r} must end after the host name")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _may_be_a_service(address: IPv4Address | IPv6Address) -> bool:
    return not (address.is_link_local or address.is_unspecified or address.is_multicast)


def _is_loopback(host: str, address: IPv4Address | IPv6Address | None) -> bool:
    return address.is_loopback if address is not None else host == "localhost"
