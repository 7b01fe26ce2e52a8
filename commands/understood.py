"""Times said back as they were understood: who typed one can see at once if it was read wrongly."""

from datetime import UTC, datetime

from bot.command import Asker
from bot.domain.change import Change
from bot.domain.localtime import with_weekday
from bot.domain.sentence import At, Sentence, say


def planned(change: Change, asker: Asker) -> Sentence | None:
    """Say when a change is planned for; None if it names no time."""
    run_at = change.options.run_at
    if run_at is None:
        return None
    return say(
        "{change} is planned for {at}: {local} in your zone {zone}, {utc} UTC.",
        change=change.id,
        at=At(at=run_at),
        local=with_weekday(run_at, asker.zone),
        zone=asker.person.zone,
        utc=with_weekday(run_at, UTC),
    )


def local(at: datetime, asker: Asker) -> Sentence:
    """Say a moment on the asker's own clock."""
    return with_weekday(at, asker.zone)
