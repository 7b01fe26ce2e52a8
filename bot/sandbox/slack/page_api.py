"""What the page in the browser asks for, for one of the people at a time."""

import json
from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import web

from bot.sandbox.slack.clicks import Clicks
from bot.sandbox.slack.dispatch import Dispatch
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.gestures import Gestures
from bot.sandbox.slack.people import Channel, Person
from bot.sandbox.slack.wire import Json, SlackError
from bot.sandbox.slack.workspace import Workspace


class Panel(Protocol):
    """The switches of the other simulator, which the page shows beside the chat."""

    async def read(self) -> Json:
        """Clock, switches and fleet as JSON."""
        ...

    async def apply(self, change: Json) -> None:
        """Turns a switch or moves the clock; raises ValueError with a sentence for people."""
        ...


class PageApi:
    """Answers `/page/…`; refusals come as `{"ok": false, "error": …}`."""

    def __init__(
        self,
        workspace: Workspace,
        dispatch: Dispatch,
        gestures: Gestures,
        clicks: Clicks,
        faults: Faults,
        panel: Panel | None,
    ) -> None:
        self._workspace = workspace
        self._dispatch = dispatch
        self._gestures = gestures
        self._clicks = clicks
        self._faults = faults
        self._panel = panel

    def routes(self) -> list[web.RouteDef]:
        """The page's API."""
        posts: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "command": self._command,
            "message": self._message,
            "action": self._action,
            "options": self._options,
            "submit": self._submit,
            "close": self._close,
            "shortcut": self._shortcut,
            "home": self._home,
            "faults": self._change,
            "clock": self._change,
            "slack-faults": self._fault,
        }
        return [
            web.get("/page/state", self._state),
            web.get("/page/events", self._events),
            web.get("/page/faults", self._read_panel),
            *(web.post(f"/page/{name}", _json(run)) for name, run in posts.items()),
        ]

    async def _state(self, request: web.Request) -> web.Response:
        try:
            me = self._workspace.person(request.query.get("user") or self._first_person())
        except SlackError as refusal:
            return web.json_response(refusal.body(), status=404)
        self._workspace.im(me.id)
        return web.json_response(await self.state(me))

    def _first_person(self) -> str:
        """Who a visitor is who has not chosen yet."""
        return next(iter(self._workspace.people), "")

    async def state(self, me: Person) -> Json:
        """Everything that `me` can see."""
        workspace, now = self._workspace, self._workspace.clock()
        mine = [one for one in workspace.channels.values() if me.id in one.members]
        panel = await self._panel.read() if self._panel else None
        app = workspace.app
        return {
            "me": _shown_person(me, now),
            "users": [_shown_person(one, now) for one in workspace.people.values()],
            "groups": [{"id": g.id, "handle": g.handle} for g in workspace.groups.values()],
            "channels": [self._shown_channel(one) for one in mine],
            "messages": {one.id: self._shown_messages(me.id, one.id) for one in mine},
            "modals": workspace.views.modals(me.id),
            "home": workspace.views.home(me.id),
            "commands": list(app.commands.values()),
            "shortcuts": list(app.shortcuts.values()),
            "clock": panel["clock"] if panel else {"now": now, "speed": 1},
            "bot": {
                "id": app.bot_user,
                "name": app.name,
                "connected": self._dispatch.transport.is_connected,
            },
            "faults": panel,
        }

    def _shown_channel(self, channel: Channel) -> Json:
        return {
            "id": channel.id,
            "name": channel.name,
            "is_im": channel.is_im,
            "is_private": channel.is_private,
            "is_archived": channel.is_archived,
            "topic": channel.topic,
            "members": channel.members,
            "unread": 0,
        }

    def _shown_messages(self, user: str, channel: str) -> list[Json]:
        public = [{**one, "channel": channel} for one in self._workspace.messages.of(channel)]
        return [*public, *self._workspace.messages.private(user, channel)]

    async def _events(self, request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        with self._workspace.hub.listening(request.query.get("user", "")) as events:
            await response.write(b": connected\n\n")
            try:
                async for event in events:
                    await response.write(f"data: {json.dumps(event)}\n\n".encode())
            except ConnectionError:
                pass  # the page was closed
        return response

    async def _command(self, body: Json) -> Json:
        await self._gestures.command(body["user"], body["channel"], body["text"])
        return {}

    async def _message(self, body: Json) -> Json:
        user, channel, text = body["user"], body["channel"], body["text"]
        return {"ts": self._gestures.message(user, channel, text, body.get("thread_ts") or "")}

    async def _action(self, body: Json) -> Json:
        spot = (body["block_id"], body["action_id"])
        values = body.get("state", {}).get("values", {})
        await self._clicks.act(body["user"], body["container"], spot, body["action"], values)
        return {}

    async def _options(self, body: Json) -> Json:
        spot = (body["block_id"], body["action_id"])
        return await self._clicks.options(body["user"], body["container"], spot, body["value"])

    async def _submit(self, body: Json) -> Json:
        return await self._clicks.submit(body["user"], body["view_id"], body["values"])

    async def _close(self, body: Json) -> Json:
        await self._clicks.close(body["user"], body["view_id"])
        return {}

    async def _shortcut(self, body: Json) -> Json:
        channel, ts = body.get("channel") or "", body.get("ts") or ""
        await self._gestures.shortcut(body["user"], body["callback_id"], channel, ts)
        return {}

    async def _home(self, body: Json) -> Json:
        self._gestures.home(body["user"])
        return {}

    async def _read_panel(self, _: web.Request) -> web.Response:
        return web.json_response(await self._panel.read() if self._panel else None)

    async def _change(self, body: Json) -> Json:
        if self._panel is None:
            raise SlackError("no_panel")
        try:
            await self._panel.apply(body)
        except ValueError as mistake:
            raise SlackError(str(mistake)) from None
        shown = await self._panel.read()
        self._workspace.hub.tell({"type": "faults", "faults": shown})
        return shown

    async def _fault(self, body: Json) -> Json:
        self._faults.next_calls(body["method"], body["kind"], int(body.get("times", 1)))
        return {}


def _json(
    run: Callable[[Json], Awaitable[Json]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType(text="send JSON")
        try:
            body = json.loads(await request.text())
            return web.json_response({"ok": True, **await run(body)})
        except SlackError as refusal:
            return web.json_response(refusal.body())
        except (KeyError, TypeError, AttributeError, ValueError) as mistake:
            problem = {"ok": False, "error": f"the request is malformed: {mistake!r}"}
            return web.json_response(problem, status=400)

    return handle


def _shown_person(person: Person, now: float) -> Json:
    return {
        "id": person.id,
        "name": person.name,
        "real_name": person.real_name,
        "title": person.title,
        "tz": person.tz,
        "tz_label": person.tz_label(now),
        "tz_offset": person.tz_offset(now),
        "locale": person.locale,
        "emoji": person.emoji,
    }
