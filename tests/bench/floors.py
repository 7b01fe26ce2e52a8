"""What the bot is measured against: `python -m tests.bench.floors KIND`, by environment variables.

`bolt-http` and `bolt-socket` are Bolt as its own guide writes it, with default settings, and one
command that echoes. `bare` is an aiohttp server that checks Slack's signature and does no more.
"""

import asyncio
import os
import sys

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient


def bolt() -> AsyncApp:
    client = AsyncWebClient(
        token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]
    )
    app = AsyncApp(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])

    @app.command("/taurus-change")
    async def echo(ack: AsyncAck, command: dict[str, str]) -> None:
        await ack(command["text"])

    return app


async def bolt_socket() -> None:
    handler = AsyncSocketModeHandler(bolt(), os.environ["SLACK_APP_TOKEN"])
    await handler.start_async()  # type: ignore[no-untyped-call]


def bare() -> web.Application:
    verifier = SignatureVerifier(os.environ["SLACK_SIGNING_SECRET"])

    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        signed = verifier.is_valid(
            body,
            request.headers["X-Slack-Request-Timestamp"],
            request.headers["X-Slack-Signature"],
        )
        return web.Response(status=200 if signed else 401)

    app = web.Application()
    app.add_routes([web.post("/slack/events", handle)])
    return app


def main(kind: str) -> None:
    port = int(os.environ["PORT"])
    if kind == "bolt-socket":
        asyncio.run(bolt_socket())
    elif kind == "bolt-http":
        bolt().start(port=port)
    else:
        web.run_app(bare(), host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main(sys.argv[1])
