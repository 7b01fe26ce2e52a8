"""The Web API's `views.*` methods. Errors: Slack docs, the page of each method."""

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.wire import Json, invalid
from bot.sandbox.slack.workspace import Workspace


class ViewMethods:
    """Opens, stacks and changes forms and Home tabs."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def open(self, arguments: Arguments) -> Json:
        """`views.open`."""
        view = self._workspace.views.checked("modal", _view(arguments))
        user = self._workspace.triggers.use(arguments.required("trigger_id"))
        return {"view": self._workspace.views.open(user, view)}

    def push(self, arguments: Arguments) -> Json:
        """`views.push`; its trigger id must come from a form."""
        view = self._workspace.views.checked("modal", _view(arguments))
        user = self._workspace.triggers.use(arguments.required("trigger_id"), pushes=True)
        return {"view": self._workspace.views.push(user, view)}

    def update(self, arguments: Arguments) -> Json:
        """`views.update` by `view_id` or `external_id`."""
        wanted = _view(arguments)
        views = self._workspace.views
        if arguments.has("view_id"):
            user, view = views.find(arguments.text("view_id"))
        else:
            user, view = views.find_external(arguments.required("external_id"))
        return {"view": views.update(view, user, wanted, arguments.text("hash"))}

    def publish(self, arguments: Arguments) -> Json:
        """`views.publish`."""
        user = self._workspace.person(arguments.required("user_id")).id
        view = _view(arguments)
        return {"view": self._workspace.views.publish(user, view, arguments.text("hash"))}


def _view(arguments: Arguments) -> Json:
    view = arguments.data("view")
    if view is None:
        raise invalid("missing required field: view")
    if not isinstance(view, dict):
        raise invalid("must provide an object [json-pointer:/view]")
    return view
