"""The vendor's whole error table: what each code means before anything is sent, and afterwards."""

import httpx
import pytest

from bot.domain.errors import Effect, Reaction
from bot.domain.sentence import say
from bot.sandbox.taurus.errors import CODES
from bot.taurus import errors

UNCLEAR = say("Nobody knows.")
CLASSES = {
    Reaction.FIX: """
        DBS.200001 DBS.200004 DBS.280001 DBS.290000 DBS.280204 DBS.200006 DBS.290001 DBS.280404
        DBS.280439 DBS.200041 DBS.200504 DBS.200040 DBS.280238 DBS.05000001 DBS.270024 DBS.200002
        DBS.200013 DBS.200045 DBS.200408 DBS.200602 DBS.201028 DBS.290005 DBS.290011 DBS.290013
        DBS.212019 APIGW.0303 APIGW.0305 APIGW.0101 APIGW.0201 IAM.0062 IAM.0007 IAM.0011 IAM.0072
        IAM.0073 IAM.1101 IAM.1102 IAM.1103 IAM.0004
    """,
    Reaction.WAIT: """
        DBS.05000009 DBS.200086 DBS.201014 DBS.200543 DBS.200047 DBS.200019 DBS.200011 DBS.201202
        DBS.212006 DBS.201205 DBS.280406 DBS.201015 DBS.05000084 DBS.212033
    """,
    Reaction.AUTHENTICATE: """
        DBS.280056 APIGW.0301 APIGW.0307 IAM.0001 IAM.0063 IAM.0066 IAM.0067 IAM.1104 IAM.1105
        IAM.1106 IAM.1107 IAM.1108
    """,
    Reaction.DENY: """
        DBS.200010 DBS.200604 DBS.200044 DBS.201003 DBS.280015 APIGW.0302 APIGW.0304 APIGW.0306
        IAM.0002 IAM.0003
    """,
    Reaction.BACK_OFF: """
        DBS.108000 DBS.108002 DBS.108005 DBS.200005 DBS.200208 DBS.05000000 DBS.213002 DBS.213004
        DBS.290006 DBS.290015 APIGW.0308 APIGW.0202 APIGW.0203 APIGW.0610 APIGW.0601 APIGW.0606
        APIGW.0608 APIGW.0613 IAM.0012 IAM.0006
    """,
    Reaction.OPERATIONS: """
        DBS.05000012 DBS.280449 DBS.200316 APIGW.0310 APIGW.0802 IAM.0061 IAM.0080 IAM.0081
        IAM.0082
    """,
    Reaction.DONE: "DBS.05000008",
}
MEANT = {code: reaction for reaction, codes in CLASSES.items() for code in codes.split()}


def answer(code: str) -> httpx.Response:
    return httpx.Response(CODES[code], json={"error_code": code, "error_msg": "so it is"})


def test_the_table_has_every_code_once() -> None:
    assert sorted(MEANT) == sorted(CODES)
    assert sum(len(codes.split()) for codes in CLASSES.values()) == len(CODES)


@pytest.mark.parametrize("code", sorted(CODES))
def test_before_anything_is_sent_a_code_tells_what_to_do(code: str) -> None:
    error = errors.refused(answer(code))
    assert (error.reaction, error.effect) == (MEANT[code], Effect.REFUSED)
    assert (error.code, error.message) == (code, "so it is")
    assert "o database was changed" in str(error) or "No upgrade was started" in str(error)


@pytest.mark.parametrize("code", sorted(CODES))
def test_of_an_upgrade_only_what_the_vendor_refuses_itself_is_refused(code: str) -> None:
    error = errors.refused(answer(code), unclear=UNCLEAR)
    if CODES[code] >= 500:
        assert (error.effect, error.sentence) == (Effect.UNCLEAR, UNCLEAR)
    else:
        assert (error.effect, error.reaction) == (Effect.REFUSED, MEANT[code])
    errors.doubt_rows(error)
    is_by_row = code.startswith("DBS.") and CODES[code] < 500
    assert (error.effect is Effect.IN_PART) == is_by_row
