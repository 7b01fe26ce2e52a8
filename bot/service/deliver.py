"""Deal with one delivery: run what the person asked for, and tell them what came of it.

A delivery counts as dealt with when the person has been told. Whoever dies in between leaves it
to be dealt with once more, by the same key: a private answer read twice does no harm, one that
never comes does.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TypeVar

from pydantic import ValidationError

from bot.command import Asker, Call, Click, Command, Submission, UsageError
from bot.domain.correlation import correlation_id
from bot.domain.errors import CloudError
from bot.domain.refused import RefusedError
from bot.domain.sentence import At, Sentence, say
from bot.ports import ChatError, Delivery, Message, StoreError, View
from bot.service import stray
from bot.service.desk import Desk
from bot.service.forms import FormDesk
from bot.views.answers import problems, told
from bot.views.reader import Reader

TOO_OLD = timedelta(minutes=10)
"""What waited longer was acknowledged, but the bot was away: the person may have found another
way, and what was right then may be wrong now."""
INSIST = timedelta(minutes=1)
"""How long Slack is asked again before somebody's answer is given up."""
_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)


class Deliveries:
    """Runs commands, buttons and forms."""

    def __init__(self, desk: Desk, commands: Mapping[str, Command], forms: FormDesk) -> None:
        """Nothing runs yet."""
        self._desk = desk
        self._commands = commands
        self._forms = forms
        self._clicks = {
            action: handler
            for command in commands.values()
            for action, handler in command.clicks.items()
        }

    async def deal_with(self, delivery: Delivery) -> None:
        """Run it, tell the person, and mark it as dealt with.

        Raises:
            StoreError: it is left to be dealt with later.
        """
        try:
            call = _PAYLOADS[delivery.kind].model_validate(delivery.payload)
        except ValidationError:
            _log.error("%s is of another version of the bot and is left out", name(delivery))
        else:
            await self._answer(call)
        await self._desk.changes.finish_delivery(delivery.key, self._desk.clock())

    async def _answer(self, call: Call | Click | Submission) -> None:
        is_moot = not isinstance(call, Submission) and not await self._forms.is_newest(call)
        reply = None if is_moot else await self._reply(call)
        if reply is None:
            return
        if isinstance(reply, View) or (not isinstance(call, Submission) and call.view):
            assert not isinstance(call, Submission)  # noqa: S101 - it has no form to draw
            await self._forms.show(call, reply)
        else:
            await self._whisper(call, reply)

    async def _reply(self, call: Call | Click | Submission) -> Message | View | None:
        reader = Reader.of(self._desk.language)
        try:
            person = await self._insist(lambda: self._desk.people.person(call.user))
            reader = Reader.of(person.language)
            asker = Asker(person=person, now=self._desk.clock(), key=call.key)
            late = asker.now - call.received_at > TOO_OLD
            reply = told(_too_old(call), reader) if late else await self._run(call, asker, reader)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - told, logged, and the process lives on
            outcome, reply = self._failed(call, error, reader)
        else:
            outcome = "too_late" if late else "ok"
        self._desk.watch.on_command(_named(call), outcome)
        return reply

    def _failed(
        self, call: Call | Click | Submission, error: Exception, reader: Reader
    ) -> tuple[str, Message]:
        """Say what went wrong, and in one word how it ended."""
        match error:
            case UsageError():
                return "usage", problems(error.problems, reader, self._usage(call))
            case RefusedError():
                return "refused", problems(error.problems, reader)
            case CloudError():
                return "cloud_error", problems((error.sentence, _reference(call, error)), reader)
            case ChatError():
                text = say("Slack did not tell who you are ({code}). Try again.", code=error.code)
                return "slack_error", problems((text,), reader)
        _log.error("a mistake of ours in %s", type(call).__name__, exc_info=error)
        return "mistake", told(_mistake(call), reader)

    async def _run(
        self, call: Call | Click | Submission, asker: Asker, reader: Reader
    ) -> Message | View | None:
        if isinstance(call, Submission):
            return await self._forms.submit(call, asker)
        if call.view:
            return await self._forms.draw(call, asker)
        if isinstance(call, Call):
            return await self._commands[call.command].run(call, asker, self._desk)
        pointer = await stray.pointer(self._desk, call, reader)
        return pointer or await self._clicks[call.action_id](call, asker, self._desk)

    def _usage(self, call: Call | Click | Submission) -> tuple[str, ...]:
        if not isinstance(call, Call):
            return ()
        command = self._commands[call.command]
        # Of a verb that was meant only its own forms: people read this on a phone.
        verb = call.text.split(maxsplit=1)[:1]
        meant = [form for form in command.usage if form.split()[:1] == verb]
        return tuple(f"{command.name} {form}".rstrip() for form in meant or command.usage)

    async def _whisper(self, call: Call | Click | Submission, reply: Message) -> None:
        channel = call.user if isinstance(call, Submission) else call.channel
        url = "" if isinstance(call, Submission) else call.response_url
        chat = self._desk.chat
        try:
            await self._insist(lambda: chat.whisper(channel, call.user, reply, response_url=url))
        except ChatError as error:
            _log.warning("a private answer could not be delivered: %s", error.code)

    async def _insist(self, ask: Callable[[], Awaitable[_Result]]) -> _Result:
        """Ask Slack again for a while; raises `ChatError` if that does not help."""
        until = self._desk.clock() + INSIST
        while True:
            try:
                return await ask()
            except ChatError as error:
                if error.retry_after is None or self._desk.clock() >= until:
                    raise
                await self._desk.sleep(error.retry_after)


def name(delivery: Delivery) -> str:
    """Name a delivery for the log, without what was said."""
    return f"a {delivery.kind} by {delivery.payload.get('user', 'somebody')}"


def _named(call: Call | Click | Submission) -> str:
    """Return what was used: only what the commands know is stored, so there are few."""
    match call:
        case Call():
            return call.command
        case Click():
            return call.action_id
        case Submission():
            return call.callback_id


def _reference(call: Call | Click | Submission, error: CloudError) -> Sentence:
    """Name the ids by which whoever runs the bot, and the vendor, find what happened."""
    found = correlation_id(call.key)
    if not error.request_id:
        return say("If it lasts, tell whoever runs the bot (id {id}).", id=found)
    return say(
        "If it lasts, tell whoever runs the bot (id {id}; TaurusDB's request {request}).",
        id=found,
        request=error.request_id,
    )


def _mistake(call: Call | Click | Submission) -> Sentence:
    return say(
        "A mistake of this bot kept it from answering. Nothing was sent to the databases by this. "
        "Tell whoever runs the bot (id {id}), then look at /taurus-change list.",
        id=correlation_id(call.key),
    )


def _too_old(call: Call | Click | Submission) -> Sentence:
    return say(
        "You asked for something at {at}, but the bot was away and comes to it only now. It is "
        "not begun any more, as it may be wrong by now. See how things stand with /taurus-change "
        "list, and ask again if you still want it.",
        at=At(at=call.received_at),
    )


_PAYLOADS: Mapping[str, type[Call] | type[Click] | type[Submission]] = {
    "call": Call,
    "click": Click,
    "submission": Submission,
}
