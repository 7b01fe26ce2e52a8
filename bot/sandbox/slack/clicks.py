"""What people do in blocks: buttons, choices, forms."""

from collections.abc import Mapping
from copy import deepcopy

from bot.sandbox.slack.dispatch import Dispatch
from bot.sandbox.slack.elements import OPTIONS_ANSWER
from bot.sandbox.slack.gestures import require_ack
from bot.sandbox.slack.ids import find_element
from bot.sandbox.slack.payloads import Payloads
from bot.sandbox.slack.state import initial_values, merge, missing, problem_of, value_key
from bot.sandbox.slack.wire import Json, SlackError
from bot.sandbox.slack.workspace import Workspace

MIN_QUERY = 3  # characters before an external select asks, unless it says otherwise


class Clicks:
    """Each gesture raises `SlackError` with what the person would be told."""

    def __init__(self, workspace: Workspace, dispatch: Dispatch, payloads: Payloads) -> None:
        self._workspace = workspace
        self._dispatch = dispatch
        self._payloads = payloads

    async def act(
        self, user: str, container: Json, spot: tuple[str | None, str], action: Json, values: Json
    ) -> None:
        """Presses a button or chooses something.

        Args:
            user: who.
            container: where, as in the page's API.
            spot: block id (None: wherever the action id is) and action id.
            action: what was chosen, in the fields of Slack's actions.
            values: what else is filled in around it, as `state.values`.

        Raises:
            SlackError: `no_such_element`, `invalid_choice`, `interactivity_disabled`,
                `operation_timeout`, …
        """
        blocks, place = self.place(user, container)
        element = self._element(blocks, spot)
        chosen = self._chosen(element, action)
        state = self._remember(place, blocks, values, element, action)
        if not _dispatches(blocks, element):
            return
        from_view = place.get("view", {}).get("type") == "modal"
        payload = self._payloads.interaction("block_actions", user, from_view=from_view)
        payload.update(state=state, **place, actions=[chosen])
        if not self._workspace.app.is_interactive:
            raise SlackError("interactivity_disabled")
        require_ack(await self._dispatch.deliver("interactive", payload))

    def place(self, user: str, container: Json) -> tuple[list[Json], Json]:
        """The blocks of a container, and how payloads speak of it.

        Raises:
            SlackError: `message_not_found`, `not_found`, `channel_not_found`, …
        """
        self._workspace.person(user)
        if container["type"] == "message":
            channel = self._workspace.require_member(user, container["channel"])
            message = self._message(user, channel.id, container["ts"])
            return message.get("blocks", []), self._payloads.in_message(user, channel, message)
        view = self.view(user, container)
        return view["blocks"], self._payloads.in_view(view)

    def _message(self, user: str, channel: str, ts: str) -> Json:
        for message in self._workspace.messages.private(user, channel):
            if message["ts"] == ts:
                return message
        return self._workspace.messages.find(channel, ts)

    def view(self, user: str, container: Json) -> Json:
        """The view that a container names: a modal by its id, or the Home tab.

        Raises:
            SlackError: `not_found`, also for other people's views.
        """
        view_id = container.get("view_id", "")
        if container["type"] == "home":
            view_id = (self._workspace.views.home(user) or {}).get("id", "")
        owner, view = self._workspace.views.find(view_id)
        if owner != user:
            raise SlackError("not_found")
        return view

    @staticmethod
    def _element(blocks: list[Json], spot: tuple[str | None, str]) -> Json:
        element = find_element(blocks, spot[1], spot[0])
        if element is None:
            raise SlackError("no_such_element", block_id=spot[0], action_id=spot[1])
        return element

    def _chosen(self, element: Json, action: Json) -> Json:
        chosen: Json = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": element["block_id"],
            "action_ts": self._workspace.timestamps.next(),
        }
        if element["type"] == "button":
            copied: Json = {
                n: deepcopy(element[n]) for n in ("text", "value", "style") if n in element
            }
            return {**chosen, **copied}
        key = value_key(element["type"]) or "selected_option"
        _check_choice(element, {"type": element["type"], key: action.get(key)}, key)
        return {**chosen, key: deepcopy(action.get(key))}

    def _remember(
        self, place: Json, blocks: list[Json], values: Json, element: Json, action: Json
    ) -> Json:
        key = value_key(element["type"])
        given = deepcopy(values)
        if key:
            held = {"type": element["type"], key: action.get(key)}
            given.setdefault(element["block_id"], {})[element["action_id"]] = held
        if "view" not in place:
            scratch: Json = {"blocks": blocks, "state": {"values": initial_values(blocks)}}
            merge(scratch, given)
            return dict(scratch["state"])
        _, view = self._workspace.views.find(place["view"]["id"])
        merge(view, given)
        place.update(self._payloads.in_view(view))
        return dict(deepcopy(view["state"]))

    async def options(
        self, user: str, container: Json, spot: tuple[str | None, str], typed: str
    ) -> Json:
        """Types into an external select; returns the options that the bot offers.

        Raises:
            SlackError: `no_such_element`, `operation_timeout`, or `invalid_options` with reasons.
        """
        blocks, place = self.place(user, container)
        element = self._element(blocks, spot)
        if len(typed) < element.get("min_query_length", MIN_QUERY):
            return {"options": []}
        payload = self._payloads.interaction("block_suggestion", user)
        del payload["trigger_id"]
        place.pop("response_url", None)
        asked = {"block_id": element["block_id"], "action_id": element["action_id"]}
        payload.update(place, **asked, value=typed)
        body = require_ack(await self._dispatch.deliver("interactive", payload)) or {}
        problems = list(OPTIONS_ANSWER(body, ""))
        if problems:
            raise SlackError("invalid_options", messages=problems)
        return body

    async def submit(self, user: str, view_id: str, values: Json) -> Json:
        """Submits a form; returns `{"ok": …, "errors"?, "response_action"?}`.

        Raises:
            SlackError: `not_found`, `operation_timeout`, or why the bot's answer is refused.
        """
        view = self._modal(user, view_id)
        errors = merge(view, values) or missing(view)
        if errors:
            return {"ok": False, "errors": errors}
        payload = self._payloads.interaction("view_submission", user, from_view=True)
        payload.update(view=deepcopy(view), response_urls=[])
        body = require_ack(await self._dispatch.deliver("interactive", payload))
        return self._respond(user, view, body or {})

    def _modal(self, user: str, view_id: str) -> Json:
        view = self.view(user, {"type": "view", "view_id": view_id})
        if view["id"] != self._workspace.views.modals(user)[-1]["id"]:
            raise SlackError("not_found")
        if view["submit"] is None:
            raise SlackError("no_submit_button")
        return view

    def _respond(self, user: str, view: Json, body: Json) -> Json:
        action, views = body.get("response_action"), self._workspace.views
        if action == "errors":
            return {"ok": False, "errors": _errors(view, body.get("errors")), **_told(action)}
        if action == "update":
            views.update(view, user, body.get("view", {}))
        elif action == "push":
            views.push(user, body.get("view", {}))
        elif action == "clear":
            views.clear(user)
        elif action is not None:
            raise SlackError("invalid_response_action")
        else:
            views.close(user, view["id"])
        return {"ok": True, **_told(action)}

    async def close(self, user: str, view_id: str) -> None:
        """Puts a form away; the bot hears of it if the form asked for that.

        Raises:
            SlackError: `not_found`.
        """
        view = deepcopy(self.view(user, {"type": "view", "view_id": view_id}))
        cleared = bool(view["clear_on_close"])
        gone = self._workspace.views.modals(user) if cleared else [view]
        if cleared:
            self._workspace.views.clear(user)
        else:
            self._workspace.views.close(user, view_id)
        for one in gone:
            if one["notify_on_close"]:
                await self._tell_closed(user, one, cleared=cleared)

    async def _tell_closed(self, user: str, view: Json, *, cleared: bool) -> None:
        payload = self._payloads.interaction("view_closed", user)
        del payload["trigger_id"]
        payload.update(view=view, is_cleared=cleared)
        await self._dispatch.deliver("interactive", payload)


def _dispatches(blocks: list[Json], element: Json) -> bool:
    """Inputs report each change only if their block says so; everything else always does."""
    block = next(one for one in blocks if one["block_id"] == element["block_id"])
    return block["type"] != "input" or bool(block.get("dispatch_action"))


def _check_choice(element: Json, held: Json, key: str) -> None:
    problem = problem_of(element, held) if value_key(element["type"]) else ""
    if element["type"] == "overflow" and held[key] not in element["options"]:
        problem = "not among the options"
    if problem:
        raise SlackError("invalid_choice", messages=[problem])


def _errors(view: Json, errors: object) -> Mapping[str, str]:
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
        raise SlackError("invalid_response_action", inputs=sorted(inputs))
    return errors


def _told(action: object) -> Json:
    return {"response_action": action} if action else {}
