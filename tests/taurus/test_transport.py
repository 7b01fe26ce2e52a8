from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import SecretStr

from bot.taurus import AkSk, TaurusConfig
from bot.taurus.fleet import open_http

pytestmark = pytest.mark.asyncio


async def _answer(request: web.Request) -> web.Response:
    if request.path == "/broken":
        assert request.transport is not None
        request.transport.close()
    answer = web.json_response({"asked": request.raw_path})
    answer.set_cookie("session", "sticky")
    answer.enable_compression(web.ContentCoding.gzip)
    return answer


@pytest_asyncio.fixture
async def cloud() -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes([web.route("*", "/{path:.*}", _answer)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    key = AkSk(ak=SecretStr("ak"), sk=SecretStr("sk"))
    async with open_http(TaurusConfig(credentials=key, region="cn-north-4")) as client:
        yield client


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_address_arrives_as_it_was_signed_and_a_packed_answer_is_read(
    cloud: str, http: httpx.AsyncClient, method: str
) -> None:
    response = await http.request(method, f"{cloud}/v3/a%2Fb?ids=1%2C2&name=%7E%20")
    assert response.json() == {"asked": "/v3/a%2Fb?ids=1%2C2&name=%7E%20"}
    assert response.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_cookie_is_kept(cloud: str, http: httpx.AsyncClient, method: str) -> None:
    response = await http.request(method, f"{cloud}/v3")
    assert response.headers["Set-Cookie"].startswith("session=sticky")
    assert dict(http.cookies) == {}


async def test_what_cannot_be_reached_was_never_sent(http: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.ConnectError):
        await http.get("http://127.0.0.1:9/")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_cut_connection_is_no_refusal(
    cloud: str, http: httpx.AsyncClient, method: str
) -> None:
    """Of httpx's errors only those of connecting mean that nothing was sent."""
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await http.request(method, f"{cloud}/broken")
