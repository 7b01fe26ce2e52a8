"""A small signing client of the tests' own, written from the vendor's signing guide."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from bot.sandbox.taurus import TaurusSimulator

START = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
Pairs = list[tuple[str, Any]]


class HandClock:
    """Time that only moves when a test moves it."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **step: float) -> None:
        self.at += timedelta(**step)


def target(path: str, query: Pairs) -> str:
    """The request target with the query sorted and encoded as it has to be signed."""
    pairs = sorted((name, str(value)) for name, value in query)
    encoded = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)
    return f"{path}?{encoded}" if encoded else path


def authorization(
    method: str, wire: str, headers: dict[str, str], body: bytes, keys: tuple[str, str]
) -> str:
    """The Authorization header for exactly these headers and bytes."""
    ak, sk = keys
    path, _, query = wire.partition("?")
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    names = ";".join(sorted(lower))
    block = "".join(f"{name}:{lower[name]}\n" for name in sorted(lower))
    parts = (method, f"{path}/", query, block, names, hashlib.sha256(body).hexdigest())
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    to_sign = f"SDK-HMAC-SHA256\n{lower['x-sdk-date']}\n{digest}"
    signature = hmac.new(sk.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return f"SDK-HMAC-SHA256 Access={ak}, SignedHeaders={names}, Signature={signature}"


class Caller:
    """Calls the simulator with valid signatures unless a test says otherwise."""

    def __init__(
        self, http: httpx.AsyncClient, simulator: TaurusSimulator, clock: Callable[[], datetime]
    ) -> None:
        self.http = http
        self.simulator = simulator
        self.clock = clock
        self.base = f"/v3/{simulator.project_id}"
        self.base_v31 = f"/v3.1/{simulator.project_id}"
        self.keys = (simulator.ak, simulator.sk)

    async def signed(
        self,
        method: str,
        path: str,
        query: Pairs | None = None,
        json_body: object = None,
        raw: bytes | None = None,
        *,
        headers: dict[str, str] | None = None,
        endpoint: str = "",
        shift: timedelta = timedelta(0),
    ) -> httpx.Response:
        """One signed request; `shift` puts the caller's clock off."""
        body = raw if raw is not None else b"" if json_body is None else _dump(json_body)
        wire = target(path, query or [])
        base = endpoint or self.simulator.endpoint
        sent = {
            "Host": base.removeprefix("http://"),
            "X-Sdk-Date": (self.clock() + shift).strftime("%Y%m%dT%H%M%SZ"),
            "Content-Type": "application/json;charset=utf-8",
            **(headers or {}),
        }
        sent["Authorization"] = authorization(method, wire, sent, body, self.keys)
        return await self.http.request(method, base + wire, headers=sent, content=body)

    async def get(self, path: str, **query: object) -> httpx.Response:
        """A signed GET below /v3/{project_id}."""
        return await self.signed("GET", self.base + path, list(query.items()))

    async def post(self, path: str, body: object) -> httpx.Response:
        """A signed POST below /v3/{project_id}."""
        return await self.signed("POST", self.base + path, json_body=body)

    async def instances(self, **query: object) -> httpx.Response:
        """The current list of instances."""
        return await self.signed("GET", f"{self.base_v31}/instances", list(query.items()))

    async def upgrade(self, *names: str, delay: object = False, **kernels: str) -> httpx.Response:
        """A batch upgrade of instances by name, at their present kernels."""
        rows = [self.row(name) | kernels for name in names]
        body = {"databases_instance_infos": rows, "delay": delay}
        return await self.post("/instances/database-version/upgrade", body)

    def row(self, name: str) -> dict[str, str]:
        """A row of a batch for an instance."""
        instance = self.simulator.instance(name)
        return {"instance_id": instance.id, "current_version": instance.kernel}

    async def version(self, name: str) -> dict[str, Any]:
        """The answer of database-version."""
        instance_id = self.simulator.instance(name).id
        answer: dict[str, Any] = (
            await self.get(f"/instances/{instance_id}/database-version")
        ).json()
        return answer

    async def jobs(self, **query: object) -> list[dict[str, Any]]:
        """The instant tasks listed."""
        answer = await self.get("/immediate-jobs", limit=50, offset=0, **query)
        jobs: list[dict[str, Any]] = answer.json()["jobs"]
        return jobs

    async def password(self, password: str | None = None, **changes: object) -> httpx.Response:
        """Ask IAM for a token."""
        simulator = self.simulator
        user = {
            "name": simulator.user,
            "password": simulator.password if password is None else password,
            "domain": {"name": simulator.domain},
        }
        auth = {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": simulator.region}},
            **changes,
        }
        url = f"{simulator.iam_endpoint}/v3/auth/tokens?{urlencode({'nocatalog': 'true'})}"
        return await self.http.post(url, json={"auth": auth})

    async def with_token(self, token: str, path: str = "/instances") -> httpx.Response:
        """A GET below /v3/{project_id} with a token instead of a signature."""
        url = self.simulator.endpoint + self.base + path
        return await self.http.get(url, headers={"X-Auth-Token": token})


def code(response: httpx.Response) -> tuple[int, str]:
    """Status and error code."""
    return response.status_code, response.json()["error_code"]


def _dump(value: object) -> bytes:
    return json.dumps(value).encode()
