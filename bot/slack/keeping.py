"""Writing down what people did, before Slack is told that it arrived."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

from bot.command import Call, Click, Submission
from bot.domain.correlation import correlation_id
from bot.domain.errors import UnclearError
from bot.domain.sentence import Sentence
from bot.ports import Delivery, StoreError
from bot.slack import answers, payloads
from bot.slack.account import Payload

Receive = Callable[[Delivery], Awaitable[bool]]
"""Stores a delivery for good; False if it was stored before. Raises `StoreError`."""

_log = logging.getLogger(__name__)


class Keeper:
    """Stores what is young enough to still be meant."""

    def __init__(self, receive: Receive) -> None:
        """Store by `receive`."""
        self._receive = receive

    async def keep(self, told: Call | Click | Submission, body: Payload) -> Sentence | None:
        """Write it down; returns what to tell the person if that was not to be."""
        if _is_stale(body, told.received_at):
            return answers.TOO_OLD
        delivery = Delivery(
            key=told.key,
            kind=_kind(told),
            payload=told.model_dump(mode="json"),
            received_at=told.received_at,
        )
        try:
            await self._receive(delivery)
        except StoreError as error:
            _log.error("a %s was not acknowledged: %s", delivery.kind, error)
            is_unclear = isinstance(error, UnclearError)
            problem = answers.PERHAPS_STORED if is_unclear else answers.NOT_STORED
            return answers.with_id(problem, correlation_id(told.key))
        return None


def _is_stale(body: Payload, now: datetime) -> bool:
    at = payloads.happened_at(body)
    return at is not None and now - at > answers.MAX_AGE


def _kind(told: Call | Click | Submission) -> Literal["call", "click", "submission"]:
    match told:
        case Call():
            return "call"
        case Click():
            return "click"
        case Submission():
            return "submission"
