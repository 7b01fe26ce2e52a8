"""Every view stays within Slack's limits and lets nothing hostile through."""

import functools
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.command import Command
from bot.domain.change import Approval, Change, Options, State, Target, TargetState, Timing
from bot.domain.choice import Choice
from bot.domain.drift import Drift, KernelGroup
from bot.domain.freeze import Calendar, Freeze
from bot.domain.instance import Instance, Status
from bot.domain.kernel import Kernel, Path
from bot.domain.plan import Plan
from bot.domain.sentence import say
from bot.domain.story import Entry, Record
from bot.domain.subscription import Subscription
from bot.ports import Message, View
from bot.sandbox.slack.blocks import check_message_blocks, check_view
from bot.sandbox.slack.elements import OPTIONS_ANSWER
from bot.slack.forms import drawn
from bot.slack.newer import settled
from bot.views.answers import preview, problems, told
from bot.views.card import card, nudge, page
from bot.views.card import copy as copy_view
from bot.views.fleet import FleetPage, FleetRow, digest, fleet_list
from bot.views.forms import (
    Entered,
    Preview,
    approval_form,
    loading,
    menu,
    notice,
    reschedule_form,
    upgrade_form,
)
from bot.views.home import Fleet, HomeTab, home
from bot.views.lines import TOGETHER, line
from bot.views.notice import notice as watched
from bot.views.notice import soon
from bot.views.reader import Reader, escaped
from bot.views.tables import change_list, help_page, history

NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
READER = Reader.of("en-us")
EVIL = [
    "n" * 3000,
    "<!channel> <@U1> & <https://x|y>",
    "<!subteam^SEVIL>",
    "```code``` `x`\nnew line",
    "\u202eabc\u05d0\u05d1",
    "🔥" * 400,
    "&" * 3000,
    "\u200b" * 40 + "z\u200dw",
]


def target(number: int, name: str) -> Target:
    return Target(
        instance_id=f"{number:032x}in07",
        name=name,
        kernel=Kernel("2.0.48.231200"),
        newest=Kernel("2.0.60.241200"),
        path=Path.TWO_PHASE,
        zones=2,
        tags={"team": name},
        state=list(TargetState)[number % len(TargetState)],
        note=say("It says {why}.", why=name),
    )


def change(evil: str, state: State = State.PROPOSED, targets: int = 200) -> Change:
    return Change(
        number=7,
        state=state,
        environment="prod",
        channel="C1",
        requester="U1",
        key="k",
        options=Options(timing=Timing.AT, run_at=NOW, reason=evil),
        targets=tuple(target(number, evil) for number in range(targets)),
        warnings=tuple(say("Mind {what}.", what=evil) for _ in range(20)),
        subscriptions=(Subscription(key="team", value=evil, channel="C0PAY"),) * 3,
        approvals=(Approval(user="U2", at=NOW, seal="s"),),
        approvers=("U2", "S1"),
        difference=tuple(say("{what} changed.", what=evil) for _ in range(20)),
        halt_reason=say("Halted: {what}.", what=evil),
        created_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )


def entry(evil: str, seq: int = 1) -> Entry:
    record = Record(
        at=NOW,
        actor="bot",
        kind="closed",
        sentence=say("Ended: {what}", what=evil),
        told=True,
        verbatim=evil,
    )
    return Entry(seq=seq, change=7, record=record, hash="h")


async def nothing(*_given: object) -> None:
    return None


def drift(evil: str) -> Drift:
    group = KernelGroup(kernel=Kernel("2.0.63.250300"), count=900, behind=800, months=9)
    odd = KernelGroup(kernel=None, count=1, behind=0)
    paths = dict.fromkeys(Path, 300)
    return Drift(
        groups=(group,) * 30 + (odd,),
        total=1000,
        behind=900,
        unread=3,
        paths=paths,
        ending=(evil,) * 300,
    )


def page_of_fleet(evil: str, row: FleetRow) -> FleetPage:
    return FleetPage(
        environment=evil,
        rows=(row,) * 20,
        drift=drift(evil),
        first=21,
        total=1000,
        previous="x" * 2000,
        next="x" * 2001,
        draft="x" * 2000,
    )


@functools.cache
def views(evil: str) -> list[Message]:
    whole = change(evil)
    row = FleetRow(id=evil, name=evil, status=Status.NORMAL, kernel=evil, newest=evil, window=evil)
    command = Command(name="/taurus-fleet", summary=say("See it"), usage=(evil,), run=nothing)
    sentence = say("Mind {what}.", what=evil)
    plan = Plan(targets=whole.targets, warnings=whole.warnings)
    return [
        *(card(change(evil, state), READER) for state in State),
        *(
            card(change(evil, state).model_copy(update={"protected": True}), READER)
            for state in (State.PROPOSED, State.HALTED)
        ),
        *(page(whole, READER, number) for number in (1, 8, 99)),
        copy_view(whole, READER),
        *(watched(change(evil, state), READER, "C0PAY") for state in State),
        soon(line([entry(evil)], whole, READER), change(evil, State.SCHEDULED), READER),
        history([entry(evil)] * 300, READER, sentence),
        nudge(whole, READER),
        line([entry(evil)], whole, READER),
        line([entry(evil)] * TOGETHER, whole, READER),
        told(sentence, READER),
        problems([sentence] * 300, READER, (evil,)),
        preview(plan, whole.options, "prod", READER),
        fleet_list(page_of_fleet(evil, row), READER),
        digest(evil, drift(evil), "x" * 2000, READER),
        change_list([change(evil, targets=1)] * 100, READER),
        history([entry(evil, seq) for seq in range(300)], READER),
        help_page([command] * 5, [sentence] * 3, READER),
    ]


@functools.cache
def forms(evil: str) -> list[View]:
    whole = change(evil, targets=300)
    plan = Plan(targets=whole.targets, warnings=whole.warnings)
    sentence = say("Mind {what}.", what=evil)
    full = Entered(
        env=evil[:100],
        instances=tuple((f"{number:032x}in07", evil) for number in range(300)),
        when="at",
        at=evil,
        waves=evil,
        reason=evil,
        asks_channel=True,
        channel="C1",
    )
    looks = [Preview(), Preview(plan=plan), Preview(problems=(sentence,) * 300)]
    environments = [evil[:100], *(f"env-{number}" for number in range(200))]
    return [
        loading("upgrade.form", say("Upgrade databases"), READER),
        notice(problems([sentence] * 300, READER), say("Reschedule"), READER),
        reschedule_form(whole, evil, READER),
        approval_form(whole, say("Approve"), "{}", READER).model_copy(
            update={"callback_id": "change.approve.form"}
        ),
        *(
            upgrade_form(full, environments, look, zone=evil, metadata="{}", reader=READER)
            for look in looks
        ),
    ]


@functools.cache
def tabs(evil: str) -> list[tuple[dict[str, Any], ...]]:
    every = tuple(
        change(evil, state, targets=3).model_copy(update={"number": number})
        for number in range(5)
        for state in State
    )
    fleet = Fleet(environment=evil, drift=drift(evil), trouble=say("{x}", x=evil))
    lists = {"waiting": every, "mine": every[1:], "running": every[2:], "scheduled": every[3:]}
    freeze = Freeze(
        key="k", environment=evil, start=NOW, end=NOW + timedelta(days=1), reason=evil, author="U1"
    )
    calendars = {f"{number}{evil}": Calendar(freezes=(freeze,) * 3) for number in range(5)}
    full = HomeTab(**lists, fleets=(fleet, fleet), calendars=calendars, now=NOW)
    return [home(full, READER), home(HomeTab(now=NOW), READER)]


@functools.cache
def menus(evil: str) -> list[Mapping[str, Any]]:
    instance = Instance(
        id=f"{1:032x}in07", name=evil, status=Status.NORMAL, kernel=None, region=evil
    )
    free, taken = Choice(instance=instance), Choice(instance=instance, open_change=7)
    pattern = (evil[:150], 300)
    return [
        menu([], None, READER),
        menu([free, taken], pattern, READER),
        menu([free] * 300, pattern, READER),
    ]


@pytest.mark.parametrize("newer", [False, True])
@pytest.mark.parametrize("evil", EVIL)
def test_slack_would_take_every_view(evil: str, *, newer: bool) -> None:
    """The simulator holds messages, forms, tabs and menus to all of Slack's documented rules."""
    for message in views(evil):
        check_message_blocks(settled(message.blocks, newer=newer))
    for view in forms(evil):
        assert check_view(drawn(view, newer=newer), "modal") == []
    for blocks in tabs(evil):
        assert check_view({"type": "home", "blocks": list(blocks)}, "home") == []
    for offered in menus(evil):
        assert list(OPTIONS_ANSWER(dict(offered), "")) == []


@pytest.mark.parametrize("evil", EVIL)
def test_every_field_has_a_label_and_one_id_that_stays(evil: str) -> None:
    for view in forms(evil):
        fields = [block for block in view.blocks if block["type"] == "input"]
        assert all(field["label"]["text"].strip() for field in fields)
        assert all(field["element"]["action_id"] == field["block_id"] for field in fields)
        assert view.title.strip()
        assert view.close.strip()
    planned = [view for view in forms(evil) if view.callback_id == "upgrade.form" and view.submit]
    ids = {tuple(one["block_id"] for one in view.blocks if "block_id" in one) for view in planned}
    assert ids == {("env", "instances", "when", "at", "waves", "reason", "channel")}


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_in_forms_tabs_and_menus_is_obeyed_either(evil: str) -> None:
    marked = [*(view.blocks for view in forms(evil)), *tabs(evil)]
    for text in (text for blocks in marked for text in marked_up(list(blocks))):
        assert not re.search(r"<!(?!date\^|subteam\^S(?!EVIL))", text)
        assert "\u202e" not in text
        assert text.count("```") % 2 == 0
    for offered in menus(evil):
        assert not any("\u202e" in text for text in texts(dict(offered)))


def test_more_databases_than_a_menu_holds_are_counted() -> None:
    (group,) = menus("orders")[2]["option_groups"]
    assert group["label"]["text"] == "100 of 301: type on to see fewer"
    assert len(group["options"]) == 100
    assert group["options"][0]["description"]["text"] == "all that match: 300 databases"


def marked_up(block: object) -> list[str]:
    """Texts in which Slack obeys marks."""
    if isinstance(block, dict):
        own = [block["text"]] if block.get("type") == "mrkdwn" else []
        return own + [text for part in block.values() for text in marked_up(part)]
    if isinstance(block, list | tuple):
        return [text for part in block for text in marked_up(part)]
    return []


def texts(block: object) -> list[str]:
    if isinstance(block, dict):
        own = [block["text"]] if isinstance(block.get("text"), str) else []
        return own + [text for part in block.values() for text in texts(part)]
    if isinstance(block, list):
        return [text for part in block for text in texts(part)]
    return []


def buttons(message: Message) -> list[dict[str, Any]]:
    return [
        one for block in message.blocks if block["type"] == "actions" for one in block["elements"]
    ]


@pytest.mark.parametrize("evil", EVIL)
def test_every_view_keeps_slacks_sizes(evil: str) -> None:
    for message in views(evil):
        blocks = settled(message.blocks, newer=False)
        every = [text for block in blocks for text in texts(block)]
        assert 0 < len(message.text) <= 4000
        assert len(blocks) <= 50
        assert max(len(text) for text in every) <= 3000
        assert sum(len(text) for text in every) <= 10_000
        named = [block["block_id"] for block in message.blocks if "block_id" in block]
        assert len(named) == len(set(named))
        assert all(len(one["text"]["text"]) <= 75 for one in buttons(message))


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_that_somebody_wrote_is_obeyed(evil: str) -> None:
    for message in views(evil):
        for text in [message.text, *(text for block in message.blocks for text in texts(block))]:
            # Groups are mentioned where the settings name them, and only there.
            assert not re.search(r"<!(?!date\^|subteam\^S(?!EVIL))", text)
            assert "\u202e" not in text or message.text.startswith("Ended")
            assert text.count("```") % 2 == 0


def test_a_name_becomes_one_inert_line() -> None:
    assert escaped("<!here>\n`a`&\u202eb") == "&lt;!here&gt; ˋaˋ&amp;b"


def test_the_clouds_words_keep_their_code_block_closed() -> None:
    message = line([entry("&" * 3000)], change("x", targets=1), READER)
    assert message.blocks[-1]["text"]["text"].endswith("```")


def test_a_page_beyond_the_end_shows_the_last_one() -> None:
    whole = change("x", targets=30)
    assert page(whole, READER, 99) == page(whole, READER, 2)


def test_why_an_approval_became_void_is_read_in_the_readers_own_zone() -> None:
    assert any(
        "The approval became void: x changed." in text
        for block in card(change("x", targets=1), READER).blocks
        for text in texts(block)
    )


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        (State.PROPOSED, ["approve", "reject", "reschedule", "cancel"]),
        (State.SCHEDULED, ["reschedule", "hold", "cancel"]),
        (State.RUNNING, ["halt"]),
        (State.HALTED, ["resume", "cancel"]),
        (State.UNKNOWN, ["resume", "retry"]),
        (State.FAILED, ["retry"]),
        (State.PARTLY_FAILED, ["retry"]),
        (State.SUCCEEDED, []),
    ],
)
def test_a_card_offers_only_what_applies(state: State, actions: list[str]) -> None:
    made = buttons(card(change("x", state), READER))
    assert [one["action_id"] for one in made] == [f"change.{action}" for action in actions]
    assert {one["value"] for one in made} <= {"CHG-7"}


@pytest.mark.parametrize("text", ["&" * 300, "x" * 301, "<" * 75 + "x"])
def test_a_long_argument_is_cut_between_entities(text: str) -> None:
    made = escaped(text)
    assert len(made) <= 300
    assert re.fullmatch(r"(?:x|&amp;|&lt;)+…", made)
