"""Tokens of an IAM user: cached, renewed in time, fetched by one caller at a time.

Source: IAM API docs, "Obtaining a User Token Through Password Authentication": valid for 24 h, a
new token does not end the old one, several wrong passwords lock the user.
"""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import NamedTuple

import httpx
from pydantic import SecretStr

from bot.domain.errors import Reaction
from bot.domain.sentence import say
from bot.ports import Clock
from bot.taurus import errors, wire
from bot.taurus.calls import Caller, Operation, Request
from bot.taurus.config import Password, TaurusConfig

RENEWED_BEFORE_END = timedelta(minutes=30)
RENEWED_AFTER = 0.8
"""Share of a short life after which a token is renewed."""
USUAL_LIFE = timedelta(hours=24)
RENEWAL_PAUSE = timedelta(minutes=1)
"""How long a token that still lives is used before its failed renewal is tried again."""
LOGIN_PAUSE = timedelta(minutes=30)
"""How long a refused login is not tried again: with the strictest policy that IAM offers, three
wrong passwords within an hour lock the user."""

_TOKEN = Operation("create_token", "POST")
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_TOKEN_OF_ANOTHER = "DBS.280056"  # noqa: S105 - the vendor's error code, HTTP 403


class Token(NamedTuple):
    """A token and how long it is good for, by our own clock."""

    value: SecretStr
    project_id: str
    renew_at: datetime
    ends_at: datetime


class Tokens:
    """The token of one IAM user in one project."""

    def __init__(self, config: TaurusConfig, user: Password, caller: Caller, clock: Clock) -> None:
        """Nothing is fetched until a token is needed."""
        self._url = f"{config.endpoints.iam}/v3/auth/tokens"
        self._body = _login(config, user)
        self._user = user
        self._caller = caller
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._refusal: errors.TaurusError | None = None
        self._refused_until = clock()

    def secrets(self) -> tuple[str, ...]:
        """What must never be shown to anybody."""
        token = (self._token.value,) if self._token else ()
        return tuple(secret.get_secret_value() for secret in (self._user.password, *token))

    async def current(self, *, instead_of: Token | None = None) -> Token:
        """Give a token that should work, and not the one that was refused.

        Raises `TaurusError`; after IAM refused the login it does so for half an hour without
        asking IAM.
        """
        async with self._lock:
            token = self._token
            if token is None or token is instead_of:
                return await self._fetch()
            if self._clock() >= token.renew_at:
                return await self._renew(token)
            return token

    async def project_id(self) -> str:
        """The project that the token is for; empty if IAM did not say. Raises `TaurusError`."""
        return (await self._caller.repeat(_TOKEN, self.current)).project_id

    async def _renew(self, token: Token) -> Token:
        try:
            return await self._fetch()
        except errors.TaurusError:
            now = self._clock()
            if now >= token.ends_at:
                raise
            self._token = token._replace(renew_at=now + RENEWAL_PAUSE)
            return self._token

    async def _fetch(self) -> Token:
        if self._refusal is not None and self._clock() < self._refused_until:
            raise self._refusal.with_traceback(None)
        asked_at = self._clock()
        request = Request(_TOKEN, self._url, (("nocatalog", "true"),), self._body)
        try:
            response = await self._caller.once(request)
        except errors.TaurusError as error:
            raise self._judged(error) from error
        answer = self._caller.read(request, response, wire.TokenAnswer)
        value = response.headers.get("X-Subject-Token", "")
        if not value:
            raise errors.unreadable(response)
        self._refusal = None
        self._token = _token(SecretStr(value), answer.token, asked_at)
        return self._token

    def _judged(self, error: errors.TaurusError) -> errors.TaurusError:
        """Remember a refused login, so that it is not repeated until the user is locked."""
        if error.status not in {_UNAUTHORIZED, _FORBIDDEN}:
            return error
        sentence = say(
            "IAM refused the login of the bot's user {user}. No database was changed. Whoever runs"
            " the bot has to correct the user, password or account name and restart it. Until then"
            " it tries again only every {n} minutes, because wrong passwords lock the user.",
            user=self._user.user,
            n=LOGIN_PAUSE // timedelta(minutes=1),
        )
        self._refused_until = self._clock() + LOGIN_PAUSE
        self._refusal = errors.TaurusError(
            sentence,
            effect=error.effect,
            reaction=Reaction.FIX,
            code=error.code,
            message=error.message,
            status=error.status,
            request_id=error.request_id,
        )
        return self._refusal


class TokenAuth(httpx.Auth):
    """Sends the token along, and once a new one when the first was refused."""

    def __init__(self, tokens: Tokens) -> None:
        """Share the tokens between all calls."""
        self._tokens = tokens

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """A 401 proves that nothing was done, so even an upgrade may be sent once more."""
        token = await self._tokens.current()
        request.headers["X-Auth-Token"] = token.value.get_secret_value()
        response = yield request
        await response.aread()
        if _refuses_token(response):
            token = await self._tokens.current(instead_of=token)
            request.headers["X-Auth-Token"] = token.value.get_secret_value()
            yield request


def _refuses_token(response: httpx.Response) -> bool:
    if response.status_code == _UNAUTHORIZED:
        return True
    words = errors.read_words(response)
    return words is not None and words.code == _TOKEN_OF_ANOTHER


def _login(config: TaurusConfig, user: Password) -> object:
    project = {"id": config.project_id} if config.project_id else {"name": config.region}
    who = {
        "domain": {"name": user.domain},
        "name": user.user,
        "password": user.password.get_secret_value(),
    }
    identity = {"methods": ["password"], "password": {"user": who}}
    return {"auth": {"identity": identity, "scope": {"project": project}}}


def _token(value: SecretStr, told: wire.TokenBody, asked_at: datetime) -> Token:
    """Count the life from when we asked, so that a clock which is off does no harm."""
    life = USUAL_LIFE
    if told.issued_at and told.expires_at:
        life = told.expires_at - told.issued_at
    ends_at = asked_at + life
    renew_at = max(ends_at - RENEWED_BEFORE_END, asked_at + life * RENEWED_AFTER)
    return Token(value, told.project.id, renew_at, ends_at)
