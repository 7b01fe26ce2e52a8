"""Who is on call, from PagerDuty's REST API v2.

Another vendor is another class with the method `shifts`, and another word in `duty.SOURCE`.
"""

from datetime import datetime
from ssl import SSLContext

import httpx
from pydantic import BaseModel, Field, SecretStr, ValidationError

from bot.domain.duty import Shift
from bot.ports import OnCallError

__all__ = ["API_URL", "PagerDuty"]

API_URL = "https://api.pagerduty.com"
_TIMEOUT = httpx.Timeout(10.0)
_PAGE = 100
"""The most that one page may hold (PagerDuty docs, Pagination)."""
_FILTERS = {"schedule": "schedule_ids[]", "policy": "escalation_policy_ids[]"}
_VERSION = "application/vnd.pagerduty+json;version=2"


class _User(BaseModel):
    email: str = ""


class _Entry(BaseModel):
    user: _User
    escalation_level: int = 1
    end: datetime | None = None


class _Page(BaseModel):
    """`GET /oncalls` (PagerDuty docs, List all of the on-calls)."""

    oncalls: list[_Entry] = Field(default_factory=list)
    more: bool = False


class PagerDuty:
    """Implements `bot.ports.OnCall`."""

    def __init__(self, token: SecretStr, url: str = API_URL, tls: SSLContext | None = None) -> None:
        """Nothing is asked yet. `token` is a REST API key; read-only is enough."""
        headers = {
            "Authorization": f"Token token={token.get_secret_value()}",
            "Accept": _VERSION,
        }
        self._http = httpx.AsyncClient(
            base_url=url,
            headers=headers,
            timeout=_TIMEOUT,
            follow_redirects=False,
            trust_env=False,
            verify=tls or True,
        )

    async def shifts(self, source: str) -> tuple[Shift, ...]:
        """Read who is on call now; somebody on several levels counts by the first.

        Raises:
            OnCallError: PagerDuty refused or did not answer.
        """
        _, kind, name = source.split(":")
        found: dict[str, Shift] = {}
        offset, more = 0, True
        while more:
            page = await self._page(_FILTERS[kind], name, offset)
            for entry in page.oncalls:
                _keep(found, entry)
            offset, more = offset + _PAGE, page.more
        return tuple(sorted(found.values(), key=lambda shift: (shift.level, shift.email)))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def _page(self, wanted: str, name: str, offset: int) -> _Page:
        asked = {wanted: name, "include[]": "users", "limit": str(_PAGE), "offset": str(offset)}
        try:
            response = await self._http.get("/oncalls", params=asked)
            response.raise_for_status()
            return _Page.model_validate_json(response.content)
        except httpx.HTTPStatusError as error:
            raise OnCallError(f"it answered {error.response.status_code}") from None
        except httpx.HTTPError as error:
            raise OnCallError(type(error).__name__) from None
        except ValidationError:
            raise OnCallError("its answer is not understood") from None


def _keep(found: dict[str, Shift], entry: _Entry) -> None:
    email = entry.user.email.strip().lower()
    known = found.get(email)
    if email and (known is None or entry.escalation_level < known.level):
        found[email] = Shift(email=email, until=entry.end, level=entry.escalation_level)
