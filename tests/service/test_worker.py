"""How much of what people ask is under way at the same time."""

import asyncio
from dataclasses import replace

from bot.command import Asker, Call, Command
from bot.domain.sentence import say
from bot.ports import Delivery, Lease, Message
from bot.service import Desk
from bot.service.forms import FormDesk
from bot.service.pump import ANSWERS_AT_ONCE
from bot.service.worker import Worker
from tests.domain.examples import NOW, SECOND

SLOW = "/taurus-slow"


def asked(number: int) -> Delivery:
    call = Call(
        key=f"call:{number}", user="U0ANN", channel="C0DB", command=SLOW, text="", received_at=NOW
    )
    payload = call.model_dump(mode="json")
    return Delivery(key=call.key, kind="call", payload=payload, received_at=NOW)


async def test_many_answers_wait_side_by_side_and_what_is_more_waits_in_the_store(
    desk: Desk,
) -> None:
    begun, may_end = asyncio.Semaphore(0), asyncio.Event()

    async def run(_call: Call, _asker: Asker, _desk: Desk) -> Message | None:
        begun.release()
        await may_end.wait()
        return None

    awake = replace(desk, sleep=asyncio.sleep)
    slow = Command(name=SLOW, summary=say("Waits."), usage=(), run=run)
    worker = Worker(awake, {SLOW: slow}, FormDesk(awake, ()))
    for number in range(ANSWERS_AT_ONCE + 1):
        assert await worker.receive(asked(number))
    async with asyncio.timeout(20):
        for _ in range(ANSWERS_AT_ONCE):
            await begun.acquire()
    lease = Lease(owner="another", until=NOW + SECOND)
    left = [await desk.changes.claim_delivery(lease, NOW) for _ in range(2)]
    assert left == [asked(ANSWERS_AT_ONCE), None]
    may_end.set()
    await worker.stop(20)
