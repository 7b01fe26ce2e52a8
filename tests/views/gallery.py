"""Every view once, as people meet it, written as plain text.

    python -m tests.views.gallery

renews the snapshots in every language. Read what `git diff` shows of them: it is what people read.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.announcement import announced, announcing
from bot.domain.change import Change, Options, State, TargetState, Timing
from bot.domain.choice import Choice
from bot.domain.drift import drift_of
from bot.domain.duty import Duty
from bot.domain.environment import Environment
from bot.domain.errors import CloudError, Effect, Reaction
from bot.domain.feed import Feed
from bot.domain.freeze import Calendar, Freeze, RecurringFreeze
from bot.domain.health import unhealthy
from bot.domain.instance import Detail, PreCheck, Status
from bot.domain.person import Person
from bot.domain.plan import Plan, Refusal, make_plan
from bot.domain.policy import Action, Circle, decide
from bot.domain.reminders import waited
from bot.domain.seal import difference
from bot.domain.sentence import Sentence
from bot.domain.steps import answered, attempted, expired, looked, orphaned, voided
from bot.domain.story import Entry, Record
from bot.domain.subscription import Subscription
from bot.domain.turns import closing
from bot.domain.windows import parse_window
from bot.ports import Message, View
from bot.slack import answers as door
from bot.taurus.reactions import BUSY, SERVER_TROUBLE
from bot.views.answers import preview, problems, told, told_all, usage
from bot.views.card import card, nudge, page
from bot.views.card import copy as copy_view
from bot.views.fleet import FleetPage, FleetRow, digest, fleet_list
from bot.views.forms import (
    Entered,
    Preview,
    approval_form,
    loading,
    menu,
    reschedule_form,
    upgrade_form,
)
from bot.views.home import Fleet, HomeTab, home
from bot.views.lines import line
from bot.views.notice import notice, soon
from bot.views.reader import Reader
from bot.views.report import report
from bot.views.tables import change_list, freeze_list, help_page, history
from commands import COMMANDS, taurus_upgrade
from tests.domain.examples import (
    ANCIENT,
    HOUR,
    MINUTE,
    NEWEST,
    NOW,
    SUCCESS,
    TWO_PHASE,
    change,
    error,
    facts,
    instance,
    sent,
    target,
    under_way,
    version,
)

SNAPSHOTS = Path(__file__).parent / "snapshots"
LANGUAGES = {"en": "en-us", "zh": "zh-cn"}
Drawn = Message | View | Iterable[Mapping[str, Any]] | Mapping[str, Any] | None
READY = version(NEWEST, upgradable=False)


def gallery(reader: Reader) -> Iterator[tuple[str, Drawn]]:
    """Draw every view, with its name."""
    for state, shown in CHANGES.items():
        yield f"card, {state.value}", card(shown, reader)
    yield "card, of everything", card(FULL, reader)
    yield "notice", notice(FULL, reader)
    yield "notice for owners", notice(OWNED, reader, "C0TEAM")
    yield "starts soon", soon(line([_entry(_SOON)], OWNED, reader), OWNED, reader)
    yield "copy for an approver", copy_view(CHANGES[State.PROPOSED], reader)
    yield "nudge", nudge(CHANGES[State.PROPOSED], reader)
    yield "page", page(FULL, reader, 1)
    for record in story():
        shown = CHANGES[State.SUCCEEDED]
        yield f"line, {record.kind}", line([_entry(record)], shown, reader)
    yield "report", report(CHANGES[State.PARTLY_FAILED], reader)
    yield from _answers(reader)
    yield from _lists(reader)
    yield from _forms(reader)
    yield "home", home(TAB, reader)
    yield "home, nothing there", home(HomeTab(now=NOW, fleets=(Fleet(environment="prod"),)), reader)


# --- what is shown ----------------------------------------------------------------------------


def failed(effect: Effect = Effect.REFUSED, sentence: Sentence = BUSY) -> CloudError:
    made = error(effect, Reaction.WAIT)
    return CloudError(
        sentence, effect=effect, reaction=made.reaction, code=made.code, message=made.message
    )


_PLAN = make_plan(
    [
        facts(1, precheck=PreCheck(passed=False, findings=("replication delay 40 s",))),
        facts(2, version=version(TWO_PHASE), detail=Detail(id="x", zones=2, proxies=1)),
        facts(3, version=version(ANCIENT), instance=instance(3, end_of_service=True)),
        facts(4, version=READY),
    ],
    Options(timing=Timing.IN_WINDOW, wave_sizes=(1, 2)),
)
assert isinstance(_PLAN, Plan)
PLAN = _PLAN
_REFUSAL = make_plan(
    [
        *(facts(number, instance=instance(number, state)) for number, state in enumerate(Status)),
        facts(6, open_change=3),
        facts(7, version=READY),
        facts(8, version=None),
        facts(9, version=version(upgradable=False)),
    ],
    Options(),
    exact=frozenset({instance(7).id}),
)
assert isinstance(_REFUSAL, Refusal)
REFUSAL = _REFUSAL
WAITS = change(
    *(target(number) for number in (1, 2)),
    state=State.PROPOSED,
    options=Options(timing=Timing.AT, run_at=NOW + HOUR, reason="quarter end"),
    approvers=("U0BOB", "S0DBA"),
    approvals_needed=2,
)
ENDED = (
    sent(1, TargetState.SUCCEEDED, found=NEWEST, began_at=NOW, ended_at=NOW + 9 * MINUTE),
    sent(2, TargetState.FAILED, found=target(2).kernel, ended_at=NOW + 12 * MINUTE),
)
EVERY_STATE = tuple(
    sent(number, state, progress="60%" if state is TargetState.UPGRADING else "", found=NEWEST)
    for number, state in enumerate(TargetState)
)


def _halted() -> Change:
    running = under_way(sent(1, TargetState.SUCCEEDED), target(2, wave=2))
    why = difference([target(2)], [facts(2, version=version("2.0.69.250900"))])
    return unhealthy(running, (*why, BUSY), NOW)[0]


CHANGES = {
    State.PROPOSED: WAITS,
    State.SCHEDULED: change(target(1), options=Options(timing=Timing.IN_WINDOW)),
    State.RUNNING: under_way(sent(1, TargetState.UPGRADING, progress="60%"), target(2, wave=2)),
    State.HALTED: _halted(),
    State.UNKNOWN: under_way(sent(1, TargetState.UNKNOWN), state=State.UNKNOWN),
    State.SUCCEEDED: under_way(ENDED[0], state=State.SUCCEEDED),
    State.PARTLY_FAILED: under_way(*ENDED, state=State.PARTLY_FAILED),
    State.FAILED: under_way(ENDED[1], state=State.FAILED),
    State.CANCELLED: change(target(1), state=State.CANCELLED),
    State.REJECTED: change(target(1), state=State.REJECTED),
    State.EXPIRED: change(target(1), state=State.EXPIRED),
}
FULL = change(
    *EVERY_STATE,
    state=State.PROPOSED,
    options=Options(override="the disk is full", overridden=("FRZ-3",)),
    protected=True,
    approvers=("U0BOB", "pagerduty:schedule:P0DBA"),
    duties=(Duty(source="pagerduty:schedule:P0DBA", user="U0DANA", until=NOW + HOUR),),
    warnings=PLAN.warnings,
    difference=difference([target(1), target(2), target(3)], [facts(2, version=READY)]),
    waiting=REFUSAL.problems[:1],
    parent=6,
)


OWNED = change(
    target(1, tags={"team": "orders"}),
    target(2),
    options=Options(timing=Timing.AT, run_at=NOW + HOUR),
    subscriptions=(Subscription(key="team", value="orders", channel="C0TEAM"),),
)
_SOON = announced(announcing(OWNED, NOW), NOW + 59 * MINUTE)[1][0]


def story() -> Iterator[Record]:
    """Live through everything that is told in a thread."""
    read = [facts(2, version=version("2.0.69.250900"))]
    why = difference([target(2)], read)
    running, started = attempted(change(target(1), target(2)), [target(1)], [facts(1)], NOW)
    yield from started
    lost = failed(Effect.UNCLEAR, SERVER_TROUBLE)
    for came in (SUCCESS, failed(), lost, failed(Effect.IN_PART)):
        yield from answered(running, 1, came, NOW)[1]
    yield from _records(orphaned(running, NOW))
    yield from voided(WAITS.model_copy(update={"state": State.SCHEDULED}), [target(2)], read, why,
                      NOW, HOUR)[1]  # fmt: skip
    yield from unhealthy(under_way(sent(1)), why, NOW)[1]
    flying = under_way(sent(1), sent(2))
    yield from _records(looked(flying, ENDED, NOW))
    yield from _records(looked(flying, [sent(1, TargetState.NOT_CONFIRMED)], NOW))
    yield from _records(expired(WAITS, NOW + 48 * HOUR))
    yield from waited(WAITS.model_copy(update={"remind_at": NOW}), (), NOW)[1]
    yield closing(change(target(1), state=State.CANCELLED), NOW)


def _records(step: tuple[Change, tuple[Record, ...]] | None) -> tuple[Record, ...]:
    assert step is not None
    return step[1]


def _entry(record: Record) -> Entry:
    return Entry(seq=1, change=7, record=record, hash="h")


PROD = Environment(
    name="prod",
    region="cn-north-4",
    channels=("C0OPS",),
    requesters=("U0ANN",),
    approvers=("U0BOB",),
)


def _decisions() -> Iterator[Sentence]:
    for name in ("U0ANN", "U0BOB", "U0CARL"):
        circle = Circle(person=Person(id=name, name=name, zone="UTC"))
        for action in Action:
            yield decide(action, circle, PROD, channel="C0OPS", change=WAITS).sentence
            yield decide(action, circle, PROD, channel="C0OTHER").sentence


def _answers(reader: Reader) -> Iterator[tuple[str, Drawn]]:
    yield "refusal", problems(REFUSAL.problems, reader)
    bad = taurus_upgrade.parse(
        "--at yesterday --in-window --waves 1,0 --wave-size 2 --soak 99 --weird --break-glass z",
        NOW,
        ZoneInfo("Asia/Shanghai"),
    )
    yield "mistakes", problems(bad.mistakes, reader, taurus_upgrade.USAGE)
    yield "usage", usage((COMMANDS[0].summary,), reader, taurus_upgrade.USAGE)
    yield "decisions", told_all(tuple({str(one): one for one in _decisions()}.values()), reader)
    yield "error", told(BUSY, reader)
    yield "dry run", preview(PLAN, Options(timing=Timing.IN_WINDOW), "prod", reader)
    yield "at the door", told_all((door.NOT_OPENED, door.TOO_OLD), reader)


FREEZES = Calendar(
    windows=(parse_window("Mon-Thu 22:00-04:00 Asia/Shanghai"),),
    recurring=(
        RecurringFreeze(
            when=parse_window("12-20 00:00 - 01-05 00:00 Asia/Shanghai"), reason="year end"
        ),
    ),
    freezes=(
        Freeze(id=3, key="k", environment="prod", start=NOW, end=NOW + HOUR, reason="incident",
               author="U0DANA"),
    ),
)  # fmt: skip


DOUBTFUL = Calendar(feeds=(Feed(name="holidays", is_unread=True, is_closed=True),))


def _lists(reader: Reader) -> Iterator[tuple[str, Drawn]]:
    row = FleetRow(
        id=instance(1).id, name="orders-1", status=Status.FROZEN, kernel=ANCIENT, newest=NEWEST,
        window="18:00-22:00",
    )  # fmt: skip
    fleet = [instance(number, end_of_service=number == 1) for number in (1, 2, 3)]
    drift = drift_of(fleet, {fleet[0].id: version(), fleet[1].id: READY})
    shown = FleetPage(
        environment="prod", rows=(row,), drift=drift, first=1, total=3, next="--page 2",
        previous="--page 1", draft="behind:*",
    )  # fmt: skip
    yield "fleet", fleet_list(shown, reader)
    yield "digest", digest("prod", drift, "behind:*", reader)
    yield "digest, nothing to do", digest("prod", drift_of(fleet[1:2], {}), "", reader)
    yield "changes", change_list(tuple(CHANGES.values()), reader, elsewhere=2)
    yield "changes, none", change_list((), reader)
    yield "history", history([_entry(record) for record in story()], reader)
    yield "freezes", freeze_list({"prod": FREEZES, "test": DOUBTFUL}, NOW, reader)
    yield "freezes, none", freeze_list({"test": Calendar()}, NOW, reader)
    yield "help", help_page(COMMANDS, [decide_to_request()], reader)


def decide_to_request() -> Sentence:
    ann = Circle(person=Person(id="U0ANN", name="Ann", zone="UTC"))
    return decide(Action.REQUEST, ann, PROD, channel="C0OPS").sentence


def _forms(reader: Reader) -> Iterator[tuple[str, Drawn]]:
    entered = Entered(
        env="prod", instances=((instance(1).id, "orders-1"),), asks_channel=True, at="02:00"
    )
    for name, of, look in (
        ("empty", Entered(env="prod"), Preview()),
        ("filled in", entered, Preview(plan=PLAN)),
        ("wrong", entered, Preview(problems=REFUSAL.problems[:2])),
    ):
        drawn = upgrade_form(
            of, ["prod", "test"], look, zone="Asia/Shanghai", metadata="", reader=reader
        )
        yield f"upgrade form, {name}", drawn
    title = COMMANDS[0].forms["upgrade.form"].title
    yield "a form that is being read", loading("upgrade.form", title, reader)
    yield "reschedule form", reschedule_form(WAITS, "Asia/Shanghai", reader)
    yield "approval form", approval_form(FULL, title, "", reader)
    choices = [
        *(Choice(instance=instance(number, state)) for number, state in enumerate(Status)),
        Choice(instance=instance(6), version=version()),
        Choice(instance=instance(7), version=READY),
        Choice(instance=instance(8), open_change=3),
        Choice(instance=instance(9), version=version(upgradable=False)),
    ]
    yield "menu", menu(choices, ("orders-*", 9), reader)
    yield "menu, too long", menu(choices * 20, None, reader)["option_groups"][0]["label"]


TAB = HomeTab(
    waiting=(WAITS,),
    mine=(CHANGES[State.RUNNING], CHANGES[State.HALTED]),
    scheduled=(CHANGES[State.SCHEDULED],),
    fleets=(Fleet(environment="prod", drift=drift_of([instance(1)], {}), trouble=SERVER_TROUBLE),),
    calendars={"prod": FREEZES},
    now=NOW,
)

# --- written as text --------------------------------------------------------------------------


def texts(drawn: object) -> Iterator[str]:
    """List what people read of a view, in order."""
    match drawn:
        case Message():
            yield f"({drawn.text})"
            yield from texts(drawn.blocks)
        case View():
            yield f"[{drawn.title}] [{drawn.close}] [{drawn.submit}]"
            yield from texts(drawn.blocks)
        case {"type": "button" | "plain_text" | "mrkdwn" | "raw_text", "text": str(text)}:
            yield text
        case Mapping():
            shown = (drawn[name] for name in drawn if name not in _NO_TEXT)
            for one in shown:
                yield from texts(one)
        case list() | tuple():
            for one in drawn:
                yield from texts(one)


_NO_TEXT = frozenset({"initial_option", "initial_options"})


def written(language: str) -> str:
    """Write every view in a language."""
    reader = Reader.of(language)
    parts = ([f"## {name}", *texts(drawn)] for name, drawn in gallery(reader))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def main() -> None:
    """Renew the snapshots."""
    SNAPSHOTS.mkdir(exist_ok=True)
    for name, language in LANGUAGES.items():
        (SNAPSHOTS / f"{name}.txt").write_text(written(language), encoding="utf-8")


if __name__ == "__main__":
    main()
