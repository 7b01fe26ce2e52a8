"""A host of calendars over loopback, and a few freezes as calendars write them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Host:
    """What a team's calendar host answers."""

    url: str = ""
    status: int = 200
    text: str = ""
    asked: list[web.Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        headers = {"Location": "https://elsewhere.example.com/"} if self.status == 302 else {}
        return web.Response(status=self.status, text=self.text, headers=headers)


@asynccontextmanager
async def hosted(text: str = "") -> AsyncIterator[Host]:
    host = Host(text=text)
    app = web.Application()
    app.add_routes([web.get("/freezes.ics", host.answer)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host.url = f"http://127.0.0.1:{runner.addresses[0][1]}/freezes.ics"
    try:
        yield host
    finally:
        await runner.cleanup()


def calendar(*events: str, head: str = "") -> str:
    """A calendar of events, each written as `KEY:VALUE` lines with `|` between them."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//team//freezes//EN"]
    lines += [head] if head else []
    for number, event in enumerate(events):
        given = event.split("|")
        uid = [] if any(one.startswith("UID") for one in given) else [f"UID:{number}"]
        lines += ["BEGIN:VEVENT", *uid, "DTSTAMP:20260101T000000Z", *given, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR"]) + "\r\n"
