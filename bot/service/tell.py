"""Keep Slack in line with the store: cards with the story as their thread, notices, copies.

One card a change, a notice in each channel that watches, and a copy of the card for each approver
who does not read its channel.
What is shown is a projection. Nothing here decides anything about a change; Slack being away
costs only time. A post whose answer was lost is looked for before it is posted again.
"""

import logging
from datetime import timedelta
from hashlib import sha256

from bot.command import Click
from bot.domain.change import Change, State
from bot.domain.sentence import Channels, say
from bot.domain.story import Entry
from bot.ports import Card, ChatError, Message, Role
from bot.service.desk import Desk
from bot.views.answers import told
from bot.views.card import card as card_view
from bot.views.card import copy as copy_view
from bot.views.card import notice as notice_view
from bot.views.card import nudge
from bot.views.lines import line
from bot.views.reader import Reader

UNCLEAR = "unclear"
"""Mark of a card whose last post may or may not have arrived."""
NEWS = frozenset({"override", "halt", "unknown", "closed"})
"""Kinds of facts that those who only watch are told; the card's thread tells everything."""
TURNS = NEWS | {"void", "reschedule"}
"""Kinds of facts after which an approver is asked again, or not any more."""
REDRAW_EVERY = timedelta(seconds=2)
REDRAW_COPY_EVERY = timedelta(seconds=10)
"""Copies are many, and Slack counts edits for the whole workspace."""
_RETRY_AFTER = timedelta(seconds=30)
_VIEWS = {Role.CARD: card_view, Role.NOTICE: notice_view, Role.DIRECT: copy_view}
_ASKS = frozenset({State.PROPOSED, State.HALTED})
_log = logging.getLogger(__name__)


async def tell(desk: Desk, card: Card) -> None:
    """Draw the card as the store has the change now, and post the lines Slack has not seen."""
    change = await desk.changes.get(card.change)
    if change is None:
        return
    reader = Reader.of(await _language(desk, card))
    telling = _Telling(desk, card, change, reader)
    try:
        if card.role is Role.DIRECT and not await telling.reach():
            return
        await telling.draw()
        await telling.tell_lines()
    except ChatError as error:
        await telling.note_trouble(error, before=card.trouble)
        return
    pause = REDRAW_COPY_EVERY if card.role is Role.DIRECT else REDRAW_EVERY
    await desk.changes.keep_card(telling.card, retry_at=desk.clock() + pause)


async def place_of(click: Click, desk: Desk) -> str:
    """Where a click counts as made; empty at a copy of a card, which stands for the card."""
    if not click.message_ts:
        return click.channel
    card = await desk.changes.card_at(click.channel, click.message_ts)
    return "" if card is not None and card.role is Role.DIRECT else click.channel


async def _language(desk: Desk, card: Card) -> str:
    """Of the one who reads a copy; everybody else reads the channel's."""
    if not card.person:
        return desk.language
    try:
        return (await desk.people.person(card.person)).language
    except ChatError:
        return desk.language


class _Telling:
    """One message and its thread, brought up to date; `card` is how far Slack is."""

    def __init__(self, desk: Desk, card: Card, change: Change, reader: Reader) -> None:
        self.card = card
        self._desk = desk
        self._change = change
        self._reader = reader

    async def reach(self) -> bool:
        """Find out where an approver is asked; False if nothing is to be posted for them.

        Only Slack knows who reads a channel, and tells by refusing what is meant for others.
        """
        if self.card.ts:
            return True
        if self._change.state not in _ASKS:
            # Decided before they were asked. Should it be asked anew, the row is there.
            seen = {"drawn_version": self._change.version, "told_seq": await self._last()}
            kept = self.card.model_copy(update=seen)
            await self._desk.changes.keep_card(kept, retry_at=self._desk.clock())
            return False
        chat, person = self._desk.chat, self.card.person
        if self.card.channel == person:
            asked = nudge(self._change, self._reader)
            if await chat.nudge(self._change.channel, person, asked):
                await self._desk.changes.drop_card(self.card.id)
                return False
            await self._keep(channel=await chat.direct(person))
        return True

    async def _last(self) -> int:
        story = await self._desk.changes.story(change=self.card.change)
        return story[-1].seq if story else 0

    async def draw(self) -> None:
        message = _VIEWS[self.card.role](self._change, self._reader)
        digest = sha256(message.model_dump_json().encode()).hexdigest()
        drawn = {"drawn_version": self._change.version, "drawn": digest}
        if not self.card.ts:
            ts = await self._post(message, {"change": self._change.id})
            await self._keep(**drawn, ts=ts, trouble="")
        elif self.card.drawn_version < self._change.version:
            # Most looks find nothing new, so most versions look alike: Slack counts every edit.
            if digest != self.card.drawn:
                await self._desk.chat.update(self.card.channel, self.card.ts, message)
            self.card = self.card.model_copy(update=drawn)

    async def tell_lines(self) -> None:
        changes, after = self._desk.changes, self.card.told_seq
        for entry in await changes.story(change=self.card.change, after_seq=after):
            if self._is_told(entry):
                tag = {"change": self._change.id, "seq": str(entry.seq)}
                await self._post(line(entry, self._change, self._reader), tag)
            await self._keep(told_seq=entry.seq, trouble="")

    async def note_trouble(self, error: ChatError, *, before: str) -> None:
        """Keep why Slack refuses, and when to try again."""
        wait = _RETRY_AFTER if error.retry_after is None else timedelta(seconds=error.retry_after)
        word = UNCLEAR if error.unclear else error.code
        kept = self.card.model_copy(update={"trouble": word})
        await self._desk.changes.keep_card(kept, retry_at=self._desk.clock() + wait)
        for_people = error.retry_after is None and not error.unclear
        if for_people and before != error.code:
            await self._warn(error)

    def _is_told(self, entry: Entry) -> bool:
        kinds = {Role.NOTICE: NEWS, Role.DIRECT: TURNS}.get(self.card.role)
        if kinds is None:
            return entry.record.told
        return entry.record.kind in kinds

    async def _post(self, message: Message, tag: dict[str, str]) -> str:
        """Post once: the intent is stored first, so that a lost answer is looked for."""
        channel, thread = self.card.channel, self.card.ts
        if self.card.trouble == UNCLEAR:
            since = self._change.created_at - timedelta(minutes=1)
            found = await self._desk.chat.find_post(channel, tag, since=since, thread=thread)
            if found is not None:
                return found
        await self._keep(trouble=UNCLEAR)
        # A thread under a notice is seen by nobody who was not asked into it.
        broadcast = self.card.role is not Role.CARD
        return await self._desk.chat.post(
            channel, message, tag=tag, thread=thread, broadcast=broadcast
        )

    async def _keep(self, **update: object) -> None:
        self.card = self.card.model_copy(update=update)
        await self._desk.changes.keep_card(self.card)

    async def _warn(self, error: ChatError) -> None:
        """Tell, once, that a channel does not show the change: those who can mend it."""
        if self.card.role is Role.NOTICE:
            _log.warning("the channel %s takes no notices: %s", self.card.channel, error.code)
            return
        if self.card.role is Role.DIRECT:
            # Somebody who left, say. The card still asks them, and everybody else.
            _log.warning("%s cannot be asked directly: %s", self.card.person, error.code)
            await self._desk.changes.drop_card(self.card.id)
            return
        text = say(
            "{change} is stored, but Slack does not let me show it in {channel} ({code}). "
            "Invite me there with /invite, and the card appears by itself.",
            change=self._change.id,
            channel=Channels(channels=(self.card.channel,)),
            code=error.code,
        )
        try:
            requester = self._change.requester
            await self._desk.chat.whisper(requester, requester, told(text, self._reader))
        except ChatError:
            return  # The card's trouble stays in the store and is tried again.
