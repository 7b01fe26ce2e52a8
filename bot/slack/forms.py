"""Forms on people's screens: the `Forms` port on Slack's Web API, and the opening of them."""

from typing import Any

from bot.ports import View
from bot.slack.web import WebApi


class SlackForms:
    """Opens and redraws forms; every method raises `ChatError`."""

    def __init__(self, api: WebApi) -> None:
        """Nothing is open yet."""
        self._api = api

    async def open(self, trigger: str, view: View) -> str:
        """Open a form and return its id; a trigger works once, within three seconds."""
        request = self._api.client.views_open(trigger_id=trigger, view=drawn(view))
        answer = await self._api.call("views.open", request)
        return str((answer.get("view") or {}).get("id", ""))

    async def update(self, view: str, shown: View, *, seen: str = "") -> None:
        """Draw a form anew; with `seen` only if it is still that version of it."""
        request = self._api.client.views_update(view_id=view, view=drawn(shown), hash=seen or None)
        await self._api.call("views.update", request)


def drawn(view: View) -> dict[str, Any]:
    """Write a form as Slack takes it."""
    made: dict[str, Any] = {
        "type": "modal",
        "callback_id": view.callback_id,
        "title": _plain(view.title),
        "close": _plain(view.close),
        "private_metadata": view.metadata,
        "blocks": list(view.blocks),
    }
    return {**made, "submit": _plain(view.submit)} if view.submit else made


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}
