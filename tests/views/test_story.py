"""The story of a change as a file."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.domain.sentence import At, User, say
from bot.domain.story import Entry, Record
from bot.views.reader import Reader
from bot.views.story import story_file
from bot.views.tables import fits, history
from tests.domain.examples import change, target

AT = datetime(2026, 11, 24, 2, 0, 5, 123, tzinfo=UTC)
ASKED = Record(
    at=AT,
    actor="U0ANN",
    kind="request",
    sentence=say("{who} moved it to {at}.", who=User(user="U0ANN"), at=At(at=AT)),
    more=(say("orders-1 is gone."),),
    verbatim='{"resp":\n"success"}',
    data={"request_id": "r-1", "delivery": "Ev0-private"},
)
ENTRY = Entry(seq=3, change=7, record=ASKED, hash="ab" * 32)


def test_every_entry_is_there_with_who_when_what_and_its_place_in_the_record() -> None:
    zone = ZoneInfo("Europe/Berlin")
    file = story_file(change(target(1)), [ENTRY], {"U0ANN": "ann"}, zone, Reader.of("en-us"))
    assert file.name == "CHG-7-history.txt"
    assert file.title == "History of CHG-7: 1 entry"
    assert file.text.splitlines() == [
        "CHG-7 · Scheduled · upgrade 1 database of prod · asked by @U0ANN",
        "Times are of Europe/Berlin. The number and the hash find an entry in the record.",
        "",
        "2026-11-24 03:00:05+01:00  ann (U0ANN)  request",
        "    @U0ANN moved it to 2026-11-24 03:00.",
        "    orders-1 is gone.",
        '    | {"resp":',
        '    | "success"}',
        "    request_id: r-1",
        "    #3 " + "ab" * 32,
    ]
    assert "Ev0-private" not in file.text


def test_a_long_story_does_not_fit_into_a_message() -> None:
    reader = Reader.of("en-us")
    assert fits([ENTRY] * 10, reader)
    assert not fits([ENTRY] * 200, reader)


def test_a_fact_names_its_change_once_and_only_among_those_of_others() -> None:
    begun = ASKED.model_copy(update={"sentence": say("{change} has started.", change="CHG-7")})
    facts = [ENTRY, ENTRY.model_copy(update={"record": begun})]
    reader = Reader.of("en-us")
    assert "CHG-7 <@U0ANN> moved it" not in str(history(facts, reader).blocks)
    both = str(history([*facts, ENTRY.model_copy(update={"change": 8})], reader).blocks)
    assert both.count("CHG-7 ") == 2
    assert "CHG-8 <@U0ANN> moved it" in both
