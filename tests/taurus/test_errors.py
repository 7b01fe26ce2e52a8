import httpx
import pytest

from bot.domain.errors import Effect, Reaction
from bot.domain.sentence import say
from bot.sandbox.taurus.errors import CODES
from bot.taurus import errors
from bot.taurus.reactions import ROWS, react

UNCLEAR = say("Nobody knows.")
R = Reaction


def answer(status: int, body: object = None, text: str = "") -> httpx.Response:
    if body is None:
        return httpx.Response(status, text=text, headers={"X-Request-Id": "r1"})
    return httpx.Response(status, json=body, headers={"X-Request-Id": "r1"})


SHAPES = {
    "TaurusDB": {"error_code": "DBS.200047", "error_msg": "busy"},
    "camel case": {"errorCode": "DBS.200047", "errorMsg": "busy"},
    "short": {"code": "DBS.200047", "message": "busy"},
    "sister services": {"errCode": "DBS.200047", "externalMessage": "busy"},
    "nested": {"x": 1, "error": {"error_code": "DBS.200047", "error_msg": "busy", "title": "t"}},
    "nested sister": {"error": {"errCode": "DBS.200047", "externalMessage": "busy"}},
}


@pytest.mark.parametrize("body", SHAPES.values(), ids=SHAPES)
def test_every_shape_of_error_body_is_read(body: object) -> None:
    error = errors.refused(answer(409, body), unclear=UNCLEAR)
    assert (error.code, error.message) == ("DBS.200047", "busy")
    assert (error.effect, error.reaction) == (Effect.REFUSED, Reaction.WAIT)
    assert (error.status, error.request_id) == (409, "r1")


def test_iams_number_for_a_code_is_read() -> None:
    body = {"error": {"code": 403, "message": "no", "title": "Forbidden"}}
    error = errors.refused(answer(403, body), unclear=UNCLEAR)
    assert (error.code, error.reaction) == ("403", Reaction.DENY)


NOT_THE_VENDOR = {
    "html": answer(404, text="<html>not here</html>"),
    "empty": answer(404),
    "a list": answer(404, ["no"]),
    "another object": answer(404, {"detail": {"why": "no"}}),
}


@pytest.mark.parametrize("response", NOT_THE_VENDOR.values(), ids=NOT_THE_VENDOR)
def test_an_answer_of_somebody_else_leaves_a_change_unclear_and_a_read_refused(
    response: httpx.Response,
) -> None:
    assert errors.refused(response, unclear=UNCLEAR).effect is Effect.UNCLEAR
    read = errors.refused(response)
    assert (read.effect, read.reaction) == (Effect.REFUSED, Reaction.FIX)
    assert read.message


def test_a_long_page_is_cut() -> None:
    assert len(errors.refused(answer(502, text="x" * 5000)).message) == 300


@pytest.mark.parametrize("status", [401, 407])
def test_whoever_asks_for_a_login_has_done_nothing(status: int) -> None:
    assert errors.refused(answer(status), unclear=UNCLEAR).effect is Effect.REFUSED


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_leaves_a_change_unclear_even_with_a_known_code(status: int) -> None:
    body = {"error_code": "DBS.108000", "error_msg": "down"}
    error = errors.refused(answer(status, body), unclear=UNCLEAR)
    assert (error.effect, error.reaction) == (Effect.UNCLEAR, Reaction.OPERATIONS)
    assert error.sentence == UNCLEAR
    assert errors.refused(answer(status, body)).reaction is Reaction.BACK_OFF


@pytest.mark.parametrize("code", ["DBS.108000", "DBS.05000000", "APIGW.0203"])
def test_a_failure_of_the_clouds_own_leaves_a_change_unclear_with_any_status(code: str) -> None:
    """One code is documented with several statuses, and none tells how far the cloud had come."""
    body = {"error_code": code, "error_msg": "down"}
    assert errors.refused(answer(400, body), unclear=UNCLEAR).effect is Effect.UNCLEAR
    assert errors.refused(answer(400, body)).effect is Effect.REFUSED


def test_a_change_that_somebody_waited_too_long_for_is_unclear() -> None:
    body = {"code": "408", "message": "request time-out"}
    assert errors.refused(answer(408, body), unclear=UNCLEAR).effect is Effect.UNCLEAR


def test_iams_own_header_names_the_call() -> None:
    response = httpx.Response(404, headers={"X-IAM-Trace-Id": "t1"})
    assert errors.refused(response).request_id == "t1"


SENT_PERHAPS = [httpx.ReadTimeout, httpx.WriteTimeout, httpx.RemoteProtocolError, httpx.ReadError]
NEVER_SENT = [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout]


@pytest.mark.parametrize("kind", SENT_PERHAPS)
def test_a_change_that_broke_off_may_have_taken_effect(kind: type[httpx.HTTPError]) -> None:
    error = errors.unanswered(kind("gone"), "cloud", unclear=UNCLEAR)
    assert (error.effect, error.reaction) == (Effect.UNCLEAR, Reaction.OPERATIONS)
    assert (error.sentence, error.message) == (UNCLEAR, f"{kind.__name__}: gone")
    read = errors.unanswered(kind(""), "cloud")
    assert (read.effect, read.reaction) == (Effect.REFUSED, Reaction.BACK_OFF)
    assert read.message == kind.__name__


@pytest.mark.parametrize("kind", NEVER_SENT)
def test_a_change_that_could_not_connect_did_not_leave(kind: type[httpx.HTTPError]) -> None:
    error = errors.unanswered(kind("gone"), "cloud", unclear=UNCLEAR)
    assert (error.effect, error.reaction) == (Effect.NOT_SENT, Reaction.BACK_OFF)
    assert "cloud cannot be reached" in str(error)


MEANT = {
    ("DBS.200001", 400, ""): R.FIX,
    ("DBS.280404", 400, ""): R.FIX,
    ("DBS.200041", 400, ""): R.FIX,
    ("DBS.05000001", 400, ""): R.FIX,
    ("DBS.05000008", 400, ""): R.DONE,
    ("DBS.05000009", 400, ""): R.WAIT,
    ("DBS.05000012", 400, ""): R.OPERATIONS,
    ("DBS.201014", 400, ""): R.WAIT,
    ("DBS.201014", 409, ""): R.WAIT,
    ("DBS.280449", 400, ""): R.OPERATIONS,
    ("DBS.200543", 400, ""): R.WAIT,
    ("DBS.200010", 403, ""): R.DENY,
    ("DBS.200044", 403, ""): R.DENY,
    ("DBS.280056", 403, ""): R.AUTHENTICATE,
    ("DBS.200002", 404, ""): R.FIX,
    ("DBS.200047", 409, ""): R.WAIT,
    ("DBS.201205", 409, ""): R.WAIT,
    ("DBS.212033", 403, ""): R.WAIT,
    ("DBS.200316", 409, ""): R.OPERATIONS,
    ("DBS.280406", 409, ""): R.WAIT,
    ("DBS.212019", 422, ""): R.FIX,
    ("DBS.108000", 500, ""): R.BACK_OFF,
    ("APIGW.0301", 401, "Incorrect IAM authentication information: x-auth-token not found"): R.FIX,
    ("APIGW.0301", 401, "Incorrect …: decrypt token fail"): R.AUTHENTICATE,
    ("APIGW.0301", 401, "token expires, expires_at: 2026-01-15"): R.AUTHENTICATE,
    ("APIGW.0301", 401, "verify aksk signature fail"): R.FIX,
    ("APIGW.0301", 401, "Get secretKey failed,ak:X,err:ak not exist"): R.FIX,
    ("APIGW.0301", 401, "AK access failed to reach the limit,forbidden"): R.WAIT,
    ("APIGW.0307", 401, ""): R.AUTHENTICATE,
    ("APIGW.0303", 401, ""): R.FIX,
    ("APIGW.0302", 403, ""): R.DENY,
    ("APIGW.0310", 403, ""): R.OPERATIONS,
    ("APIGW.0101", 404, ""): R.FIX,
    ("APIGW.0201", 400, ""): R.FIX,
    ("APIGW.0201", 413, ""): R.FIX,
    ("APIGW.0201", 502, ""): R.BACK_OFF,
    ("APIGW.0308", 429, ""): R.BACK_OFF,
    ("APIGW.0606", 503, ""): R.BACK_OFF,
    ("IAM.0061", 401, ""): R.OPERATIONS,
    ("IAM.0062", 401, ""): R.FIX,
    ("IAM.0066", 401, ""): R.AUTHENTICATE,
    ("IAM.0002", 403, ""): R.DENY,
    ("IAM.0080", 403, ""): R.OPERATIONS,
    ("IAM.0011", 400, ""): R.FIX,
    ("IAM.1106", 400, ""): R.AUTHENTICATE,
    ("IAM.0004", 404, ""): R.FIX,
    ("IAM.0012", 429, ""): R.BACK_OFF,
    ("IAM.0006", 500, ""): R.BACK_OFF,
    ("new", 401, ""): R.AUTHENTICATE,
    ("new", 403, ""): R.DENY,
    ("new", 404, ""): R.FIX,
    ("new", 409, ""): R.WAIT,
    ("new", 418, ""): R.FIX,
    ("new", 429, ""): R.BACK_OFF,
    ("new", 599, ""): R.BACK_OFF,
}


@pytest.mark.parametrize(("case", "meant"), MEANT.items(), ids=str)
def test_a_code_tells_what_to_do(case: tuple[str, int, str], meant: Reaction) -> None:
    code, status, message = case
    assert react(status, code, message)[0] is meant


def test_every_code_of_the_vendor_has_a_row() -> None:
    in_rows = {code for row in ROWS for code in row.codes.split()}
    # This one stands for different things with different statuses.
    assert set(CODES) - in_rows == {"APIGW.0201"}


def test_every_refusal_tells_what_it_means_for_the_databases() -> None:
    for row in ROWS:
        text = str(row.sentence)
        assert "o database was changed" in text or "No upgrade was started" in text
        assert text.count(".") >= 3 or text.count(". ") >= 2, text
