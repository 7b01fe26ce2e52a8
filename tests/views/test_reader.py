"""One reader: everything in their language, and nothing that people wrote is obeyed."""

from bot.domain.change import State
from bot.domain.sentence import User, all_of, say, say_many, word
from bot.views.reader import ARG_LIMIT, SEVERAL_LIMIT, Reader

CHINESE, ENGLISH = Reader.of("zh-CN"), Reader.of("en-GB")


def test_a_word_within_a_sentence_is_in_the_readers_language() -> None:
    said = say("{change} is {state} now.", change="CHG-7", state=word(State.RUNNING))
    assert ENGLISH(said) == "CHG-7 is Running now."
    assert CHINESE(said) == "CHG-7 现在是“执行中”。"
    assert CHINESE.plain(said) == "CHG-7 现在是“执行中”。"


def test_what_people_wrote_is_escaped_once_however_deep_it_stands() -> None:
    said = say("Halted before the next wave: {why}", why=say("{name} {why}.", name="<&>", why="x"))
    assert ENGLISH(said) == "Halted before the next wave: &lt;&amp;&gt; x."
    assert ENGLISH.plain(said) == "Halted before the next wave: <&> x."


def test_mentions_within_a_sentence_within_a_sentence_work() -> None:
    said = say("Reason: {reason}", reason=say("{who} is on call.", who=User(user="U0ANN")))
    assert ENGLISH(said) == "Reason: <@U0ANN> is on call."


def test_sentences_in_a_row_are_kept_whole_and_short() -> None:
    long = [say("{name} is frozen.", name="n" * 1000)] * 50
    told = ENGLISH(say("Reason: {reason}", reason=all_of(long)))
    assert told.endswith("… is frozen. …")
    assert len(told) < SEVERAL_LIMIT + ARG_LIMIT
    both = all_of([say("{name} is frozen.", name="a"), say("{name} is abnormal.", name="b")])
    assert CHINESE.shown(both) == "a 已冻结。b 状态异常。"


def test_numbers_choose_the_plural() -> None:
    one, two = (say_many("{n} change", "{n} changes", count) for count in (1, 2))
    assert (ENGLISH(one), ENGLISH(two)) == ("1 change", "2 changes")
    assert (CHINESE(one), CHINESE(two)) == ("1 个变更", "2 个变更")


def test_who_reads_another_language_reads_english() -> None:
    assert Reader.of("fr-FR")(say("Close")) == "Close"
