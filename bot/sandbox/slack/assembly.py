"""Puts the simulator's parts together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.sandbox.slack.clicks import Clicks
from bot.sandbox.slack.dispatch import Dispatch
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.gestures import Gestures
from bot.sandbox.slack.http_posts import HttpPosts
from bot.sandbox.slack.page_api import PageApi, Panel
from bot.sandbox.slack.payloads import Payloads
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.responses import Responses
from bot.sandbox.slack.server import Server
from bot.sandbox.slack.sockets import Sockets
from bot.sandbox.slack.web_api import WebApi
from bot.sandbox.slack.workspace import Workspace


@dataclass(frozen=True)
class Deliverer:
    """How payloads reach the bot; `ack_seconds` is how long it may take to acknowledge."""

    mode: Literal["socket", "http"]
    request_url: str
    wall: Callable[[], float]
    ack_seconds: float


@dataclass(frozen=True)
class Parts:
    """What a simulator consists of."""

    workspace: Workspace
    faults: Faults
    sockets: Sockets
    dispatch: Dispatch
    gestures: Gestures
    clicks: Clicks
    web_api: WebApi
    server: Server


def assemble(
    workspace: Workspace,
    deliverer: Deliverer,
    rates: Rates | None,
    panel: Panel | None,
    page: Path,
) -> Parts:
    """Makes the parts for a workspace; nothing listens yet."""
    faults, payloads = Faults(), Payloads(workspace)
    sockets = Sockets(workspace.hub, workspace.app.id, deliverer.ack_seconds)
    posts = _posts(workspace, deliverer)
    transport = sockets if deliverer.mode == "socket" else posts
    dispatch = Dispatch(transport, faults, workspace.hub)
    gestures = Gestures(workspace, dispatch, payloads, Responses(workspace))
    clicks = Clicks(workspace, dispatch, payloads)
    web_api = WebApi(workspace, faults, rates, sockets.address)
    page_api = PageApi(workspace, dispatch, gestures, clicks, faults, panel)
    server = Server(workspace, web_api, sockets, page_api, page)
    return Parts(workspace, faults, sockets, dispatch, gestures, clicks, web_api, server)


def _posts(workspace: Workspace, deliverer: Deliverer) -> HttpPosts:
    secret = workspace.app.secrets.signing_secret
    return HttpPosts(deliverer.request_url, secret, deliverer.wall, deliverer.ack_seconds)
