"""The story of one change: all of it, and as a file for whoever asks."""

import logging

from bot.command import Asker
from bot.domain.change import Change
from bot.domain.sentence import Sentence, say
from bot.domain.story import Entry
from bot.ports import ChatError
from bot.service.desk import Desk
from bot.views.reader import Reader
from bot.views.story import story_file

_log = logging.getLogger(__name__)


async def story_of(desk: Desk, change: Change) -> tuple[Entry, ...]:
    """Read every entry of a change's story, however many there are."""
    entries: list[Entry] = []
    last = 0
    while page := await desk.changes.story(change=change.number, after_seq=last):
        entries += page
        last = page[-1].seq
    return tuple(entries)


async def send_story(
    desk: Desk, asker: Asker, change: Change, entries: tuple[Entry, ...]
) -> Sentence:
    """Send the story to the asker alone, as a file; says what came of it."""
    reader = Reader.of(asker.person.language)
    names = {actor: await _name(desk, actor) for actor in {one.record.actor for one in entries}}
    file = story_file(change, entries, names, asker.zone, reader)
    try:
        await desk.chat.upload(asker.person.id, file)
    except ChatError as error:
        _log.warning("a history could not be sent as a file: %s", error.code)
        return _unsent(error)
    return say(
        "All of it is in the file {file}, which you find in your direct messages with this bot.",
        file=file.name,
    )


async def _name(desk: Desk, actor: str) -> str:
    """Name a person; who cannot be looked up keeps their id."""
    if actor[:1] not in {"U", "W"}:
        return ""
    try:
        return (await desk.people.person(actor)).name
    except ChatError:
        return ""


def _unsent(error: ChatError) -> Sentence:
    if error.code == "missing_scope":
        return say(
            "The file cannot be sent, as this app may not share files (files:write). Whoever runs "
            "the bot has to install it anew with the scopes of its manifest."
        )
    return say("The file could not be sent ({code}). Try again in a minute.", code=error.code)
