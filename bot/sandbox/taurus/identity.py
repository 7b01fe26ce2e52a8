"""Who may call: keys, tokens, lock-outs, and the gate in front of every operation."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.sandbox.taurus.calls import Call
from bot.sandbox.taurus.errors import ServiceError
from bot.sandbox.taurus.ids import Ids
from bot.sandbox.taurus.signature import check_date, is_genuine, read_authorization

AK_TRIES = 5
AK_LOCK = timedelta(minutes=5)
"""Five failures in a row lock an access key for five minutes (API signing guide)."""
PASSWORD_TRIES = 5
PASSWORD_LOCK = timedelta(minutes=15)
"""IAM's default login policy: five wrong passwords lock the user for fifteen minutes."""


@dataclass(frozen=True)
class Credentials:
    """What a client needs to know to get in; all made up. Secrets stay out of its repr."""

    ak: str = "SANDBOXAK00000000001"
    sk: str = field(default="sandbox-secret-key-0123456789abcdefghijk", repr=False)
    security_token: str = field(default="", repr=False)
    """Set = the key is a temporary one and X-Security-Token must be signed along."""
    user: str = "taurus-bot"
    password: str = field(default="sandbox-password-1", repr=False)
    domain: str = "sandbox-company"
    agency: str = "db_upgrade"


@dataclass
class Key:
    """An access key; `expires_at` None = permanent."""

    secret: str = field(repr=False)
    security_token: str = field(repr=False)
    expires_at: datetime | None = None


@dataclass
class Token:
    """A token IAM handed out; `dead_code` is set once it was made to expire early."""

    issued_at: datetime
    expires_at: datetime
    method: str
    for_project: bool
    dead_code: str = ""


@dataclass
class Tries:
    """Failures in a row of one key or user."""

    count: int = 0
    locked_until: datetime | None = None

    def is_locked(self, now: datetime) -> bool:
        """Whether the lock holds at `now`; a lock that is over clears the count."""
        if self.locked_until is None or now < self.locked_until:
            return self.locked_until is not None
        self.count, self.locked_until = 0, None
        return False

    def failed(self, now: datetime, limit: int, lock: timedelta) -> None:
        """Count a failure and lock at the limit."""
        self.count += 1
        if self.count >= limit:
            self.locked_until = now + lock


class Identity:
    """The account's user, keys and tokens."""

    def __init__(self, credentials: Credentials, ids: Ids) -> None:
        self.credentials = credentials
        self.keys = {credentials.ak: Key(credentials.sk, credentials.security_token)}
        self.tokens: dict[str, Token] = {}
        self.ids = ids
        self._key_tries: dict[str, Tries] = {}
        self._password_tries: dict[str, Tries] = {}

    def admit(self, call: Call) -> Token | None:
        """Let a call in by token or signature and return the token, if it was one.

        Raises ServiceError with the gateway's code and text.
        """
        by_token, by_key = "X-Auth-Token" in call.headers, "Authorization" in call.headers
        if by_token and by_key:
            raise ServiceError("APIGW.0301", "both x-auth-token and authorization found")
        if by_key:
            self._check_signature(call)
            return None
        if not by_token:
            raise ServiceError("APIGW.0301", "x-auth-token not found")
        return self.token(call.headers["X-Auth-Token"], call.now)

    def token(self, value: str, now: datetime) -> Token:
        """A living token; raises ServiceError when it is unknown, expired or revoked."""
        token = self.tokens.get(value)
        if token is None:
            raise ServiceError("APIGW.0301", "decrypt token fail")
        if token.dead_code or now >= token.expires_at:
            raise ServiceError(
                token.dead_code or "APIGW.0301",
                f"token expires, expires_at: {token.expires_at:%Y-%m-%dT%H:%M:%S.%fZ}",
            )
        return token

    def issue_token(
        self, now: datetime, lifetime: timedelta, method: str, *, for_project: bool
    ) -> tuple[str, Token]:
        """A new token; older ones go on living, as IAM's do."""
        value = self.ids.opaque(1200)
        self.tokens[value] = Token(now, now + lifetime, method, for_project)
        return value, self.tokens[value]

    def issue_key(self, expires_at: datetime) -> tuple[str, Key]:
        """A temporary access key with its security token."""
        access = self.ids.hex32()[:20].upper()
        self.keys[access] = Key(self.ids.opaque(43), self.ids.opaque(600), expires_at)
        return access, self.keys[access]

    def kill_tokens(self, code: str) -> None:
        """Make every token handed out so far fail with `code`."""
        for token in self.tokens.values():
            token.dead_code = code

    def check_password(self, domain: str, user: str, password: str, now: datetime) -> None:
        """Raise ServiceError IAM.0062 for a wrong password, IAM.0061 once the user is locked."""
        tries = self._password_tries.setdefault(user, Tries())
        if tries.is_locked(now):
            raise ServiceError("IAM.0061")
        known = self.credentials
        if (domain, user, password) != (known.domain, known.user, known.password):
            tries.failed(now, PASSWORD_TRIES, PASSWORD_LOCK)
            raise ServiceError("IAM.0062")
        tries.count = 0

    def _check_signature(self, call: Call) -> None:
        signed = read_authorization(call.headers["Authorization"])
        key = self.keys.get(signed.access)
        if key is None:
            raise ServiceError(
                "APIGW.0301", f"Get secretKey failed,ak:{signed.access},err:ak not exist"
            )
        tries = self._key_tries.setdefault(signed.access, Tries())
        if tries.is_locked(call.now):
            raise ServiceError("APIGW.0301", "AK access failed to reach the limit,forbidden")
        check_date(call)
        if not is_genuine(call, signed, key.secret) or not _fits_token(call, signed.names, key):
            tries.failed(call.now, AK_TRIES, AK_LOCK)
            raise ServiceError("APIGW.0301", "verify aksk signature fail")
        if key.expires_at and call.now >= key.expires_at:
            raise ServiceError("IAM.1108", status=401)
        tries.count = 0


def _fits_token(call: Call, names: tuple[str, ...], key: Key) -> bool:
    sent = call.headers.get("X-Security-Token", "")
    return sent == key.security_token and (not sent or "x-security-token" in names)
