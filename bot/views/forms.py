"""Forms: drawn at once without content, then with it, and again with a preview.

A block and the element in it share one id, which never changes: Slack then keeps what was typed
through every update. What was entered is written as the initial value all the same, for the one
case in which Slack knows nothing yet: a form that is filled in for somebody.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.change import Change, Options, TargetState, Timing
from bot.domain.choice import Choice
from bot.domain.model import Frozen
from bot.domain.plan import Plan
from bot.domain.risk import protection
from bot.domain.sentence import At, Sentence, say, say_many
from bot.ports import Message, View
from bot.views.blocks import Block, alert, button, cut, listed, section
from bot.views.card import headline
from bot.views.reader import ARG_LIMIT, Reader, flat
from bot.views.targets import target_lines
from bot.views.waves import gist

OPEN = "upgrade.open"
"""The button or shortcut that opens the form for an upgrade."""
DRAFT = "upgrade.draft"
"""The button that opens it filled in; it carries a line of the command."""
OPTION, OPTION_VALUE, OPTIONS = 75, 150, 100
"""Slack's sizes: an option's text and description, its value, and how many there may be."""
CHOSEN = 100
"""Databases in one form; a line or a pattern names more."""
TYPED = 200
"""Characters of a time or of waves."""
REASON = ARG_LIMIT
_TITLE, _PREVIEW = 24, 4000


class Entered(Frozen):
    """What stands in the form for an upgrade, as it was typed and chosen."""

    env: str
    instances: tuple[tuple[str, str], ...] = ()
    """What was chosen (an id, a name or a pattern), and how people call it."""
    when: str = Timing.NOW.value
    at: str = ""
    waves: str = ""
    reason: str = ""
    channel: str = ""
    asks_channel: bool = False
    """Whether the form was opened outside of a channel, so that it has to ask for one."""


class Preview(Frozen):
    """What would happen, or what stands in the way."""

    plan: Plan | None = None
    options: Options = Options()
    problems: tuple[Sentence, ...] = ()
    protected: bool = False
    """Whether the environment is."""


def loading(callback_id: str, title: Sentence, reader: Reader) -> View:
    """Show at once that something is coming."""
    blocks = [section(reader(say("One moment, reading the databases…")))]
    return _view(title, blocks, reader).model_copy(update={"callback_id": callback_id})


def notice(message: Message, title: Sentence, reader: Reader) -> View:
    """Let a message take the form's place."""
    return _view(title, list(message.blocks) or [section(message.text)], reader)


def upgrade_form(
    entered: Entered,
    environments: Sequence[str],
    preview: Preview,
    *,
    zone: str,
    metadata: str,
    reader: Reader,
) -> View:
    """Draw the form for an upgrade, with a preview of what it would do."""
    blocks = [
        _environment(entered, environments, reader),
        _instances(entered, reader),
        _when(entered, reader),
        _at(entered.at, zone, reader, optional=True),
        _waves(entered, reader),
        _reason(entered, reader),
        *([_channel(entered, reader)] if entered.asks_channel else []),
        {"type": "divider"},
        *([alert(reader(protection(entered.env)), "warning")] if preview.protected else []),
        *_preview(preview, bool(entered.instances), reader),
    ]
    form = _view(say("Upgrade databases"), blocks, reader)
    submit = cut(reader(say("Ask for approval")), _TITLE)
    return form.model_copy(
        update={"callback_id": "upgrade.form", "submit": submit, "metadata": metadata}
    )


def reschedule_form(change: Change, zone: str, reader: Reader) -> View:
    """Draw the form for another time."""
    said = [say("Another time has to be approved again.")]
    if change.options.run_at is not None:
        said.insert(0, say("It is planned for {at}.", at=At(at=change.options.run_at)))
    lines = "\n".join([f"*{headline(change, reader)}*", *(reader(one) for one in said)])
    blocks = [section(lines), _at("", zone, reader, optional=False)]
    form = _view(say("Reschedule"), blocks, reader)
    submit = cut(reader(say("Reschedule")), _TITLE)
    return form.model_copy(
        update={"callback_id": "change.reschedule.form", "submit": submit, "metadata": change.id}
    )


def approval_form(change: Change, title: Sentence, metadata: str, reader: Reader) -> View:
    """Draw the form that asks to type the environment's name, for a yes in a protected one."""
    said = gist(change.kept, change.options, change.past)
    warning = alert(reader(protection(change.environment)), "warning")
    lines = [f"*{headline(change, reader)}*", *(reader(one) for one in said)]
    planned = change.in_state({TargetState.PLANNED})
    targets = target_lines(planned, reader, among=change.targets)
    blocks = listed([*lines, *targets], reader, _PREVIEW)
    label = reader.plain(say("Type {env} to approve", env=change.environment))
    element: Block = {"type": "plain_text_input", "max_length": TYPED}
    form = _view(title, [warning, *blocks, _input("name", label, element)], reader)
    submit = cut(reader(title), _TITLE)
    return form.model_copy(update={"submit": submit, "metadata": metadata})


def menu(
    choices: Sequence[Choice], pattern: tuple[str, int] | None, reader: Reader
) -> Mapping[str, Any]:
    """Offer databases, and the pattern that was typed if it matches any."""
    options = [_option(choice, reader) for choice in choices]
    if pattern is not None:
        typed, count = pattern
        told = say_many("all that match: {n} database", "all that match: {n} databases", count)
        options.insert(0, option(typed, typed, reader.plain(told)))
    if len(options) <= OPTIONS:
        return {"options": options}
    # An option list cannot say that it is not complete; the heading of a group can.
    told = say("{shown} of {all}: type on to see fewer", shown=OPTIONS, all=len(options))
    label = _plain(cut(reader.plain(told), OPTION))
    return {"option_groups": [{"label": label, "options": options[:OPTIONS]}]}


def opener(reader: Reader) -> Block:
    """Draw the button that opens the form for an upgrade."""
    made = button(OPEN, reader(say("Upgrade databases")), "new", "primary")
    return {"type": "actions", "elements": [made]}


def option(value: str, text: str, description: str = "") -> Block:
    """Make one option of a menu."""
    made: Block = {"text": _plain(cut(flat(text).strip() or value, OPTION)), "value": value}
    told = cut(flat(description).strip(), OPTION)
    return {**made, "description": _plain(told)} if told else made


def _option(choice: Choice, reader: Reader) -> Block:
    instance = choice.instance
    if (hindrance := choice.hindrance) is not None:
        told = reader.plain(say("Not now: {why}", why=hindrance))
    else:
        newest = str(choice.version.latest) if choice.version else "…"
        told = f"{instance.region} · {instance.kernel or '?'} → {newest}".removeprefix(" · ")
    return option(instance.id, instance.name, told)


def _view(title: Sentence, blocks: Sequence[Block], reader: Reader) -> View:
    close = cut(reader(say("Close")), _TITLE)
    return View(title=cut(reader(title), _TITLE), blocks=tuple(blocks), close=close)


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def _input(block: str, label: str, element: Block, hint: str = "", **more: object) -> Block:
    made: Block = {
        "type": "input",
        "block_id": block,
        "label": _plain(label),
        "element": {**element, "action_id": block},
        **more,
    }
    return {**made, "hint": _plain(hint)} if hint else made


def _environment(entered: Entered, environments: Sequence[str], reader: Reader) -> Block:
    options = [option(name, name) for name in environments[:OPTIONS]]
    element: Block = {"type": "static_select", "options": options}
    chosen = [one for one in options if one["value"] == entered.env]
    if chosen:
        element["initial_option"] = chosen[0]
    return _input("env", reader(say("Environment")), element, dispatch_action=True)


def _instances(entered: Entered, reader: Reader) -> Block:
    element: Block = {
        "type": "multi_external_select",
        "min_query_length": 0,
        "max_selected_items": CHOSEN,
        "placeholder": _plain(reader(say("Name, id or tag"))),
    }
    if entered.instances:
        chosen = entered.instances[:CHOSEN]
        element["initial_options"] = [option(value, name) for value, name in chosen]
    hint = reader(say("A pattern can be chosen, too, such as orders-* or tag:team=payments."))
    return _input("instances", reader(say("Databases")), element, hint, dispatch_action=True)


def _when(entered: Entered, reader: Reader) -> Block:
    options = [
        option(Timing.NOW.value, reader(say("Now, when it is approved"))),
        option(Timing.AT.value, reader(say("At a time, by this bot"))),
        option(Timing.IN_WINDOW.value, reader(say("In each maintenance window, by TaurusDB"))),
    ]
    chosen = next((one for one in options if one["value"] == entered.when), options[0])
    element: Block = {"type": "radio_buttons", "options": options, "initial_option": chosen}
    return _input("when", reader(say("When")), element, dispatch_action=True)


def _at(typed: str, zone: str, reader: Reader, *, optional: bool) -> Block:
    hint = reader.plain(
        say(
            "Such as tonight 22:30, tomorrow 02:00, sat 03:00, +2h or 2026-12-01 02:00, "
            "in your time zone {zone}.",
            zone=zone,
        )
    )
    more = {"optional": True, "dispatch_action": True} if optional else {}
    return _input("at", reader(say("Time")), _text(typed, dispatches=optional), hint, **more)


def _waves(entered: Entered, reader: Reader) -> Block:
    hint = reader(say("How many at once: 5, or 1,5,rest. Empty: all in one wave."))
    element = _text(entered.waves, dispatches=True)
    label = reader(say("Waves"))
    return _input("waves", label, element, hint, optional=True, dispatch_action=True)


def _reason(entered: Entered, reader: Reader) -> Block:
    element: Block = {"type": "plain_text_input", "multiline": True, "max_length": REASON}
    if entered.reason:
        element["initial_value"] = entered.reason[:REASON]
    return _input("reason", reader(say("Reason")), element, optional=True)


def _channel(entered: Entered, reader: Reader) -> Block:
    element: Block = {
        "type": "conversations_select",
        "default_to_current_conversation": True,
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if entered.channel:
        element["initial_conversation"] = entered.channel
    hint = reader(say("The card is posted there, for everybody to see."))
    return _input("channel", reader(say("Channel")), element, hint)


def _text(typed: str, *, dispatches: bool) -> Block:
    element: Block = {"type": "plain_text_input", "max_length": TYPED}
    if typed:
        element["initial_value"] = typed[:TYPED]
    if dispatches:
        element["dispatch_action_config"] = {"trigger_actions_on": ["on_character_entered"]}
    return element


def _preview(preview: Preview, has_chosen: bool, reader: Reader) -> list[Block]:  # noqa: FBT001
    if preview.problems:
        return _problems(preview.problems, reader)
    if preview.plan is None or not has_chosen:
        return [section(reader(say("Choose databases to see here what would happen.")))]
    plan = preview.plan
    head = reader(
        say_many(
            "{n} database would be upgraded.",
            "{n} databases would be upgraded.",
            len(plan.targets),
        )
    )
    facts = [*gist(plan.targets, preview.options, plan.past), *plan.approvals, *plan.warnings]
    said = [reader(one) for one in facts]
    said += target_lines(plan.targets, reader)
    return listed([f"*{head}*", *said], reader, _PREVIEW)


def _problems(problems: Sequence[Sentence], reader: Reader) -> list[Block]:
    blocks = listed((f"• {reader(one)}" for one in problems), reader, _PREVIEW)
    return [alert(f"*{reader(say('This stands in the way:'))}*", "error"), *blocks]
