"""A PagerDuty on loopback: the one call that the bot makes, as its documents describe it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

TOKEN = "y_NbAkKc66ryYTWUXYEu"
_LONGEST_PAGE = 100


@dataclass
class OnCallEntry:
    """Who is on call, on which level, until when."""

    email: str
    end: datetime | None = None
    level: int = 1
    schedule: str = "P0DBA"
    policy: str = "P0ESC"

    def shown(self, *, with_user: bool) -> dict[str, object]:
        user = {"id": "PXPGF42", "type": "user_reference", "summary": "somebody"}
        if with_user:
            user |= {"type": "user", "email": self.email}
        return {
            "escalation_policy": {"id": self.policy, "type": "escalation_policy_reference"},
            "escalation_level": self.level,
            "schedule": {"id": self.schedule, "type": "schedule_reference"},
            "user": user,
            "start": "2015-03-06T15:28:51-05:00",
            "end": self.end.isoformat() if self.end else None,
        }


@dataclass
class PagerDutySimulator:
    """What it holds may be changed at any time; `down` is a status that it answers."""

    on_call: list[OnCallEntry] = field(default_factory=list)
    down: int = 0
    strange: bool = False
    asked: int = 0
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.down:
            return web.Response(status=self.down)
        if request.headers.get("Authorization") != f"Token token={TOKEN}":
            refusal = {"error": {"code": 2006, "message": "You are not authorized"}}
            return web.json_response(refusal, status=401)
        if self.strange:
            return web.json_response({"oncalls": [{"user": 3}]})
        assert request.headers["Accept"] == "application/vnd.pagerduty+json;version=2"
        schedules = request.query.getall("schedule_ids[]", [])
        policies = request.query.getall("escalation_policy_ids[]", [])
        found = [
            one
            for one in self.on_call
            if (not schedules or one.schedule in schedules)
            and (not policies or one.policy in policies)
        ]
        limit = min(int(request.query.get("limit", 25)), _LONGEST_PAGE)
        offset = int(request.query.get("offset", 0))
        with_user = "users" in request.query.getall("include[]", [])
        page = [one.shown(with_user=with_user) for one in found[offset : offset + limit]]
        more = offset + limit < len(found)
        return web.json_response(
            {"oncalls": page, "limit": limit, "offset": offset, "more": more, "total": None}
        )


@asynccontextmanager
async def simulated() -> AsyncIterator[PagerDutySimulator]:
    simulator = PagerDutySimulator()
    application = web.Application()
    application.router.add_get("/oncalls", simulator.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    simulator.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield simulator
    finally:
        await runner.cleanup()
