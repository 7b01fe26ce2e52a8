"""Telling one person something outside of an acknowledgement."""

import logging
from collections.abc import Coroutine
from typing import Any

from bot.domain.sentence import Sentence
from bot.ports import ChatError, Message, View
from bot.slack import answers, payloads
from bot.slack.account import Payload
from bot.slack.answers import Render
from bot.slack.chat import SlackChat
from bot.slack.people import SlackPeople
from bot.slack.tasks import Tasks

_log = logging.getLogger(__name__)


class Voice:
    """Speaks a person's language, as far as it is known without asking Slack."""

    def __init__(self, chat: SlackChat, people: SlackPeople, render: Render, tasks: Tasks) -> None:
        """Whisper by `chat` in tasks that `tasks` owns."""
        self._chat = chat
        self._people = people
        self._render = render
        self._tasks = tasks

    def language_of(self, user: str) -> str:
        """Return a person's language if it is known, else an empty string."""
        return self._people.language_of(user)

    def words(self, sentence: Sentence, user: str) -> str:
        """Say it in the person's language."""
        return self._render(sentence, self.language_of(user))

    def notice(self, sentence: Sentence, user: str) -> View:
        """Say it in a view."""
        return answers.notice(sentence, self._render, self.language_of(user))

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something after the acknowledgement has left; it is waited for at the end."""
        self._tasks.start(work)

    def whisper(self, body: Payload, sentence: Sentence) -> None:
        """Say it to whoever caused the payload, after the acknowledgement has left."""
        self.later(self._whisper(body, sentence))

    async def _whisper(self, body: Payload, sentence: Sentence) -> None:
        user = payloads.user_of(body)
        message = Message(text=self.words(sentence, user))
        url = str(body.get("response_url") or "")
        try:
            await self._chat.whisper(payloads.channel_of(body), user, message, response_url=url)
        except ChatError as error:
            _log.warning("could not tell %s why nothing was done: %s", user, error.code)
