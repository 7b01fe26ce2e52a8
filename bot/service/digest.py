"""The digest: once a week, say, a channel is told how far its databases are behind.

When the next one is due is a row of the store, and one process claims it, so a restart or a
second process posts none twice. What was missed while nobody ran is posted once, late: it tells
how things stand then.
"""

import logging
import shlex
from datetime import timedelta

from bot.domain.drift import drift_of
from bot.domain.environment import Environment
from bot.domain.errors import CloudError
from bot.domain.selection import BEHIND
from bot.domain.windows import next_opening
from bot.ports import ChatError, Digest, Message, StaleError
from bot.service.desk import Desk
from bot.views.fleet import digest as view
from bot.views.reader import Reader

CLOCK_SLACK = timedelta(minutes=15)
"""How far this machine's clock may be ahead of Slack's when a message is looked for."""
_AFTER_TROUBLE = timedelta(minutes=5)
_AFTER_REFUSAL = timedelta(hours=1)
"""How soon it is tried again what only people can mend, such as a bot that was not invited."""
_log = logging.getLogger(__name__)


async def plan_digests(desk: Desk) -> None:
    """Note when the digests of all environments are due next, unless that is known."""
    for environment in desk.environments.values():
        if environment.digest is None:
            continue
        due_at = next_opening((environment.digest,), desk.clock())
        if due_at is not None:
            await desk.changes.plan_digest(environment.name, environment.digest.text, due_at)


async def post_digest(desk: Desk, digest: Digest) -> None:
    """Post a digest that is due, and note when the next one is."""
    try:
        environment = desk.environments.get(digest.environment)
        if environment is None or environment.digest is None:
            # Another process may be configured for it; this one looks again later.
            await _let_go(desk, digest, _AFTER_REFUSAL)
            return
        await _post(desk, digest, environment)
    except CloudError as error:
        _log.warning("the digest of %s waits for the cloud: %s", digest.environment, error.code)
        await _let_go(desk, digest, _AFTER_TROUBLE)
    except StaleError:
        _log.warning("the digest of %s has been taken over", digest.environment)


async def _post(desk: Desk, digest: Digest, environment: Environment) -> None:
    channel = (*environment.notify, *environment.channels)[0]
    tag = {"digest": f"{digest.environment} {digest.due_at.isoformat()}"}
    since = digest.due_at - CLOCK_SLACK
    sending = digest
    try:
        if not (digest.is_unclear and await desk.chat.find_post(channel, tag, since=since)):
            shown = await _drawn(desk, environment)
            # Stored before it is sent, so that a lost answer is looked for.
            sending = digest.model_copy(update={"is_unclear": True})
            await desk.changes.keep_digest(sending, desk.lease())
            await desk.chat.post(channel, shown, tag=tag)
    except ChatError as error:
        _log.warning("the digest of %s is not posted yet: %s", digest.environment, error.code)
        wait = _AFTER_REFUSAL if error.retry_after is None else timedelta(seconds=error.retry_after)
        # Refused now, but an earlier try may have come through.
        await _let_go(desk, sending if error.unclear else digest, wait)
        return
    assert environment.digest is not None  # noqa: S101 - else it would not be here
    next_at = next_opening((environment.digest,), desk.clock())
    done = {"is_unclear": False, "due_at": next_at or digest.due_at}
    await _let_go(desk, digest.model_copy(update=done), timedelta())


async def _drawn(desk: Desk, environment: Environment) -> Message:
    known = await desk.rosters[environment.name].complete()
    draft = shlex.join([f"{BEHIND}*", "--env", environment.name])
    drift = drift_of(known.instances, known.versions)
    return view(environment.name, drift, draft, Reader.of(desk.language))


async def _let_go(desk: Desk, digest: Digest, wait: timedelta) -> None:
    await desk.changes.keep_digest(digest, desk.lease(), retry_at=desk.clock() + wait)
