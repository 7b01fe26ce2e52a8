"""Stray cards: a card may be there twice where its posting could not be looked for.

That happens if Slack's answer was lost and the app lacks the optional scopes for looking. Only
one of the two is kept up to date; whoever presses a button of the other one is led to it.
"""

import logging
import re

from bot.command import Click
from bot.domain.sentence import Sentence, say
from bot.ports import Card, ChatError, Message
from bot.service.desk import Desk
from bot.views.answers import told
from bot.views.reader import Reader

_ID = re.compile(r"CHG-(\d{1,9})", re.ASCII)
_log = logging.getLogger(__name__)


async def pointer(desk: Desk, click: Click, reader: Reader) -> Message | None:
    """Close a stray card and return what leads to the live one; None if it is no stray card."""
    live = await _live_card(desk, click)
    if live is None:
        return None
    sentence = await _where(desk, live)
    try:
        shown = told(sentence, Reader.of(desk.language))
        await desk.chat.update(click.channel, click.message_ts, shown)
    except ChatError as error:
        _log.warning("a stray card could not be closed: %s", error.code)
    return told(sentence, reader)


async def _live_card(desk: Desk, click: Click) -> Card | None:
    number = _ID.fullmatch(click.value)
    if number is None or not click.message_ts:
        return None
    live = await desk.changes.card(int(number[1]))
    if live is None or not live.ts or live.channel != click.channel:
        return None
    if await desk.changes.card_at(click.channel, click.message_ts) is not None:
        return None
    return live


async def _where(desk: Desk, live: Card) -> Sentence:
    try:
        link = await desk.chat.link(live.channel, live.ts)
    except ChatError:
        link = f"/taurus-change show CHG-{live.change}"
    return say(
        "This card of CHG-{number} was posted twice, and this copy is out of date: nothing was "
        "done. The live card is here: {link}",
        number=live.change,
        link=link,
    )
