"""Keep Slack in line with the store: cards with the story as their thread, notices, copies.

One card a change, a notice in each channel that watches, and a copy of the card for each approver
who does not read its channel.
What is shown is a projection. Nothing here decides anything about a change; Slack being away
costs only time. A post whose answer was lost is looked for before it is posted again.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from hashlib import sha256
from itertools import groupby

from bot.command import Click
from bot.domain.change import Change, State
from bot.domain.owners import is_owner
from bot.domain.refused import RefusedError
from bot.domain.report import to_csv
from bot.domain.sentence import Channels, Sentence, say
from bot.domain.story import Entry
from bot.ports import Card, ChatError, File, Message, Role, StaleError
from bot.service.desk import Desk
from bot.views.answers import told
from bot.views.card import card as card_view
from bot.views.card import copy as copy_view
from bot.views.card import nudge
from bot.views.lines import TOGETHER, line
from bot.views.notice import notice, soon
from bot.views.reader import Reader
from bot.views.report import heading, report

UNCLEAR = "unclear "
"""Mark of a card whose last post may or may not have arrived; a refusal may follow it."""
CLOCK_SLACK = timedelta(minutes=15)
"""How far this machine's clock may be ahead of Slack's when a message is looked for."""
NEWS = frozenset(
    {"override", "ahead", "hold", "take-out", "start", "halt", "resume", "unknown", "closed"}
)
"""Kinds of facts that those who only watch are told; the card's thread tells everything."""
TURNS = NEWS - {"ahead", "take-out", "start"} | {
    "void",
    "reschedule",
    "remind",
    "hand-over",
    "overdue",
}
"""Kinds of facts after which an approver is asked again, or not any more."""
REDRAW_EVERY = timedelta(seconds=2)
REDRAW_COPY_EVERY = timedelta(seconds=10)
"""Copies are many, and Slack counts edits for the whole workspace."""
_RETRY_AFTER, _RETRY_AT_LEAST = timedelta(seconds=30), timedelta(hours=1)
"""How soon and how seldom a refusal is tried again that only people can mend."""
_GONE = frozenset({"message_not_found", "thread_not_found"})
_VIEWS = {Role.CARD: card_view, Role.DIRECT: copy_view}
_ASKS = frozenset({State.PROPOSED, State.HALTED})
_log = logging.getLogger(__name__)


async def tell(desk: Desk, card: Card) -> None:
    """Draw the card as the store has the change now, and post the lines Slack has not seen."""
    change = await desk.changes.get(card.change)
    if change is None:
        return
    reader = Reader.of(await _language(desk, card))
    with desk.watch.work("tell", change.key):
        try:
            await _Telling(desk, card, change, reader).tell()
        except StaleError:
            # Its new holder goes on, and looks for what was posted here before it posts itself.
            _log.warning("the card of %s has been taken over", change.id)


async def place_of(click: Click, desk: Desk) -> str:
    """Where a click counts as made; empty at a copy of a card, which stands for the card.

    Raises:
        RefusedError: the button names another change than the card that it is on.
    """
    if not click.message_ts:
        return click.channel
    card = await desk.changes.card_at(click.channel, click.message_ts)
    if card is not None and click.value not in {"", f"CHG-{card.change}"}:
        raise RefusedError(
            say(
                "This button is not of this card: it names {named}, and the card is of "
                "CHG-{number}. Nothing was done.",
                named=click.value,
                number=card.change,
            )
        )
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
        # A post whose fate is unknown has to be looked for first, whatever else fails meanwhile.
        self._is_unclear = card.trouble.startswith(UNCLEAR)
        # Slack's word for what only people can mend; they have been told of it.
        self._refusal = card.trouble.removeprefix(UNCLEAR)

    async def _reach(self) -> bool:
        """Find out where an approver is asked; False if nothing is to be posted for them.

        Only Slack knows who reads a channel, and tells by refusing what is meant for others.
        """
        if self.card.ts:
            return True
        if self._change.state not in _ASKS:
            # Decided before they were asked. Should it be asked anew, the row is there.
            seen = {"drawn_version": self._change.version, "told_seq": await self._last()}
            self.card = self.card.model_copy(update=seen)
            await self._let_go(timedelta())
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

    async def tell(self) -> None:
        is_copy = self.card.role is Role.DIRECT
        try:
            if is_copy and not await self._reach():
                return
            await self._draw()
            await self._tell_lines()
        except ChatError as error:
            if error.code in _GONE and self.card.ts:
                await self._begin_anew()
            else:
                await self._note_trouble(error)
            return
        await self._let_go(REDRAW_COPY_EVERY if is_copy else REDRAW_EVERY)

    async def _draw(self) -> None:
        message = self._drawn()
        digest = sha256(message.model_dump_json().encode()).hexdigest()
        drawn = {"drawn_version": self._change.version, "drawn": digest}
        if not self.card.ts:
            ts = await self._post(message, {"change": self._change.id})
            await self._keep(**drawn, ts=ts)
        elif self.card.drawn_version < self._change.version:
            # Most looks find nothing new, so most versions look alike: Slack counts every edit.
            if digest != self.card.drawn:
                await self._desk.chat.update(self.card.channel, self.card.ts, message)
                self._refusal = ""
            self.card = self.card.model_copy(update=drawn)

    def _drawn(self) -> Message:
        if self.card.role is Role.NOTICE:
            return notice(self._change, self._reader, self.card.channel)
        return _VIEWS[self.card.role](self._change, self._reader)

    async def _tell_lines(self) -> None:
        changes, after = self._desk.changes, self.card.told_seq
        for entries in together(await changes.story(change=self.card.change, after_seq=after)):
            if told_ones := [entry for entry in entries if self._is_told(entry)]:
                await self._tell_line(told_ones)
            await self._keep(told_seq=entries[-1].seq)

    async def _tell_line(self, entries: Sequence[Entry]) -> None:
        tag = {"change": self._change.id, "seq": str(entries[0].seq)}
        shown: Message | None = line(entries, self._change, self._reader)
        if entries[0].record.kind == "report":
            shown = report(self._change, self._reader)
        elif entries[0].record.kind == "ahead" and self.card.role is Role.NOTICE:
            shown = soon(line(entries, self._change, self._reader), self._change, self._reader)
        if shown is not None:
            await self._post(shown, tag)
        else:
            await self._send_report()
        self._desk.watch.on_told(self._desk.clock() - entries[0].record.at)

    async def _send_report(self) -> None:
        """Share what is too long for the thread as a file, once."""
        name = f"{self._change.id}.csv"
        title = heading(self._change, self._reader)
        file = File(name=name, title=title, text=to_csv(self._change))

        async def share() -> str:
            await self._desk.chat.upload(self.card.channel, file, thread=self.card.ts)
            return name

        try:
            await self._once({"file": name}, share)
        except ChatError as error:
            if error.code != "missing_scope":
                raise
            tag = {"change": self._change.id, "file": name}
            await self._post(told(_no_files(self._change), self._reader), tag)

    async def _begin_anew(self) -> None:
        """Post card and story once more: somebody has deleted the message."""
        _log.warning("the card of %s was deleted; it is posted anew", self._change.id)
        blank = Card.model_fields
        for name in ("ts", "drawn_version", "drawn", "told_seq"):
            self.card = self.card.model_copy(update={name: blank[name].default})
        self._is_unclear, self._refusal = False, ""
        await self._let_go(timedelta())

    async def _note_trouble(self, error: ChatError) -> None:
        """Keep why Slack refuses, and when to try again."""
        if error.retry_after is not None:
            await self._let_go(timedelta(seconds=error.retry_after))
            return
        is_news, self._refusal = not self._refusal, error.code
        age = self._desk.clock() - self._change.created_at
        await self._let_go(min(max(_RETRY_AFTER, age / 20), _RETRY_AT_LEAST))
        if is_news:
            await self._warn(error)

    def _is_told(self, entry: Entry) -> bool:
        if self.card.role is Role.NOTICE and self._is_of_no_concern():
            return entry.record.kind == "take-out"
        kinds = {Role.NOTICE: NEWS, Role.DIRECT: TURNS}.get(self.card.role)
        if kinds is None:
            return entry.record.told
        return entry.record.kind in kinds

    def _is_of_no_concern(self) -> bool:
        """Whether a channel watched a tag only, and nothing that carries it is left."""
        channel = self.card.channel
        return channel not in self._change.notify and not is_owner(self._change, channel)

    async def _post(self, message: Message, tag: dict[str, str]) -> str:
        channel, thread = self.card.channel, self.card.ts
        # A thread under a notice is seen by nobody who was not asked into it.
        broadcast = self.card.role is not Role.CARD
        return await self._once(
            tag,
            lambda: self._desk.chat.post(
                channel, message, tag=tag, thread=thread, broadcast=broadcast
            ),
        )

    async def _once(self, tag: dict[str, str], send: Callable[[], Awaitable[str]]) -> str:
        """Send once: the intent is stored first, so that a lost answer is looked for."""
        if self._is_unclear and (found := await self._was_posted(tag)):
            self._is_unclear, self._refusal = False, ""
            return found
        self._is_unclear = True
        await self._keep()
        try:
            sent = await send()
        except ChatError as error:
            self._is_unclear = error.unclear
            raise
        self._is_unclear, self._refusal = False, ""
        return sent

    async def _was_posted(self, tag: dict[str, str]) -> str | None:
        since = self._change.created_at - CLOCK_SLACK
        channel, thread = self.card.channel, self.card.ts
        return await self._desk.chat.find_post(channel, tag, since=since, thread=thread)

    async def _keep(self, **update: object) -> None:
        self._note(**update)
        await self._desk.changes.keep_card(self.card, self._desk.lease())

    async def _let_go(self, wait: timedelta) -> None:
        self._note()
        retry_at = self._desk.clock() + wait
        await self._desk.changes.keep_card(self.card, self._desk.lease(), retry_at=retry_at)

    def _note(self, **update: object) -> None:
        trouble = (UNCLEAR if self._is_unclear else "") + self._refusal
        self.card = self.card.model_copy(update={"trouble": trouble, **update})

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
            # In no channel: they may be in none with the bot, and it has to stay until it is read.
            requester = self._change.requester
            await self._desk.chat.whisper("", requester, told(text, self._reader))
        except ChatError:
            return  # The card's trouble stays in the store and is tried again.


def together(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Put together what one look has found of many instances: Slack takes a message a second.

    What was recorded at once stays together however often this is tried, so a message whose
    answer was lost is found again by its first entry.
    """
    for (kind, _), group in groupby(entries, lambda one: (one.record.kind, one.record.at)):
        found = list(group)
        size = TOGETHER if kind == "outcome" else 1
        for start in range(0, len(found), size):
            yield found[start : start + size]


def _no_files(change: Change) -> Sentence:
    return say(
        "The report is too long for a message, and this app may not share files (files:write). "
        "Read it with /taurus-change show {change}.",
        change=change.id,
    )
