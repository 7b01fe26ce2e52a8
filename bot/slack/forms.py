"""Forms on people's screens: the `Forms` port on Slack's Web API, and the opening of them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.ports import ChatError, Clock, View
from bot.slack.newer import settled
from bot.slack.pace import Pace
from bot.slack.web import WebApi

# Slack docs, Rate Limits: views.publish is tier 4, about 100 a minute for the whole workspace.
_PUBLISH_EVERY, _PUBLISH_BURST = timedelta(seconds=0.8), 20
_WORKSPACE = "workspace"


class SlackForms:
    """Opens and redraws forms, and shows Home tabs; every method raises `ChatError`."""

    def __init__(self, api: WebApi, clock: Clock, *, newer: bool = False) -> None:
        """Nothing is open yet; `clock` paces the Home tabs, which nobody waits for.

        `newer` blocks are shown if the workspace can.
        """
        self._api = api
        self._newer = newer
        self._homes = Pace(clock, every=_PUBLISH_EVERY, burst=_PUBLISH_BURST)

    async def open(self, trigger: str, view: View) -> str:
        """Open a form and return its id; a trigger works once, within three seconds."""
        request = self._api.client.views_open(
            trigger_id=trigger, view=drawn(view, newer=self._newer)
        )
        answer = await self._api.call("views.open", request)
        return str((answer.get("view") or {}).get("id", ""))

    async def update(self, view: str, shown: View, *, seen: str = "") -> None:
        """Draw a form anew; with `seen` only if it is still that version of it."""
        made = drawn(shown, newer=self._newer)
        request = self._api.client.views_update(view_id=view, view=made, hash=seen or None)
        await self._api.call("views.update", request)

    async def publish(self, user: str, blocks: Sequence[dict[str, Any]]) -> None:
        """Show somebody their Home tab."""
        self._homes.take(_WORKSPACE)
        request = self._api.client.views_publish(
            user_id=user, view={"type": "home", "blocks": list(blocks)}
        )
        try:
            await self._api.call("views.publish", request)
        except ChatError as error:
            if error.code == "ratelimited" and error.retry_after is not None:
                self._homes.hold(_WORKSPACE, error.retry_after)
            raise


def drawn(view: View, *, newer: bool = False) -> dict[str, Any]:
    """Write a form as Slack takes it."""
    made: dict[str, Any] = {
        "type": "modal",
        "callback_id": view.callback_id,
        "title": _plain(view.title),
        "close": _plain(view.close),
        "private_metadata": view.metadata,
        "blocks": settled(view.blocks, newer=newer),
    }
    return {**made, "submit": _plain(view.submit)} if view.submit else made


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}
