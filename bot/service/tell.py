"""Keep Slack in line with the store: one card a change, and its story as the card's thread.

Cards and lines are projections. Nothing here decides anything about a change; Slack being away
costs only time. A post whose answer was lost is looked for before it is posted again.
"""

from datetime import timedelta
from hashlib import sha256

from bot.domain.change import Change
from bot.domain.sentence import say
from bot.ports import Card, ChatError, Message
from bot.service.desk import Desk
from bot.views.answers import told
from bot.views.card import card as card_view
from bot.views.lines import line
from bot.views.reader import Reader

UNCLEAR = "unclear"
"""Mark of a card whose last post may or may not have arrived."""
REDRAW_EVERY = timedelta(seconds=2)
_RETRY_AFTER = timedelta(seconds=30)


async def tell(desk: Desk, card: Card) -> None:
    """Draw the card as the store has the change now, and post the lines Slack has not seen."""
    change = await desk.changes.get(card.change)
    if change is None:
        return
    claimed = card
    try:
        card = await _draw(desk, card, change)
        card = await _tell_lines(desk, card, change)
    except ChatError as error:
        await _trouble(desk, claimed, change, error)
        return
    await desk.changes.keep_card(card, retry_at=desk.clock() + REDRAW_EVERY)


async def _draw(desk: Desk, card: Card, change: Change) -> Card:
    message = card_view(change, Reader.of(desk.language))
    digest = sha256(message.model_dump_json().encode()).hexdigest()
    drawn = {"drawn_version": change.version, "drawn": digest}
    if not card.ts:
        ts = await _post(desk, card, change, message, {"change": change.id})
        card = card.model_copy(update={**drawn, "ts": ts, "trouble": ""})
        await desk.changes.keep_card(card)
    elif card.drawn_version < change.version:
        # Most looks find nothing new, so most versions look alike: Slack counts every edit.
        if digest != card.drawn:
            await desk.chat.update(card.channel, card.ts, message)
        card = card.model_copy(update=drawn)
    return card


async def _tell_lines(desk: Desk, card: Card, change: Change) -> Card:
    reader = Reader.of(desk.language)
    for entry in await desk.changes.story(change=card.change, after_seq=card.told_seq):
        if entry.record.told:
            tag = {"change": change.id, "seq": str(entry.seq)}
            await _post(desk, card, change, line(entry, change, reader), tag)
        card = card.model_copy(update={"told_seq": entry.seq, "trouble": ""})
        await desk.changes.keep_card(card)
    return card


async def _post(
    desk: Desk, card: Card, change: Change, message: Message, tag: dict[str, str]
) -> str:
    """Post once: the intent is stored first, so that a lost answer is looked for."""
    if card.trouble == UNCLEAR:
        found = await desk.chat.find_post(
            card.channel, tag, since=change.created_at - timedelta(minutes=1), thread=card.ts
        )
        if found is not None:
            return found
    await desk.changes.keep_card(card.model_copy(update={"trouble": UNCLEAR}))
    return await desk.chat.post(card.channel, message, tag=tag, thread=card.ts)


async def _trouble(desk: Desk, claimed: Card, change: Change, error: ChatError) -> None:
    card = await desk.changes.card(change.number) or claimed
    wait = _RETRY_AFTER if error.retry_after is None else timedelta(seconds=error.retry_after)
    word = UNCLEAR if error.unclear else error.code
    kept = card.model_copy(update={"trouble": word})
    await desk.changes.keep_card(kept, retry_at=desk.clock() + wait)
    if error.retry_after is None and not error.unclear and claimed.trouble != error.code:
        await _warn(desk, change, error)


async def _warn(desk: Desk, change: Change, error: ChatError) -> None:
    """Tell the requester, once, that the channel does not show their change."""
    text = say(
        "{change} is stored, but Slack does not let me show it in {channel} ({code}). "
        "Invite me there with /invite, and the card appears by itself.",
        change=change.id,
        channel=change.channel,
        code=error.code,
    )
    try:
        message = told(text, Reader.of(desk.language))
        await desk.chat.whisper(change.requester, change.requester, message)
    except ChatError:
        return  # The card's trouble stays in the store and is tried again.
