"""Cards and notices as rows: what there is to show of a change, and what Slack has seen of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from bot.domain.change import Change
from bot.domain.story import Entry
from bot.ports import Card, Lease, Role, StaleError
from bot.store.claims import NOW, Claim, held_by, is_free
from bot.store.rows import read_card
from bot.store.schema import EPOCH, STALE, cards

_CLAIM = Claim(cards, and_(STALE, cards.c.retry_at <= NOW, is_free(cards)), cards.c.retry_at)


def add(connection: Connection, change: Change, story: Sequence[Entry]) -> None:
    """Make a new change's card, notices and copies; they are stale until they are drawn."""
    shown = {"change": change.number, "version": change.version, **_told(story)}
    places = [
        (Role.CARD, change.channel, ""),
        *((Role.NOTICE, channel, "") for channel in _watching(change)),
        *((Role.DIRECT, person, person) for person in change.asked),
    ]
    connection.execute(
        insert(cards),
        [
            {**shown, "role": role.value, "channel": channel, "person": person}
            for role, channel, person in places
        ],
    )


def _watching(change: Change) -> tuple[str, ...]:
    """Channels with a notice: one each, whatever they heard of it by; the card's has the card."""
    owners = (one.channel for one in change.subscriptions if one.channel != change.channel)
    return tuple(dict.fromkeys((*change.notify, *owners)))


def outdate(connection: Connection, change: Change, story: Sequence[Entry]) -> None:
    """Note that there is something newer to show."""
    shown = {"version": change.version, **_told(story)}
    connection.execute(update(cards).where(cards.c.change == change.number).values(shown))


def _told(story: Sequence[Entry]) -> dict[str, int]:
    told = [entry.seq for entry in story if entry.record.told]
    return {"last_told": told[-1]} if told else {}


def claim_card(connection: Connection, lease: Lease, now: datetime) -> Card | None:
    """Claim the stale card that may be drawn for the longest time."""
    return read_card(_CLAIM(connection, lease, now))


def card(connection: Connection, number: int) -> Card | None:
    """Read where a change's card is."""
    query = select(cards).where(cards.c.change == number, cards.c.role == Role.CARD.value)
    return read_card(connection.execute(query).one_or_none())


def card_at(connection: Connection, channel: str, ts: str) -> Card | None:
    """Read which card a message is."""
    query = select(cards).where(cards.c.channel == channel, cards.c.ts == ts)
    return read_card(connection.execute(query).one_or_none())


def keep_card(connection: Connection, kept: Card, lease: Lease, retry_at: datetime | None) -> None:
    """Store what Slack has seen; a time for the next claim also ends this one.

    Raises:
        StaleError: somebody else has claimed the card since; nothing was stored.
    """
    values: dict[str, Any] = kept.model_dump(include={"channel", "ts", "trouble", "drawn"})
    values |= {"drawn_version": kept.drawn_version, "told_seq": kept.told_seq}
    if retry_at is None:
        values |= {"lease_until": lease.until}
    else:
        values |= {"retry_at": retry_at, "lease_owner": "", "lease_until": EPOCH}
    held = update(cards).where(held_by(cards, kept.id, lease.owner))
    if connection.execute(held.values(values)).rowcount != 1:
        raise StaleError


def drop_card(connection: Connection, card_id: int) -> None:
    """Forget a place where a change needs not be shown."""
    connection.execute(delete(cards).where(cards.c.id == card_id))
