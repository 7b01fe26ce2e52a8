"""Command lines: split as a shell does, as phones type them, every mistake at once."""

import sys
import time
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.arguments import Arguments, Option, did_you_mean, read, split

OPTIONS = (
    Option(name="--env"),
    Option(name="--at", words=2),
    Option(name="--reason"),
    Option(name="--in-window", words=0),
    Option(name="--dry-run", words=0),
)
TIMES = {"tomorrow 02:00", "2026-12-01 02:00"}
UNCLOSED = "A quotation mark is never closed. Close it, or leave it out."


def line(text: str) -> Arguments:
    return read(text, OPTIONS, lambda option, value: option == "--at" and value in TIMES)


def words(text: str) -> list[str]:
    tokens, closed = split(text)
    assert closed
    return [token.text for token in tokens]


def problems(text: str) -> list[str]:
    return [str(problem) for problem in line(text).problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("   ", []),
        ("a  b\tc\nd", ["a", "b", "c", "d"]),
        ("a\u00a0b\u3000c\u202fd", ["a", "b", "c", "d"]),
        ("a\u200b \ufeffb", ["a", "b"]),
        ('"a b" c', ["a b", "c"]),
        ("'a b' c", ["a b", "c"]),
        ("“a b” c", ["a b", "c"]),
        ("„a b“ „c d”", ["a b", "c d"]),
        ("”a b” c", ["a b", "c"]),
        ("‘a b’ ’c d’", ["a b", "c d"]),
        ("«a b» c", ["a b", "c"]),
        ("「a b」 c", ["a b", "c"]),
        ("\uff02a b\uff02 c", ["a b", "c"]),
        ("“it's” 'a “b” c'", ["it's", "a “b” c"]),
        ('x="a b"y', ["x=a by"]),
        ("x='a b' y=‘c d’", ["x=a b", "y=c d"]),
        ("x=y=z", ["x=y=z"]),
        ('""', [""]),
        ("ann's ann’s dogs'", ["ann's", "ann’s", "dogs'"]),
        (r'"a \"b\" \\ \c"', [r'a "b" \ \c']),
        (r"a\ b \'c d\'", ["a b", "'c", "d'"]),
        ("a\\", ["a"]),
        ("&lt;a&gt; &amp;amp; &amp;lt; &quot;", ["<a>", "&amp;", "&lt;", "&quot;"]),
        ("<#C123|ops> <@U1>", ["<#C123|ops>", "<@U1>"]),
        ("orders-* tag:team=payments", ["orders-*", "tag:team=payments"]),
    ],
)
def test_a_line_is_split_as_a_shell_does_and_as_phones_type(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize("text", ['"a b', "'a b", "“a b", "„a", "‘a", "«a b", 'a "b" "', '"a\\"'])
def test_a_quote_that_is_never_closed_is_a_problem(text: str) -> None:
    assert problems(text) == [UNCLOSED]


@pytest.mark.parametrize(
    "text",
    [
        "--env prod in07",
        "in07 --env prod",
        "in07 --env=prod",
        "—env prod in07",
        "–env=prod in07",
        "in07 ——env prod",
        "‑‑env prod in07",
        "−−env prod in07",
        "--ENV prod in07",
        'in07 --env "prod"',
        "in07 --env=“prod”",
    ],
)
def test_options_stand_anywhere_in_any_spelling(text: str) -> None:
    given = line(text)
    assert (given.words, given.options, given.problems) == (("in07",), {"--env": "prod"}, ())


@pytest.mark.parametrize(
    ("text", "at", "rest"),
    [
        ("--at tomorrow 02:00 in07", "tomorrow 02:00", ("in07",)),
        ("--at=2026-12-01 02:00 in07", "2026-12-01 02:00", ("in07",)),
        ("—at 02:00 in07", "02:00", ("in07",)),
        ('--at "tomorrow 02:00" in07', "tomorrow 02:00", ("in07",)),
        ("in07 --at 02:00", "02:00", ("in07",)),
        ("--at tomorrow --dry-run", "tomorrow", ()),
        ("--at tomorrow --env 02:00", "tomorrow", ()),
    ],
)
def test_a_time_of_two_words_needs_no_quotes(text: str, at: str, rest: tuple[str, ...]) -> None:
    given = line(text)
    assert (given.options["--at"], given.words) == (at, rest)


def test_flags_stand_beside_words() -> None:
    given = line("--dry-run in07 —in-window --dry-run")
    assert given.flags == {"--dry-run", "--in-window"}
    assert (given.words, given.problems) == (("in07",), ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-- --env prod", ("--env", "prod")),
        ("— --env -- x", ("--env", "--", "x")),
        ('"--env" prod', ("--env", "prod")),
        ('"--"', ("--",)),
        ("-5 --5 -", ("-5", "--5", "-")),
    ],
)
def test_what_looks_like_an_option_can_be_a_word(text: str, expected: tuple[str, ...]) -> None:
    given = line(text)
    assert (given.words, given.options, given.problems) == (expected, {}, ())


@pytest.mark.parametrize("text", ["--envv prod x", "--att tomorrow 02:00 x", "--dry x", "--xyz x"])
def test_the_value_of_a_mistyped_option_is_not_taken_for_a_name(text: str) -> None:
    assert line(text).words == ("x",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("--envv prod", "There is no option --envv. Did you mean --env?"),
        ("--ta 02:00", "There is no option --ta. Did you mean --at?"),
        ("-at 02:00", "There is no option -at. Did you mean --at?"),
        ("--dry", "There is no option --dry. Did you mean --dry-run?"),
        ("--in", "There is no option --in. Did you mean --in-window?"),
        (
            "--xyz",
            (
                "There is no option --xyz. "
                "The options are: --env, --at, --reason, --in-window, --dry-run."
            ),
        ),
        ("--env", "--env needs a value."),
        ("--env=", "--env needs a value."),
        ('--env ""', "--env needs a value."),
        ("--env --dry-run", "--env needs a value."),
        ("--env -- x", "--env needs a value."),
        ("--env a --env b", "--env is given twice."),
        ("--dry-run=yes", "--dry-run takes no value."),
    ],
)
def test_a_mistake_says_how_to_mend_it(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_every_mistake_is_told_at_once() -> None:
    assert problems('--envv x --at --dry-run=1 --reason a --reason b "c') == [
        UNCLOSED,
        "There is no option --envv. Did you mean --env?",
        "--at needs a value.",
        "--dry-run takes no value.",
        "--reason is given twice.",
    ]


def test_a_command_without_options_says_so() -> None:
    assert [str(p) for p in read("--all", ()).problems] == [
        "There is no option --all: this takes no options."
    ]


def test_without_a_rule_for_longer_values_one_word_is_taken() -> None:
    given = read("--at tomorrow 02:00", OPTIONS)
    assert (given.options, given.words) == ({"--at": "tomorrow"}, ("02:00",))


@pytest.mark.parametrize(
    ("word", "choice"),
    [("prd", "Prod"), ("PROD", "Prod"), ("st", "staging"), ("xyz", None), ("", None), ("--", None)],
)
def test_did_you_mean_finds_the_one_that_is_close(word: str, choice: str | None) -> None:
    assert did_you_mean(word, ["Prod", "staging"]) == choice


@given(st.text(max_size=80))
def test_no_text_makes_it_fail_or_invents_an_option(text: str) -> None:
    given = line(text)
    assert set(given.options) | given.flags <= {option.name for option in OPTIONS}


@given(st.lists(st.text(st.characters(exclude_characters='"\\&\u200b\u2060\ufeff\u00ad'))))
def test_whatever_is_quoted_comes_back(texts: list[str]) -> None:
    assert words(" ".join(f'"{text}"' for text in texts)) == texts


def steps(text: str) -> int:
    """Count the calls, of Python's and of C's functions, that reading a line takes."""
    count = 0

    def on_event(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(on_event)
    try:
        line(text)
    finally:
        sys.setprofile(before)
    return count


def test_twice_as_many_ids_take_twice_the_steps() -> None:
    def ids(count: int) -> str:
        return " ".join(f"{number:032x}in07" for number in range(count))

    assert len(line(ids(5000)).words) == 5000
    assert steps(ids(5000)) < 2.1 * steps(ids(2500))


@pytest.mark.parametrize("piece", ["“", "‘ ", '"\\', "'a ", "='", "„«", "\\", " =", "a'", "—"])
def test_hostile_text_takes_no_more_than_its_length(piece: str) -> None:
    """The steps are within the pattern here, so only CPU time shows them: 16 times, not 256."""

    def cost(length: int) -> float:
        text = piece * (length // len(piece))

        def once() -> float:
            start = time.process_time_ns()
            split(text)
            return time.process_time_ns() - start

        return min(once() for _ in range(3))

    assert cost(64_000) < 60 * cost(4_000)


def test_the_wide_signs_of_chinese_keyboards_are_those_of_options() -> None:
    found = line("orders-1 \u2014\u2014env\uff1dprod \uff0d\uff0ddry-run --reason=「季度 结算」")
    assert found.words == ("orders-1",)
    assert found.flags == {"--dry-run"}
    assert found.problems == ()
    assert found.options == {"--env": "prod", "--reason": "季度 结算"}
