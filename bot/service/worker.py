"""Do what is waiting: deliveries of people, changes that are due, cards that are stale.

Each kind of work is a pump: claim one, work on it in a task, claim the next, until nothing is
left; then sleep until somebody wakes it. Claims are leases, so any number of processes share
the work, and what a dead one held is taken over when its lease ends.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bot.command import Asker, Call, Click, Command, Submission, UsageError
from bot.domain.change import Change
from bot.domain.errors import CloudError
from bot.domain.refused import RefusedError
from bot.domain.sentence import say
from bot.ports import Card, ChatError, Delivery, Lease, Message, StoreError, View
from bot.service.attend import attend
from bot.service.desk import Desk
from bot.service.forms import FormDesk
from bot.service.tell import tell
from bot.views.answers import problems, told
from bot.views.reader import Reader

LEASE = timedelta(seconds=15)
RENEW_EVERY = 5.0
AT_ONCE = 8
"""Pieces of work of one kind at the same time, as many as the cloud client has calls."""
_log = logging.getLogger(__name__)
_Work = TypeVar("_Work")
_Key = TypeVar("_Key", int, str)


@dataclass(frozen=True)
class Trade(Generic[_Work, _Key]):
    """One kind of work: how it is claimed, named, kept and done."""

    claim: Callable[[Lease, datetime], Awaitable[_Work | None]]
    key: Callable[[_Work], _Key]
    renew: Callable[[_Key, Lease], Awaitable[bool]]
    work: Callable[[_Work], Awaitable[None]]


class Pump(Generic[_Work, _Key]):
    """Claims work of one kind, keeps it while it lasts, and bounds how much is done at once."""

    def __init__(self, desk: Desk, trade: Trade[_Work, _Key]) -> None:
        """Nothing runs before `run`."""
        self._desk = desk
        self._trade: Trade[_Work, _Key] = trade
        self._awake = asyncio.Event()
        self._held: set[_Key] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There may be something to claim."""
        self._awake.set()

    async def run(self) -> None:
        """Claim and work until cancelled."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self._take_all()
            except StoreError:
                _log.exception("the store cannot be used; trying again at the next sweep")

    async def _take_all(self) -> None:
        while True:
            if len(self.tasks) >= AT_ONCE:
                await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
            item = await self._trade.claim(self._lease(), self._desk.clock())
            if item is None:
                return
            # Ours already: a clock that jumped ended the lease, but not the work.
            if self._trade.key(item) not in self._held:
                self._begin(item)

    def _begin(self, item: _Work) -> None:
        key = self._trade.key(item)
        self._held.add(key)
        task = asyncio.create_task(self._do(item))
        self.tasks.add(task)
        task.add_done_callback(lambda done: self._finished(key, done))

    def _finished(self, key: _Key, task: asyncio.Task[None]) -> None:
        self._held.discard(key)
        self.tasks.discard(task)
        self.wake()

    async def _do(self, item: _Work) -> None:
        keeping = asyncio.create_task(self._keep(self._trade.key(item)))
        try:
            await self._trade.work(item)
        except StoreError:
            _log.exception("the store cannot be used; the work is taken up again later")
        except Exception:  # noqa: BLE001 - logged; the lease ends, and the work is taken up again
            _log.exception("a mistake of ours; the work is taken up again later")
        finally:
            keeping.cancel()

    async def _keep(self, key: _Key) -> None:
        while True:
            await self._desk.sleep(RENEW_EVERY)
            with suppress(StoreError):
                await self._trade.renew(key, self._lease())

    def _lease(self) -> Lease:
        return Lease(owner=self._desk.owner, until=self._desk.clock() + LEASE)


class Worker:
    """The three pumps of one process."""

    def __init__(self, desk: Desk, commands: Mapping[str, Command], forms: FormDesk) -> None:
        """Nothing runs before `run`."""
        self._desk = desk
        self._commands = commands
        self._forms = forms
        store = desk.changes
        self._pumps = (
            Pump(
                desk,
                Trade(
                    store.claim_delivery,
                    lambda delivery: delivery.key,
                    store.renew_delivery,
                    self._deliver,
                ),
            ),
            Pump(
                desk,
                Trade(store.claim_due, lambda change: change.number, store.renew, self._attend),
            ),
            Pump(
                desk,
                Trade(store.claim_card, lambda card: card.id, store.renew_card, self._tell),
            ),
        )

    def wake(self) -> None:
        """Something may be waiting. Call it from the event loop's thread."""
        for pump in self._pumps:
            pump.wake()

    async def run(self) -> None:
        """Work until cancelled; tasks that are under way are left to `drain`."""
        self.wake()
        await asyncio.gather(*(pump.run() for pump in self._pumps))

    async def drain(self, seconds: float) -> int:
        """Let the work under way end; returns how many pieces were left to others."""
        tasks = {task for pump in self._pumps for task in pump.tasks}
        if not tasks:
            return 0
        _, pending = await asyncio.wait(tasks, timeout=seconds)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        return len(pending)

    async def _attend(self, change: Change) -> None:
        try:
            await attend(self._desk, change)
        finally:
            await self._desk.changes.release(change.number, self._desk.owner)

    async def _tell(self, card: Card) -> None:
        await tell(self._desk, card)

    async def _deliver(self, delivery: Delivery) -> None:
        call = _PAYLOADS[delivery.kind].model_validate(delivery.payload)
        is_moot = not isinstance(call, Submission) and not await self._forms.is_newest(call)
        reply = None if is_moot else await self._reply(call)
        await self._desk.changes.finish_delivery(delivery.key, self._desk.clock())
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
            person = await self._desk.people.person(call.user)
            reader = Reader.of(person.language)
            return await self._run(call, Asker(person=person, now=self._desk.clock()))
        except UsageError as mistake:
            return problems(mistake.problems, reader, self._usage(call))
        except RefusedError as refused:
            return problems(refused.problems, reader)
        except CloudError as error:
            return problems((error.sentence,), reader)
        except ChatError as error:
            text = say("Slack did not tell who you are ({code}). Try again.", code=error.code)
            return problems((text,), reader)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - told, logged, and the process lives on
            _log.exception("a mistake of ours in %s", type(call).__name__)
            return told(
                say(
                    "A mistake of this bot kept it from answering. Nothing was sent to the "
                    "databases by this. Tell whoever runs the bot, then look at "
                    "/taurus-change list."
                ),
                reader,
            )

    async def _run(self, call: Call | Click | Submission, asker: Asker) -> Message | View | None:
        if isinstance(call, Submission):
            return await self._forms.submit(call, asker)
        if call.view:
            return await self._forms.draw(call, asker)
        if isinstance(call, Call):
            return await self._commands[call.command].run(call, asker, self._desk)
        handlers = {
            action: handler
            for command in self._commands.values()
            for action, handler in command.clicks.items()
        }
        return await handlers[call.action_id](call, asker, self._desk)

    def _usage(self, call: Call | Click | Submission) -> tuple[str, ...]:
        if not isinstance(call, Call):
            return ()
        command = self._commands[call.command]
        return tuple(f"{command.name} {form}".rstrip() for form in command.usage)

    async def _whisper(self, call: Call | Click | Submission, reply: Message) -> None:
        channel = call.user if isinstance(call, Submission) else call.channel
        url = "" if isinstance(call, Submission) else call.response_url
        try:
            await self._desk.chat.whisper(channel, call.user, reply, response_url=url)
        except ChatError:
            _log.warning("a private answer could not be delivered")


_PAYLOADS: Mapping[str, type[Call] | type[Click] | type[Submission]] = {
    "call": Call,
    "click": Click,
    "submission": Submission,
}
