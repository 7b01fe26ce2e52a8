"""A server on loopback that writes down what it gets and answers what it is told."""

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

from bot.taurus import AkSk, Password, TaurusConfig

PROJECT_ID = "054e292c9880d4992f02c0196d3ea468"


@dataclass(frozen=True)
class Seen:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    body: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""

    def content(self) -> bytes:
        return self.text.encode() if self.body is None else json.dumps(self.body).encode()


class Recorder:
    """Answers the replies in their order and the last one for ever."""

    def __init__(self, runner: web.AppRunner) -> None:
        self.runner = runner
        self.seen: list[Seen] = []
        self.replies: deque[Reply] = deque()

    @classmethod
    async def start(cls) -> Self:
        application = web.Application()
        recorder = cls(web.AppRunner(application, access_log=None, shutdown_timeout=1))
        application.router.add_route("*", "/{path:.*}", recorder.answer)
        await recorder.runner.setup()
        await web.TCPSite(recorder.runner, "127.0.0.1", 0).start()
        return recorder

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    def reply(self, *replies: Reply) -> None:
        self.replies = deque(replies)

    def config(self, credentials: AkSk | Password, **changes: object) -> TaurusConfig:
        fields = {
            "credentials": credentials,
            "region": "cn-north-4",
            "project_id": PROJECT_ID,
            "endpoint": self.url,
            "iam_endpoint": self.url,
        }
        return TaurusConfig.model_validate({**fields, **changes})

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.title(): value for name, value in request.headers.items()}
        self.seen.append(Seen(request.method, request.raw_path, headers, body))
        reply = self.replies.popleft() if len(self.replies) > 1 else self.replies[0]
        return web.Response(status=reply.status, body=reply.content(), headers=reply.headers)
