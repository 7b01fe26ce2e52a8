import asyncio
import sys

from bot.store import SqlChanges
from tests.store.examples import change, fact


async def test_a_process_killed_before_its_commit_leaves_nothing(
    store: SqlChanges, url: str
) -> None:
    stored = await store.add(change(1), [fact()])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.store.interrupted",
        url,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"written, not committed\n"
    process.kill()
    await process.communicate()

    assert await store.find() == (stored,)
    assert [entry.record.kind for entry in await store.story()] == ["ask"]
    again = await store.add(change(*range(100, 200), key="killed"), [fact("again")])
    assert await store.get(again.number) == again
    assert await store.verify() is None
