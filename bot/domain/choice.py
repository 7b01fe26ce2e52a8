"""Databases to choose from: which ones a person means as they type, and which cannot be chosen."""

from collections.abc import Iterable, Sequence

from bot.domain.instance import Instance, Status, Version
from bot.domain.model import Frozen
from bot.domain.selection import TAG
from bot.domain.sentence import Sentence, say


class Choice(Frozen):
    """One database as it was known last."""

    instance: Instance
    version: Version | None = None
    """None: not read yet."""
    open_change: int | None = None

    @property
    def hindrance(self) -> Sentence | None:
        """Why it cannot be chosen now, in few words; None if nothing is known against it."""
        if self.open_change is not None:
            return say("is in CHG-{number} already", number=self.open_change)
        if self.instance.status is not Status.NORMAL:
            return _NOT_NORMAL[self.instance.status]
        version = self.version
        if version is None or version.upgradable:
            return None
        if version.current >= version.latest:
            return say("runs the newest kernel {kernel}", kernel=str(version.current))
        return say("the cloud offers no upgrade")


_NOT_NORMAL = {
    Status.FROZEN: say("is frozen"),
    Status.ABNORMAL: say("is abnormal"),
    Status.DELETED: say("is being deleted"),
    Status.BUSY: say("is busy with another operation"),
}


def matching(typed: str, choices: Iterable[Choice]) -> list[Choice]:
    """Find what somebody means: every word is part of the name, the id or a tag.

    What can be chosen comes first, and what begins as it was typed before what only contains it.
    """
    words = typed.lower().removeprefix(TAG).split()
    found = [choice for choice in choices if _fits(choice.instance, words)]
    first = words[0] if words else ""

    def rank(choice: Choice) -> tuple[bool, bool, str]:
        name = choice.instance.name.lower()
        return choice.hindrance is not None, not name.startswith(first), name

    return sorted(found, key=rank)


def _fits(instance: Instance, words: Sequence[str]) -> bool:
    tags = [f"{key}={value}".lower() for key, value in instance.tags.items()]
    texts = (instance.name.lower(), instance.id.lower(), *tags)
    return all(any(word in text for text in texts) for word in words)
