"""Two fleets to play with: one with every interesting state, one of any size."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.sandbox.taurus.instances import Condition, Fate, Fleet, Instance, Phase

NEWEST = "2.0.72.251200"
DIRECT = "2.0.63.250300"
LARGEST = 5000


def default_fleet() -> Fleet:
    """Two dozen instances of a shop: every path, state and fate at least once."""
    many = ("a", "b")
    plain = [
        _one("orders-prod-01", DIRECT, readers=2, az_codes=many, window="18:00-22:00"),
        _one("orders-prod-02", DIRECT, window="18:00-22:00"),
        _one("orders-prod-03", "2.0.60.241200", az_codes=many, proxies=1),
        _one("orders-prod-04", NEWEST, az_codes=many),
        _one("orders-staging-01", DIRECT, window="02:00-06:00"),
        _one("orders-dev-01", "2.0.69.250900", window="22:00-02:00"),
        _one("payments-prod-01", "2.0.63.250301", readers=3, az_codes=("a", "b", "c"), proxies=2),
        _one("payments-prod-02", "2.0.51.240305", az_codes=many),
        _one("payments-prod-03", "2.0.51.240311"),
        _one("payments-staging-01", "2.0.51.240305", phase=Phase.PRE_UPGRADED),
        _one("payments-dev-01", "2.0.51.240311", phase=Phase.TO_BE_CONFIRMED),
        _one("users-prod-01", "2.0.48.231200", az_codes=many, end_of_service=True),
        _one("users-prod-02", "2.0.29.1", end_of_service=True),
        _one("users-prod-03", "2.0.57.240905", scheduled=True),
        _one("users-staging-01", NEWEST),
    ]
    return Fleet(plain + _troubled())


def _troubled() -> list[Instance]:
    minutes = timedelta(minutes=10)
    return [
        _one("catalog-prod-01", DIRECT, condition=Condition.BACKING_UP, busy_for=minutes),
        _one("catalog-prod-02", DIRECT, condition=Condition.MODIFYING, busy_for=2 * minutes),
        _one("catalog-prod-03", DIRECT, condition=Condition.STORAGE_FULL),
        _one("billing-prod-01", DIRECT, condition=Condition.FROZEN),
        _one("billing-prod-02", DIRECT, condition=Condition.ABNORMAL),
        _one("billing-staging-01", NEWEST, condition=Condition.CREATING, busy_for=minutes),
        _one("search-prod-01", DIRECT, fate=Fate.SUPPORT_ONLY),
        _one("search-prod-02", "2.0.54.240600", fate=Fate.NEVER_STARTS),
        _one("search-staging-01", DIRECT, replica_delay_seconds=900),
        _one("reports-prod-01", DIRECT, fate=Fate.UNDER_LOAD, readers=4),
        _one("reports-prod-02", DIRECT, fate=Fate.LEAVES_COPY),
        _one("reports-dev-01", DIRECT, fate=Fate.FAILS, readers=0),
    ]


def make_fleet(count: int) -> Fleet:
    """`count` generated instances, 1 to 5,000; three of four can be upgraded directly.

    Raises ValueError outside these bounds.
    """
    if not 1 <= count <= LARGEST:
        raise ValueError(f"a fleet has 1 to {LARGEST} instances, not {count}")
    return Fleet([_generated(number) for number in range(count)])


def _generated(number: int) -> Instance:
    service = ("orders", "payments", "users", "catalog", "billing")[number % 5]
    env = ("prod", "staging", "dev")[number % 3]
    kernel = (DIRECT, "2.0.60.241200", "2.0.69.250900", NEWEST)[number % 4]
    made = _one(f"{service}-{env}-{number + 1:04d}", kernel)
    octets = f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"
    return replace(made, private_ip=octets, az_codes=("a", "b") if number % 2 else ("a",))


def _one(name: str, kernel: str, **state: Any) -> Instance:  # noqa: ANN401
    service, env, _ = name.split("-")
    tags = {
        "env": env,
        "service": service,
        "team": {"orders": "shop", "payments": "money", "billing": "money"}.get(service, "core"),
        "ring": {"dev": "0", "staging": "1"}.get(env, "2"),
    }
    instance_id = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest() + "in07"
    address = f"192.168.0.{int(instance_id[:2], 16)}"
    return Instance(instance_id, name, kernel, NEWEST, tags=tags, private_ip=address, **state)
