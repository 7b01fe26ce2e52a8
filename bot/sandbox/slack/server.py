"""The HTTP server of the simulator: Slack's own addresses, the page and the page's API."""

from pathlib import Path

from aiohttp import web

from bot.sandbox.slack.guard import harden, same_origin
from bot.sandbox.slack.page_api import PageApi
from bot.sandbox.slack.sockets import Sockets
from bot.sandbox.slack.web_api import WebApi
from bot.sandbox.slack.wire import SlackError
from bot.sandbox.slack.workspace import Workspace

HOST = "127.0.0.1"
_BODY = 4 << 20  # bytes; uploads of the bot are logs of some hundred kilobytes


class Server:
    """Listens on one loopback port."""

    def __init__(
        self,
        workspace: Workspace,
        web_api: WebApi,
        sockets: Sockets,
        page_api: PageApi,
        page: Path,
    ) -> None:
        self._workspace = workspace
        self._web_api = web_api
        self._sockets = sockets
        self._page = page
        app = web.Application(middlewares=[same_origin], client_max_size=_BODY)
        app.on_response_prepare.append(harden)
        app.add_routes(
            [
                web.post("/api/{method}", web_api.handle),
                web.get("/api/{method}", web_api.handle),
                web.get("/socket", sockets.serve),
                web.post("/hooks/{key}", web_api.handle_hook),
                web.post("/upload/{key}", self._upload),
                web.get("/", self._index),
                web.get("/static/{file:.+}", self._static),
                *page_api.routes(),
            ]
        )
        self._runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=1)
        self.url = ""

    async def start(self, port: int) -> None:
        """Listens; port 0 takes a free one.

        Raises:
            OSError: if the port is taken.
        """
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, port)
        await site.start()
        taken = self._runner.addresses[0][1]
        self.url = f"http://{HOST}:{taken}"
        self._workspace.hooks.base = self.url
        self._sockets.base = f"ws://{HOST}:{taken}"

    async def close(self) -> None:
        """Ends streams and hanging calls and stops listening."""
        self._web_api.closing.set()
        self._workspace.hub.close()
        await self._sockets.close()
        await self._runner.cleanup()

    async def _upload(self, request: web.Request) -> web.Response:
        body = await _uploaded(request)
        try:
            self._web_api.files.receive(request.match_info["key"], body)
        except SlackError as refusal:
            status = refusal.status if refusal.status != web.HTTPOk.status_code else 400
            return web.Response(status=status, text=refusal.error)
        return web.Response(text=f"OK - {len(body)}")

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return self._file("index.html")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return self._file(request.match_info["file"])

    def _file(self, name: str) -> web.StreamResponse:
        path = (self._page / name).resolve()
        if not path.is_relative_to(self._page.resolve()) or not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


async def _uploaded(request: web.Request) -> bytes:
    """Clients send the bytes alone, or as the first part of a form."""
    if request.content_type != "multipart/form-data":
        return await request.read()
    part = await (await request.multipart()).next()
    return await part.read() if part is not None and hasattr(part, "read") else b""
