"""Forms and Home tabs: each person's stack of modals, and their Home."""

import secrets
from collections.abc import Callable, Iterator
from copy import deepcopy

from bot.sandbox.slack.blocks import check_view
from bot.sandbox.slack.hub import Hub
from bot.sandbox.slack.ids import fill_ids
from bot.sandbox.slack.installed import InstalledApp
from bot.sandbox.slack.people import TEAM_ID
from bot.sandbox.slack.state import initial_values
from bot.sandbox.slack.wire import Json, SlackError, invalid

STACK = 3  # Slack docs, Modals: at most three views in a stack


class Views:
    """Modals and Home tabs as Slack shapes them."""

    def __init__(self, hub: Hub, clock: Callable[[], float], app: InstalledApp) -> None:
        self._hub = hub
        self._clock = clock
        self._app = app
        self._stacks: dict[str, list[Json]] = {}
        self._homes: dict[str, Json] = {}
        self._count = 0

    def modals(self, user: str) -> list[Json]:
        """Copies of what `user` has open, the top one last."""
        return deepcopy(self._stacks.get(user, []))

    def home(self, user: str) -> Json | None:
        """A copy of what `user` sees in the Home tab."""
        return deepcopy(self._homes.get(user))

    def find(self, view_id: str) -> tuple[str, Json]:
        """The user and the view itself, by its id.

        Raises:
            SlackError: `not_found`.
        """
        for user, view in self._all():
            if view["id"] == view_id:
                return user, view
        raise SlackError("not_found")

    def find_external(self, external_id: str) -> tuple[str, Json]:
        """The same by the id that the app gave it.

        Raises:
            SlackError: `not_found`.
        """
        for user, view in self._named():
            if view["external_id"] == external_id:
                return user, view
        raise SlackError("not_found")

    def open(self, user: str, wanted: Json) -> Json:
        """Opens a modal as the root of a new stack."""
        view = self._new("modal", wanted)
        self._stacks[user] = [view]
        return self._show_modal(user, view)

    def push(self, user: str, wanted: Json) -> Json:
        """Puts a modal on top of the stack.

        Raises:
            SlackError: `push_limit_reached` above three; `not_found` with nothing open.
        """
        stack = self._stacks.get(user, [])
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= STACK:
            raise SlackError("push_limit_reached")
        view = self._new("modal", wanted)
        view["previous_view_id"] = stack[-1]["id"]
        view["root_view_id"] = stack[0]["id"]
        stack.append(view)
        return self._show_modal(user, view)

    def update(self, view: Json, user: str, wanted: Json, view_hash: str = "") -> Json:
        """Replaces what a view shows; what was typed stays where block and action id stay.

        Raises:
            SlackError: `hash_conflict` if the view is no longer the one that was read.
        """
        if view_hash and view_hash != view["hash"]:
            raise SlackError("hash_conflict")
        content = self._content(view["type"], wanted)
        kept = view["state"]["values"]
        view.update(content)
        _keep_typed(view["state"]["values"], kept)
        view["hash"] = self._hash()
        shown = "modal" if view["type"] == "modal" else "home"
        self._hub.tell({"type": shown, "view": deepcopy(view)}, [user])
        return deepcopy(view)

    def publish(self, user: str, wanted: Json, view_hash: str = "") -> Json:
        """Shows `wanted` in the Home tab of `user`.

        Raises:
            SlackError: `not_enabled` without a Home tab; `hash_conflict`.
        """
        if not self._app.has_home:
            raise SlackError("not_enabled")
        if user in self._homes:
            return self.update(self._homes[user], user, wanted, view_hash)
        view = self._homes[user] = self._new("home", wanted)
        self._hub.tell({"type": "home", "view": deepcopy(view)}, [user])
        return deepcopy(view)

    def close(self, user: str, view_id: str) -> None:
        """Closes a modal and everything above it."""
        stack = self._stacks.get(user, [])
        index = next((n for n, view in enumerate(stack) if view["id"] == view_id), len(stack))
        for view in reversed(stack[index:]):
            stack.remove(view)
            self._hub.tell({"type": "modal_closed", "view": deepcopy(view)}, [user])

    def clear(self, user: str) -> None:
        """Closes every modal of `user`."""
        stack = self._stacks.get(user, [])
        if stack:
            self.close(user, stack[0]["id"])

    def _all(self) -> Iterator[tuple[str, Json]]:
        for user, stack in self._stacks.items():
            yield from ((user, view) for view in stack)
        yield from self._homes.items()

    def _named(self) -> Iterator[tuple[str, Json]]:
        return ((user, view) for user, view in self._all() if view["external_id"])

    def _show_modal(self, user: str, view: Json) -> Json:
        self._hub.tell({"type": "modal", "view": deepcopy(view)}, [user])
        return deepcopy(view)

    def _new(self, kind: str, wanted: Json) -> Json:
        content = self._content(kind, wanted)
        if any(view["external_id"] == content["external_id"] for _, view in self._named()):
            raise SlackError("duplicate_external_id")
        self._count += 1
        view_id = f"V{self._count:08X}"
        return {
            "id": view_id,
            "team_id": TEAM_ID,
            "app_id": self._app.id,
            "app_installed_team_id": TEAM_ID,
            "bot_id": self._app.bot_id,
            "root_view_id": view_id,
            "previous_view_id": None,
            "hash": self._hash(),
            **content,
        }

    @staticmethod
    def checked(kind: str, wanted: Json) -> Json:
        """The view, if Slack would take it.

        Raises:
            SlackError: `invalid_arguments` with the reasons, or `view_too_large`.
        """
        problems = check_view(wanted, kind)
        if problems:
            raise invalid(*problems)
        return wanted

    def _content(self, kind: str, wanted: Json) -> Json:
        blocks = fill_ids(self.checked(kind, wanted)["blocks"])
        return {
            "type": kind,
            "title": wanted.get("title"),
            "submit": wanted.get("submit"),
            "close": wanted.get("close"),
            "blocks": blocks,
            "private_metadata": wanted.get("private_metadata", ""),
            "callback_id": wanted.get("callback_id", ""),
            "external_id": wanted.get("external_id", ""),
            "clear_on_close": bool(wanted.get("clear_on_close", False)),
            "notify_on_close": bool(wanted.get("notify_on_close", False)),
            "state": {"values": initial_values(blocks)},
        }

    def _hash(self) -> str:
        return f"{int(self._clock())}.{secrets.token_hex(4)}"


def _keep_typed(fresh: Json, typed: Json) -> None:
    for block_id, actions in fresh.items():
        for action_id, value in actions.items():
            before = typed.get(block_id, {}).get(action_id)
            if before and before["type"] == value["type"]:
                actions[action_id] = before
