"""The card of a change: the one message that always shows how it stands."""

from collections.abc import Callable, Sequence

from bot.domain.announcement import is_holdable
from bot.domain.change import IN_FLIGHT, Approval, Change, State, Target, TargetState, Timing
from bot.domain.correlation import correlation_id
from bot.domain.duty import Duty, is_source
from bot.domain.outlook import outlook
from bot.domain.risk import protection, risk
from bot.domain.sentence import At, Channels, Sentence, User, Users, say, say_many, word
from bot.ports import Message
from bot.views.blocks import (
    Block,
    button,
    confirm,
    context,
    listed,
    message,
    section,
    sections,
)
from bot.views.reader import Reader, escaped
from bot.views.targets import in_order, target_lines, target_sections, timing
from bot.views.waves import soak, waves_block

TARGETS_BUDGET = 4500
"""Characters for targets; the rest of the card's budget is for everything above them."""
PAGE_BUDGET = 7500
PAGE = 25
"""Targets on one page of the long list."""
PRESSED = "pressed-"
"""How the id of the block with the buttons begins."""
TYPED = "typed-"
"""How the ids of those blocks begin whose approving buttons open a form; a hint for the screen:
the policy refuses a yes without the name whatever the block is called."""


def card(change: Change, reader: Reader) -> Message:
    """Draw the card as the change stands."""
    head, kept = headline(change, reader), change.kept
    targets, hidden = target_sections(in_order(change.targets), reader, TARGETS_BUDGET)
    blocks = [
        section(f"*{head}*"),
        *_protection(change, reader),
        section(f"*{reader(say('State'))}*  {reader(word(change.state))}"),
        *_facts(change, kept, reader),
        *waves_block(kept, reader),
        *targets,
        *_hidden(change, hidden, reader),
        context(reader(say("Log id: {id}", id=correlation_id(change.key)))),
        *buttons(change, reader),
    ]
    return message(head, blocks)


def _protection(change: Change, reader: Reader) -> list[Block]:
    if not change.protected or not change.is_open:
        return []
    return [section(f":warning: *{reader(protection(change.environment))}*")]


def headline(change: Change, reader: Reader) -> str:
    """Tell the story in one line."""
    return reader(headline_of(change))


def headline_of(change: Change) -> Sentence:
    """Say the same as a sentence."""
    return say_many(
        "{change} · {state} · upgrade {n} database of {env} · asked by {who}",
        "{change} · {state} · upgrade {n} databases of {env} · asked by {who}",
        len(change.kept),
        change=change.id,
        state=word(change.state),
        env=change.environment,
        who=User(user=change.requester),
    )


def copy(change: Change, reader: Reader) -> Message:
    """Draw the card for an approver who does not read its channel."""
    drawn = card(change, reader)
    channel = Channels(channels=(change.channel,))
    where = say("Your approval was asked for. The card is in {channel}.", channel=channel)
    return message(drawn.text, [*drawn.blocks, context(reader(where))])


def nudge(change: Change, reader: Reader) -> Message:
    """Ask an approver in the card's own channel."""
    text = reader(
        say_many(
            "{change} waits for your approval: upgrade {n} database of {env}. "
            "Its card is in this channel.",
            "{change} waits for your approval: upgrade {n} databases of {env}. "
            "Its card is in this channel.",
            len(change.kept),
            change=change.id,
            env=change.environment,
        )
    )
    return message(text, [section(text)])


def page(change: Change, reader: Reader, number: int) -> Message:
    """Draw one page of all targets, from 1."""
    last = max(1, -(-len(change.targets) // PAGE))
    start = (min(max(number, 1), last) - 1) * PAGE
    shown = change.targets[start : start + PAGE]
    lines = target_lines(shown, reader, among=change.targets)
    blocks, hidden = sections(lines, PAGE_BUDGET)
    head = headline(change, reader)
    where = reader(
        say(
            "Targets {first} to {last} of {all}.",
            first=start + 1,
            last=start + len(shown) - hidden,
            all=len(change.targets),
        )
    )
    return message(head, [section(f"*{head}*"), *blocks, context(where)])


def _facts(change: Change, kept: Sequence[Target], reader: Reader) -> list[Block]:
    said = [*_plan(change, kept), *_approvals(change), *_halt(change), *_background(change)]
    said += [say("The approval became void: {why}", why=one) for one in change.difference]
    said += [say("Waiting, and trying again: {why}", why=one) for one in change.waiting]
    return listed((reader(one) for one in said), reader, 3000)


def _plan(change: Change, kept: Sequence[Target]) -> list[Sentence]:
    said: list[Sentence] = []
    if change.is_open:
        said += risk(kept)
    if change.state in {State.PROPOSED, State.SCHEDULED}:
        said.append(timing(change.options))
    if change.is_open and change.state not in {State.HALTED, State.UNKNOWN}:
        said += outlook(kept, change.options, change.past, change.started_at)
    return [*said, *soak(change)]


def _halt(change: Change) -> list[Sentence]:
    said: list[Sentence] = []
    if change.halt_reason is not None and change.state is State.HALTED:
        said.append(change.halt_reason)
    if change.state in {State.HALTED, State.UNKNOWN} and change.in_state(IN_FLIGHT):
        said.append(say("What the cloud has begun cannot be stopped; it is followed to its end."))
    return said


def _background(change: Change) -> list[Sentence]:
    said = [*change.warnings] if change.state is State.PROPOSED else []
    if change.options.reason:
        said.append(say("Reason: {reason}", reason=change.options.reason))
    if change.parent is not None:
        said.append(say("It retries what CHG-{number} left.", number=change.parent))
    return said


def _approvals(change: Change) -> list[Sentence]:
    said: list[Sentence] = []
    if change.options.override:
        said.append(
            say(
                "BREAK GLASS: it goes past freezes and change windows, which takes one approval "
                "more. Why: {reason}",
                reason=change.options.override,
            )
        )
    said += [_approval(one) for one in change.approvals[-5:]]
    if change.state in {State.PROPOSED, State.HALTED} and change.approvers:
        said.append(
            say(
                "{have} of {need} approvals; approvers: {who}.",
                have=len(change.approvals),
                need=change.approvals_needed,
                who=Users(users=_named(change)),
            )
        )
        said += [change.approvals_why] if change.approvals_why else []
        said += [_duty(one) for one in change.duties]
    if change.state is State.PROPOSED:
        said.append(say("Expires {at} if nobody decides.", at=At(at=change.expires_at)))
    return said


def _named(change: Change) -> tuple[str, ...]:
    """Name approvers as people know them; of a schedule those who are on call."""
    people = (one for one in change.approvers if not is_source(one))
    return tuple(dict.fromkeys((*people, *(duty.user for duty in change.duties))))


def _duty(duty: Duty) -> Sentence:
    if duty.until is None:
        return say("{who} is on call.", who=User(user=duty.user))
    return say("{who} is on call until {at}.", who=User(user=duty.user), at=At(at=duty.until))


def _approval(approval: Approval) -> Sentence:
    who, at = User(user=approval.user), At(at=approval.at)
    if approval.stale_since is None:
        return say("Approved by {who}, {at}.", who=who, at=at)
    return say(
        "Approved by {who}, {at}; the list of approvers is of {then}, as it could not be read "
        "again.",
        who=who,
        at=at,
        then=At(at=approval.stale_since),
    )


def _hidden(change: Change, hidden: int, reader: Reader) -> list[Block]:
    if not hidden:
        return []
    counts = ", ".join(
        reader(say("{count} {state}", count=count, state=word(state)))
        for state, count in change.counts().items()
    )
    text = say_many(
        "… and {n} more: see /taurus-change show {change}.",
        "… and {n} more: see /taurus-change show {change}.",
        hidden,
        change=change.id,
    )
    return [context(f"{reader(text)} ({escaped(counts)})")]


def buttons(change: Change, reader: Reader) -> list[Block]:
    """Draw what can be done with the change as it stands; empty if nothing can."""
    made = [draw(change, reader) for applies, draw in _BUTTONS if applies(change)]
    if not made:
        return []
    # The same id at every drawing: who is about to press meanwhile still presses this button.
    kind = TYPED if _is_typed(change) else PRESSED
    return [{"type": "actions", "block_id": f"{kind}{change.id}", "elements": made}]


def _is_typed(change: Change) -> bool:
    """Whether approving, or approving the rest, asks to type the environment's name."""
    return change.protected and change.state in {State.PROPOSED, State.HALTED}


def _plain(action: str, text: Sentence, style: str = "") -> Callable[[Change, Reader], Block]:
    return lambda change, reader: button(action, reader(text), change.id, style)


def _approve(change: Change, reader: Reader) -> Block:
    text = say("Approve") if change.approvers else say("Confirm")
    made = button("change.approve", reader(text), change.id, "primary")
    if change.protected:
        return made  # The form that it opens is the question.
    question = confirm(
        reader(say("Upgrade these databases?")),
        reader(say("They restart, and it cannot be undone.")),
        reader(text),
        reader(say("Not yet")),
    )
    return {**made, "confirm": question}


def _has_rest(change: Change) -> bool:
    """Whether a halted change has something left to go on with."""
    return change.state is State.HALTED and bool(change.in_state({TargetState.PLANNED}))


def hold_button(change: Change, reader: Reader) -> Block:
    """Draw the button that keeps a scheduled change from starting."""
    made = button("change.hold", reader(say("Hold")), change.id, "danger")
    question = confirm(
        reader(say("Hold this change?")),
        reader(say("It does not start then, and has to be approved again.")),
        reader(say("Hold")),
        reader(say("Not now")),
    )
    return {**made, "confirm": question}


def _unsent(change: Change) -> bool:
    return not change.batches


_BUTTONS: tuple[tuple[Callable[[Change], bool], Callable[[Change, Reader], Block]], ...] = (
    (lambda c: c.state is State.PROPOSED and not c.is_overdue, _approve),
    (
        lambda c: c.state is State.PROPOSED and bool(c.approvers),
        _plain("change.reject", say("Reject")),
    ),
    (
        lambda c: c.state is State.RUNNING and bool(c.in_state({TargetState.PLANNED})),
        _plain("change.halt", say("Halt"), "danger"),
    ),
    (_has_rest, _plain("change.resume", say("Resume"), "primary")),
    (lambda c: c.state is State.UNKNOWN, _plain("change.resume", say("Look again"))),
    (
        lambda c: (
            c.state in {State.PROPOSED, State.SCHEDULED}
            and _unsent(c)
            and c.options.timing is Timing.AT
        ),
        _plain("change.reschedule", say("Reschedule")),
    ),
    (is_holdable, hold_button),
    (
        lambda c: c.state in {State.PROPOSED, State.SCHEDULED},
        _plain("change.cancel", say("Cancel")),
    ),
    (_has_rest, _plain("change.cancel", say("Cancel the rest"))),
    (
        lambda c: c.state in {State.FAILED, State.PARTLY_FAILED, State.UNKNOWN},
        _plain("change.retry", say("Retry the rest")),
    ),
)
