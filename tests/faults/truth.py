"""What must hold at the end of every story, whatever broke on the way."""

from collections import Counter

from bot.domain.change import Change, TargetState
from bot.domain.story import Entry
from bot.service.tell import together
from bot.store import SqlChanges
from bot.views.card import card as card_view
from bot.views.lines import line
from bot.views.reader import Reader
from bot.views.report import report
from tests.faults.person import Person
from tests.faults.trial import Trial

READER = Reader.of("en-us")
TOO_LATE = "nothing was done"
"""Only somebody who did a thing twice may read that it was too late."""
_ONCE = ("request", "approve", "closed")


async def hold(trial: Trial, person: Person, *instances: str) -> None:
    """Check it all, and show the scene if something does not hold."""
    assert "a mistake of ours" not in trial.log, trial.scene()
    if not person.repeated:
        assert not any(TOO_LATE in text for text in trial.whispers), trial.scene()
    store = SqlChanges.open(trial.url)
    try:
        await _submitted_once(trial, instances)
        assert await store.verify() is None
        changes = sorted(await store.find(limit=1000), key=lambda change: change.number)
        assert changes
        for change in changes:
            await shown(trial, store, change)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{trial.scene()}") from error
    finally:
        store.close()


async def shown(trial: Trial, store: SqlChanges, change: Change) -> None:
    """Check that Slack shows one change as the store has it: one card, the story once, in order."""
    story = await store.story(change=change.number)
    _told_once(trial, change, story)
    _recorded_once(change, story)
    await _one_card(trial, store, change)


async def _submitted_once(trial: Trial, instances: tuple[str, ...]) -> None:
    for name in instances:
        assert len(trial.taurus.submissions(name)) == 1, f"{name} was not submitted once"
        assert trial.taurus.instance(name).kernel == trial.taurus.instance(name).latest


async def _one_card(trial: Trial, store: SqlChanges, change: Change) -> None:
    cards = [card for card in trial.cards if card["text"].startswith(f"{change.id} ")]
    kept = await store.card(change.number)
    assert kept is not None
    assert [card["ts"] for card in cards] == [kept.ts], "not exactly one card"
    assert cards[0]["text"] == card_view(change, READER).text, "the card is not up to date"


def _told_once(trial: Trial, change: Change, story: tuple[Entry, ...]) -> None:
    (card,) = [card for card in trial.cards if card["text"].startswith(f"{change.id} ")]
    lines = [entry for entry in story if entry.record.told]
    wanted = [
        (report(change, READER) if entries[0].record.kind == "report" else None)
        or line(entries, change, READER)
        for entries in together(lines)
    ]
    assert trial.thread(card) == [one.text for one in wanted], (
        "the thread does not tell the story once and in order"
    )


def _recorded_once(change: Change, story: tuple[Entry, ...]) -> None:
    kinds = Counter(entry.record.kind for entry in story)
    for kind in _ONCE:
        assert kinds[kind] == 1, f"{kind} is recorded {kinds[kind]} times in {change.id}"
    assert kinds["attempt"] == len(change.batches)
    assert kinds["answer"] + kinds["interrupted"] >= kinds["attempt"], "an attempt without an end"
    outcomes = Counter(
        entry.record.data["instance"] for entry in story if entry.record.kind == "outcome"
    )
    assert all(count == 1 for count in outcomes.values()), "an outcome is recorded twice"
    ended = {one.instance_id for one in change.targets if one.state is TargetState.SUCCEEDED}
    assert ended <= outcomes.keys(), "an outcome is not recorded"
