"""Sentences are kept in documents, and read from those of older versions."""

import pytest

from bot.domain.change import State
from bot.domain.sentence import (
    Arg,
    At,
    Channels,
    Sentence,
    User,
    Users,
    all_of,
    say,
    say_many,
    word,
)
from tests.domain.examples import NOW

SAID = say("{name} is busy.", name="orders-1")


@pytest.mark.parametrize(
    "arg",
    [
        "2026",
        2026,
        At(at=NOW),
        User(user="U0ANN"),
        Users(users=("U0ANN", "S0DBA")),
        Channels(channels=("C0OPS",)),
        word(State.RUNNING),
        say("Halted: {why}", why=SAID),
        all_of([SAID, say_many("{n} change", "{n} changes", 2)]),
    ],
    ids=str,
)
def test_a_stored_sentence_is_the_same_sentence(arg: Arg) -> None:
    said = say("It says {it}", it=arg)
    assert Sentence.model_validate_json(said.model_dump_json()) == said


def test_a_document_of_an_older_version_still_reads() -> None:
    old = '{"template": "It is {state} now.", "args": {"state": "Running"}}'
    assert str(Sentence.model_validate_json(old)) == "It is Running now."


def test_sentences_within_a_sentence_are_plain_english_in_logs() -> None:
    why = all_of([SAID, say("Wait.")])
    assert str(say("Halted: {why}", why=why)) == "Halted: orders-1 is busy. Wait."
