"""Cards and notices as rows: what there is to show of a change, and what Slack has seen of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, delete, insert, select, update

from bot.domain.change import Change
from bot.domain.story import Entry
from bot.ports import Card, Lease, Role
from bot.store.claims import claim
from bot.store.rows import read_card
from bot.store.schema import EPOCH, STALE, cards


def add(connection: Connection, change: Change, story: Sequence[Entry]) -> None:
    """Make a new change's card, notices and copies; they are stale until they are drawn."""
    shown = {"change": change.number, "version": change.version, **_told(story)}
    places = [
        (Role.CARD, change.channel, ""),
        *((Role.NOTICE, channel, "") for channel in change.notify),
        *((Role.DIRECT, person, person) for person in change.asked),
    ]
    connection.execute(
        insert(cards),
        [
            {**shown, "role": role.value, "channel": channel, "person": person}
            for role, channel, person in places
        ],
    )


def outdate(connection: Connection, change: Change, story: Sequence[Entry]) -> None:
    """Note that there is something newer to show."""
    shown = {"version": change.version, **_told(story)}
    connection.execute(update(cards).where(cards.c.change == change.number).values(shown))


def _told(story: Sequence[Entry]) -> dict[str, int]:
    told = [entry.seq for entry in story if entry.record.told]
    return {"last_told": told[-1]} if told else {}


def claim_card(connection: Connection, lease: Lease, now: datetime) -> Card | None:
    """Claim the stale card that may be drawn for the longest time."""
    waiting = and_(STALE, cards.c.retry_at <= now, cards.c.lease_until <= now)
    return read_card(claim(connection, cards, waiting, cards.c.retry_at, lease))


def card(connection: Connection, number: int) -> Card | None:
    """Read where a change's card is."""
    query = select(cards).where(cards.c.change == number, cards.c.role == Role.CARD.value)
    return read_card(connection.execute(query).one_or_none())


def card_at(connection: Connection, channel: str, ts: str) -> Card | None:
    """Read which card a message is."""
    query = select(cards).where(cards.c.channel == channel, cards.c.ts == ts)
    return read_card(connection.execute(query).one_or_none())


def keep_card(connection: Connection, kept: Card, retry_at: datetime | None) -> None:
    """Store what Slack has seen; a time for the next claim also ends this one."""
    values: dict[str, Any] = {
        "channel": kept.channel,
        "ts": kept.ts,
        "trouble": kept.trouble,
        "drawn": kept.drawn,
        # Slack unsees nothing: one who was overtaken must not make others tell it again.
        "drawn_version": _greater(cards.c.drawn_version, kept.drawn_version),
        "told_seq": _greater(cards.c.told_seq, kept.told_seq),
    }
    if retry_at is not None:
        values |= {"retry_at": retry_at, "lease_owner": "", "lease_until": EPOCH}
    connection.execute(update(cards).where(cards.c.id == kept.id).values(values))


def drop_card(connection: Connection, card_id: int) -> None:
    """Forget a place where a change needs not be shown."""
    connection.execute(delete(cards).where(cards.c.id == card_id))


def _greater(column: Any, value: int) -> Any:  # noqa: ANN401 - SQLAlchemy's expressions
    return case((column > value, column), else_=value)
