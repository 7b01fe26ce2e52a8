"""Every view in every language, and nothing in any view that is not translated."""

import re
from difflib import ndiff
from gettext import NullTranslations

import pytest

from bot.ports import Message, View
from bot.sandbox.slack.blocks import check_message_blocks, check_view
from bot.slack.forms import drawn as as_view
from bot.slack.newer import settled
from bot.views.reader import Reader
from tests.views.gallery import LANGUAGES, SNAPSHOTS, gallery, texts, written

DATA = (
    r"<[^>]*>|:[a-z_]+:|`[^`]*`|```.*?```|orders-\d|\b(?:CHG|FRZ)-\d|\bprod\b|\btest\b|U0ANN|orders-\*"
    r"|r-[12]|job-1|task-1|DBS\.200047: Another operation is running\.|the disk is full|quarter end"
    r"|incident|holidays|team=orders|year end|replication delay 40 s|success"
    r"|yesterday|--[a-z-]+|in07|Asia/Shanghai"
    r"|Mon-Thu|\b[0-9a-f]{12}\b|UTC"
)
"""What people and the cloud wrote, and what is the same in every language."""


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_view_reads_as_it_did(name: str) -> None:
    kept = (SNAPSHOTS / f"{name}.txt").read_text(encoding="utf-8")
    found = [line for line in ndiff(kept.splitlines(), written(LANGUAGES[name]).splitlines())
             if line[:1] in "+-"]  # fmt: skip
    assert found == [], "; if that is how it shall read, run python -m tests.views.gallery"


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_slack_would_take_every_view_in_every_language(language: str) -> None:
    for name, drawn in gallery(Reader.of(language)):
        match drawn:
            case Message():
                for newer in (True, False):
                    check_message_blocks(settled(drawn.blocks, newer=newer))
            case View():
                assert check_view(as_view(drawn), "modal") == [], name
            case tuple():
                assert check_view({"type": "home", "blocks": list(drawn)}, "home") == [], name


def test_every_word_in_every_view_comes_from_the_catalogs() -> None:
    left = {
        f"{name}: {text}"
        for name, drawn in gallery(Reader(Strange()))
        for text in texts(drawn)
        if re.search("[A-Za-z]", re.sub(DATA, "", text, flags=re.DOTALL))
    }
    assert left == set()


class Strange(NullTranslations):
    """A language without letters: whatever has some was not translated."""

    def gettext(self, message: str) -> str:
        return re.sub(r"(\{\w+\})|[A-Za-z]", lambda sign: sign[1] or "~", message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)
