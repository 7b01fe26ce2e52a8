"""The short notice for those who only watch, and for those whose databases are touched."""

from bot.domain.announcement import is_holdable
from bot.domain.change import Change
from bot.domain.owners import owned, removable
from bot.domain.sentence import Channels, all_of, say, say_many
from bot.ports import Message
from bot.views.blocks import Block, button, confirm, context, listed, message, section
from bot.views.card import headline, hold_button
from bot.views.reader import Reader
from bot.views.targets import in_order, target_lines, timing

THEIRS = 3000
"""Characters for the databases of the channel."""


def notice(change: Change, reader: Reader, channel: str = "") -> Message:
    """Draw the notice in a channel as the change stands."""
    head = headline(change, reader)
    said = [say("The card is in {channel}.", channel=Channels(channels=(change.channel,)))]
    if change.is_open:
        said.insert(0, timing(change.options))
    if change.options.reason:
        said.append(say("Reason: {reason}", reason=change.options.reason))
    about = context(reader.shown(all_of(said)))
    blocks = [section(f"*{head}*"), *_theirs(change, reader, channel), about]
    return message(head, [*blocks, *_buttons(change, reader, channel)])


def _theirs(change: Change, reader: Reader, channel: str) -> list[Block]:
    theirs = owned(change, channel)
    if not theirs:
        return []
    tags = ", ".join(
        f"{one.key}={one.value}" for one in change.subscriptions if one.channel == channel
    )
    title = say_many(
        "{n} of its databases is yours ({tags}):",
        "{n} of its databases are yours ({tags}):",
        len(theirs),
        tags=tags,
    )
    lines = target_lines(in_order(theirs), reader)
    return [section(reader(title)), *listed(lines, reader, THEIRS)]


def _buttons(change: Change, reader: Reader, channel: str) -> list[Block]:
    made: list[Block] = []
    if is_holdable(change):
        made.append(hold_button(change, reader))
    if removable(change, channel):
        made.append(_take_out(change, reader))
    return [{"type": "actions", "elements": made}] if made else []


def _take_out(change: Change, reader: Reader) -> Block:
    made = button("change.take_out", reader(say("Take ours out")), change.id)
    question = confirm(
        reader(say("Take your databases out?")),
        reader(say("They are not upgraded by this change; the others are.")),
        reader(say("Take ours out")),
        reader(say("Not now")),
    )
    return {**made, "confirm": question}


def soon(drawn: Message, change: Change, reader: Reader) -> Message:
    """Add what may be done to the line that tells that a change starts soon."""
    if not is_holdable(change):
        return drawn
    actions: Block = {"type": "actions", "elements": [hold_button(change, reader)]}
    return message(drawn.text, [*drawn.blocks, actions])
