"""Claims everything there is and prints it: `python -m tests.store.claimer URL OWNER`."""

import asyncio
import sys

from bot.store import SqlChanges
from tests.store.examples import NOW, lease


async def claim_all(url: str, owner: str) -> None:
    store = SqlChanges.open(url)
    while (change := await store.claim_due(lease(owner), NOW)) is not None:
        print("change", change.number)  # noqa: T201
    while (delivery := await store.claim_delivery(lease(owner), NOW)) is not None:
        print("delivery", delivery.key)  # noqa: T201
    while (card := await store.claim_card(lease(owner), NOW)) is not None:
        print("card", card.change)  # noqa: T201
    store.close()


if __name__ == "__main__":
    asyncio.run(claim_all(*sys.argv[1:]))
