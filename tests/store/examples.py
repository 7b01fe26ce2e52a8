"""Example values for the store's tests."""

from datetime import UTC, datetime, timedelta

from bot.domain.change import Change, Options, State, Target
from bot.domain.kernel import Kernel, Path
from bot.domain.sentence import say
from bot.domain.story import Record
from bot.ports import Delivery, Lease

NOW = datetime(2026, 11, 24, 2, 0, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = 15 * SECOND


def instance_id(number: int) -> str:
    return f"{number:032x}in07"


def change(
    *instances: int,
    key: str = "first",
    due_at: datetime | None = NOW,
    requester: str = "U0ANN",
    environment: str = "prod",
    created_at: datetime = NOW,
) -> Change:
    targets = [
        Target(
            instance_id=instance_id(number),
            name=f"orders-{number}",
            kernel=Kernel("2.0.48.231200"),
            newest=Kernel("2.0.60.241200"),
            path=Path.DIRECT,
        )
        for number in instances
    ]
    return Change(
        environment=environment,
        channel="C0OPS",
        requester=requester,
        key=key,
        options=Options(reason="CVE"),
        targets=tuple(targets),
        created_at=created_at,
        expires_at=created_at + timedelta(hours=24),
        due_at=due_at,
    )


def ended(stored: Change) -> Change:
    return stored.model_copy(update={"state": State.CANCELLED, "due_at": None})


def fact(kind: str = "ask", *, at: datetime = NOW, told: bool = False) -> Record:
    return Record(
        at=at, actor="U0ANN", kind=kind, sentence=say("{who} asked", who="=ann"), told=told
    )


def lease(owner: str = "one", now: datetime = NOW) -> Lease:
    return Lease(owner=owner, until=now + LEASE)


def delivery(key: str = "call-1", received_at: datetime = NOW) -> Delivery:
    return Delivery(key=key, kind="call", payload={"text": "orders-*"}, received_at=received_at)
