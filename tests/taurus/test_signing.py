import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.taurus import AkSk
from bot.taurus.signing import AkSkAuth, canonical_request, encode_query, string_to_sign
from tests.taurus.conftest import START, HandClock

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "signing_vectors.json").read_text())
KEY = AkSk(ak=SecretStr(VECTORS["access_key"]), sk=SecretStr(VECTORS["secret_key"]))
DATE = START.strftime("%Y%m%dT%H%M%SZ")


class Credentials:
    ak = VECTORS["access_key"]
    sk = VECTORS["secret_key"]


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_.~-]{0,8}", fullmatch=True)
# Segments of dots only are resolved by every client before they are sent.
segments = words.filter(lambda word: word.strip("."))


def target_of(given_: dict[str, Any]) -> str:
    query = encode_query((name, str(value)) for name, value in given_["query"])
    return f"{given_['path']}?{query}" if query else str(given_["path"])


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_recorded_requests_are_signed_as_the_vendor_signs_them(vector: dict[str, Any]) -> None:
    given_, expected = vector["input"], vector["expected"]
    target = target_of(given_)
    assert target == expected["wire_request_target"]
    canonical, signed = canonical_request(
        given_["method"], target, given_["headers"], given_["body"].encode()
    )
    assert canonical == expected["canonical_request"]
    assert signed.split(";") == expected["signed_headers"]
    date = given_["headers"]["X-Sdk-Date"]
    assert string_to_sign(canonical, date) == expected["string_to_sign"]


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_recorded_requests_get_the_recorded_signature(vector: dict[str, Any]) -> None:
    given_ = vector["input"]
    headers = dict(given_["headers"])
    token = headers.pop("X-Security-Token", None)
    key = KEY.model_copy(update={"security_token": SecretStr(token) if token else None})
    request = httpx.Request(
        given_["method"],
        f"https://{headers['Host']}{target_of(given_)}",
        headers=headers,
        content=given_["body"].encode(),
    )
    signed = next(AkSkAuth(key, HandClock()).auth_flow(request))
    assert signed.url.raw_path.decode() == vector["expected"]["wire_request_target"]
    assert signed.headers["X-Sdk-Date"] == given_["headers"]["X-Sdk-Date"]
    assert signed.headers["Authorization"] == vector["expected"]["authorization"]


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    parts=st.lists(segments, min_size=1, max_size=4),
    query=st.lists(st.tuples(names, words), max_size=5),
    project=names,
    language=st.none() | st.sampled_from(["en-us", "zh-cn"]),
    body=st.binary(max_size=40),
)
def test_random_requests_are_signed_as_the_vendors_signer_does(
    method: str,
    parts: list[str],
    query: list[tuple[str, str]],
    project: str,
    language: str | None,
    body: bytes,
) -> None:
    path = "".join(f"/{quote(part, safe='')}" for part in parts)
    encoded = encode_query(query)
    headers = {
        "Host": "gaussdb.cn-north-4.myhuaweicloud.com",
        "Content-Type": "application/json;charset=utf-8",
        "User-Agent": "somebody",
        "X-Project-Id": project,
        **({"X-Language": language} if language else {}),
    }
    url = f"https://{headers['Host']}{path}" + (f"?{encoded}" if encoded else "")
    request = httpx.Request(method, url, headers=headers, content=body)
    ours = next(AkSkAuth(KEY, HandClock()).auth_flow(request))
    theirs = signed_by_vendor(method, path, query, headers, body)
    assert ours.url.raw_path.decode() == theirs.uri
    assert ours.headers["Authorization"] == theirs.header_params["Authorization"]


def signed_by_vendor(
    method: str, path: str, query: list[tuple[str, str]], headers: dict[str, str], body: bytes
) -> SdkRequest:
    request = SdkRequest(
        method=method,
        schema="https",
        host=headers["Host"],
        resource_path=path,
        uri=path,
        query_params=list(query),
        header_params={**headers, "X-Sdk-Date": DATE},
        body=body,
    )
    return Signer(Credentials()).sign(request)


@given(query=st.lists(st.tuples(names, words), min_size=1, max_size=5))
def test_what_is_signed_is_what_is_sent(query: list[tuple[str, str]]) -> None:
    encoded = encode_query(query)
    url = httpx.URL(f"https://cloud.example/v3/p/instances?{encoded}")
    assert url.raw_path.decode() == f"/v3/p/instances?{encoded}"


def test_headers_that_proxies_change_are_not_signed() -> None:
    request = httpx.Request("GET", "https://cloud.example/", headers={"Via": "1.1 proxy"})
    signed = next(AkSkAuth(KEY, HandClock()).auth_flow(request))
    assert "SignedHeaders=host;x-sdk-date," in signed.headers["Authorization"]
