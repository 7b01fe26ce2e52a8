"""One reader: renders sentences in their language, as Slack's mrkdwn."""

import gettext
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from bot.domain.sentence import Arg, At, Channels, Datum, Sentence, Sentences, User, Users

LOCALES = Path(__file__).parent / "locale"
ARG_LIMIT = 300
"""Characters of one argument: names of people and clouds can be of any length."""
SEVERAL_LIMIT = 1200
"""Characters of sentences that are one argument of another."""
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "ˋ"}
_BLANKS = re.compile(r"\s+")
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Signs that turn the reading direction: a name with one could disguise the rest of a line."""


def flat(text: str) -> str:
    """Make a text one line that reads in one direction."""
    return _BLANKS.sub(" ", _BIDI.sub("", text))


def escaped(text: str) -> str:
    """Make a text inert in mrkdwn: no mentions, links, code or new lines of its own."""
    signs = [_ENTITIES.get(sign, sign) for sign in flat(text)[: ARG_LIMIT + 1]]
    if sum(map(len, signs)) <= ARG_LIMIT:
        return "".join(signs)
    # Counted as it is sent, and cut between entities: half an entity would be read as text.
    lengths = accumulate(map(len, signs))
    kept = sum(length < ARG_LIMIT for length in lengths)
    return "".join(signs[:kept]) + "…"


@lru_cache(maxsize=64)
def _catalog(language: str) -> gettext.NullTranslations:
    # Looked for once: gettext asks the disk for every name that the catalog could have.
    name = language.replace("-", "_")
    wanted = [name, name.split("_")[0]]
    return gettext.translation("bot", LOCALES, wanted, fallback=True)


@dataclass(frozen=True)
class Reader:
    """A language; zones are Slack's business, which shows dates in each reader's own."""

    catalog: gettext.NullTranslations

    @classmethod
    def of(cls, language: str) -> "Reader":
        """Find the catalog of `en-us`, `zh-CN` and the like; English if there is none."""
        return cls(_catalog(language))

    def __call__(self, sentence: Sentence) -> str:
        """Render as mrkdwn, with every argument escaped."""
        return self._said(sentence, self.shown)

    def plain(self, sentence: Sentence, zone: tzinfo = UTC) -> str:
        """Render for where Slack knows no markup (options, errors at a field), in one line."""
        return flat(self._said(sentence, lambda arg: self._plain(arg, zone)))

    def shown(self, arg: Arg) -> str:
        """Render one argument as mrkdwn."""
        match arg:
            case Sentence():
                return self(arg)
            case Sentences():
                return _in_a_row(map(self, arg.several))
            case _:
                return _marked(arg)

    def _plain(self, arg: Arg, zone: tzinfo) -> str:
        match arg:
            case Sentence():
                return self.plain(arg, zone)
            case Sentences():
                return _in_a_row(self.plain(one, zone) for one in arg.several)
            case _:
                return _typed(arg, zone)

    def _said(self, sentence: Sentence, show: Callable[[Arg], str]) -> str:
        return self._template(sentence).format(
            **{name: show(arg) for name, arg in sentence.args.items()}
        )

    def _template(self, sentence: Sentence) -> str:
        count = sentence.args.get("n")
        if sentence.plural and isinstance(count, int):
            return self.catalog.ngettext(sentence.template, sentence.plural, count)
        return self.catalog.gettext(sentence.template)


def _mention(user: str) -> str:
    # Slack's ids of user groups begin with S.
    return f"<!subteam^{escaped(user)}>" if user[:1] == "S" else f"<@{escaped(user)}>"


def _in_a_row(said: Iterable[str]) -> str:
    """Put sentences one after the other; those that are too many give way to dots."""
    row = ""
    for one in said:
        if row and len(row) + len(one) > SEVERAL_LIMIT:
            return f"{row} …"
        # A full stop of Chinese has its blank within.
        row += one if not row or row.endswith("。") else f" {one}"
    return row


def _typed(arg: Datum, zone: tzinfo) -> str:
    match arg:
        case At():
            return arg.at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        case User():
            return f"@{arg.user}"
        case Users():
            return ", ".join(f"@{user}" for user in arg.users)
        case Channels():
            return ", ".join(f"#{channel}" for channel in arg.channels)
        case _:
            text = flat(str(arg))
            return text if len(text) <= ARG_LIMIT else text[: ARG_LIMIT - 1] + "…"


def _marked(arg: Datum) -> str:
    match arg:
        case At():
            unix, plain = int(arg.at.timestamp()), arg.at.strftime("%Y-%m-%d %H:%M UTC")
            return f"<!date^{unix}^{{date_short_pretty}} {{time}}|{plain}>"
        case User():
            return _mention(arg.user)
        case Users():
            return ", ".join(_mention(user) for user in arg.users)
        case Channels():
            return ", ".join(f"<#{escaped(channel)}>" for channel in arg.channels)
        case _:
            return escaped(str(arg))
