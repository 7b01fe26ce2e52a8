"""Nothing that is logged, raised or reported contains a secret, not even at DEBUG."""

import logging
import ssl
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.domain.errors import CloudError, Effect, Reaction
from bot.sandbox.taurus import TaurusSimulator
from bot.taurus import AkSk, Password
from tests.taurus.conftest import Opener, login, signing
from tests.taurus.recorder import Recorder, Reply

TOKEN = "MIIExampleToken0123456789"
CERTIFICATE = Path(__file__).parent / "untrusted.pem"


async def test_logs_show_no_secret_of_a_login(
    opener: Opener, simulator: TaurusSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fleet = opener(login(simulator))
    await fleet.instances()
    assert "/v3/auth/tokens" in caplog.text
    assert simulator.password not in caplog.text
    assert "X-Subject-Token" not in caplog.text.title()
    assert simulator.password not in repr(opener.calls)


async def test_logs_show_no_secret_of_a_key(
    opener: Opener, simulator: TaurusSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await opener(signing(simulator)).instances()
    assert simulator.sk not in caplog.text
    assert simulator.ak not in caplog.text
    assert "Signature=" not in caplog.text


async def test_an_error_that_echoes_secrets_is_masked(
    recorder: Recorder, opener: Opener, key: AkSk
) -> None:
    temporary = key.model_copy(update={"security_token": SecretStr("temporary-token")})
    told = f"Get secretKey failed,ak:{key.ak.get_secret_value()},err:ak not exist temporary-token"
    recorder.reply(Reply({"error_code": "APIGW.0301", "error_msg": told}, 401))
    with pytest.raises(CloudError) as caught:
        await opener(recorder.config(temporary)).instances()
    assert caught.value.message == "Get secretKey failed,ak:***,err:ak not exist ***"


async def test_a_page_that_echoes_the_token_or_password_is_masked(
    recorder: Recorder, opener: Opener, user: Password
) -> None:
    password = user.password.get_secret_value()
    page = Reply(status=400, text=f"<html>X-Auth-Token: {TOKEN} {password}</html>")
    recorder.reply(Reply({"token": {}}, 201, {"X-Subject-Token": TOKEN}), page)
    with pytest.raises(CloudError) as caught:
        await opener(recorder.config(user)).instances()
    shown = "".join(traceback.format_exception(caught.value))
    assert caught.value.message == "<html>X-Auth-Token: *** ***</html>"
    assert TOKEN not in shown
    assert password not in shown


@pytest.fixture
async def impostor() -> AsyncIterator[str]:
    """A server with a certificate that nobody signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    runner = web.AppRunner(web.Application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_an_impostor_gets_nothing(
    impostor: str, recorder: Recorder, opener: Opener, key: AkSk
) -> None:
    fleet = opener(recorder.config(key, endpoint=impostor))
    with pytest.raises(CloudError, match="did not prove who it is") as caught:
        await fleet.submit([("id", "2.0.1.1")], delay=False)
    assert (caught.value.effect, caught.value.reaction) == (Effect.NOT_SENT, Reaction.OPERATIONS)
    assert len(opener.calls) == 1
