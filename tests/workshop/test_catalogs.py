"""What people read is translated: all of it, and nothing else."""

from string import Formatter

import pytest

from tests.workshop.catalogs import (
    LANGUAGES,
    compiled,
    merged,
    messages,
    parsed,
    po,
    read,
    sayings,
    texts,
    typeset,
    written,
)
from tests.workshop.checkout import ROOT, product_modules

HOW = "; run python -m tests.workshop.catalogs"


def test_every_sentence_in_the_code_is_a_literal_that_can_be_collected() -> None:
    assert [saying.place for saying in sayings() if not saying.is_clear] == []


def test_sentences_are_made_in_one_module_only() -> None:
    makers = [file for file in product_modules() if "Sentence(template=" in file.read_text()]
    assert makers == [ROOT / "bot" / "domain" / "sentence.py"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language: str) -> None:
    said = texts(read(language))
    assert [one for one in messages() if not all(said.get(one, ("",)))] == [], HOW


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalog_holds_nothing_that_nobody_says_and_stands_in_its_one_form(language: str) -> None:
    assert po(language).read_text(encoding="utf-8") == written(
        merged(read(language), messages())
    ), HOW


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_stands_in_the_catalog(language: str) -> None:
    assert compiled(language) == texts(read(language)), HOW


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_placeholders_of_its_message(language: str) -> None:
    plurals = messages()
    said = texts(read(language))
    wrong = [
        (message, told)
        for message, forms in said.items()
        for told in forms
        if _placeholders(told) != _placeholders(plurals.get(message) or message)
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalog_has_as_many_plural_forms_as_its_language(language: str) -> None:
    catalog = read(language)
    forms = {len(texts(catalog)[message]) for message, plural in messages().items() if plural}
    assert forms == {catalog.num_plurals}


def test_what_a_merge_has_doubled_counts_once_and_translated() -> None:
    text = 'msgid "Close"\nmsgstr ""\n\nmsgid "Close"\nmsgstr "关闭"\nmsgid "Retry"\nmsgstr "重试"'
    doubled = parsed(text, "zh")
    assert texts(merged(doubled, {"Close": "", "Retry": ""})) == {
        "Close": ("关闭",),
        "Retry": ("重试",),
    }


def test_a_message_that_is_not_said_any_more_goes() -> None:
    old = parsed('msgid "Close"\nmsgstr "关闭"\n\nmsgid "Gone"\nmsgstr "无"\n', "zh")
    assert texts(merged(old, {"Close": "", "New": ""})) == {"Close": ("关闭",), "New": ("",)}


def test_a_translation_that_was_only_guessed_does_not_count() -> None:
    guessed = parsed('#, fuzzy\nmsgid "Close"\nmsgstr "关"\n', "zh")
    assert texts(merged(guessed, {"Close": ""})) == {"Close": ("",)}


@pytest.mark.parametrize(
    ("typed", "set_right"),
    [
        ("取消,或等待(见 CHG-7)。", "取消\uff0c或等待\uff08见 CHG-7\uff09。"),
        ("原因:{reason}", "原因\uff1a{reason}"),
        ("每批 1,5,rest", "每批 1,5,rest"),
        ("请求({id}),共 {n}", "请求\uff08{id}\uff09\uff0c共 {n}"),
    ],
)
def test_punctuation_between_chinese_characters_is_wide(typed: str, set_right: str) -> None:
    assert typeset(typed) == set_right


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
