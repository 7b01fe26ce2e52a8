import pytest
from pydantic import SecretStr, ValidationError

from bot.taurus import AkSk, Password, TaurusConfig, endpoints
from bot.taurus.fleet import open_http
from bot.taurus.regions import checked

KEY = AkSk(ak=SecretStr("ak"), sk=SecretStr("sk"))


def test_endpoints_come_from_the_region() -> None:
    assert endpoints("cn-north-4").service == "https://gaussdb.cn-north-4.myhuaweicloud.com"
    assert endpoints("af-south-1") == (
        "https://gaussdb-mysql.af-south-1.myhuaweicloud.com",
        "https://iam.af-south-1.myhuaweicloud.com",
    )
    assert endpoints("me-east-1").service.startswith("https://gaussdbformysql.me-east-1.")
    config = TaurusConfig(credentials=KEY, region="cn-north-4")
    assert config.endpoints == endpoints("cn-north-4")


def test_an_unknown_region_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'moon'.*af-south-1.*tr-west-1.*TAURUS_ENDPOINT"):
        endpoints("moon")


def test_an_unknown_region_is_fine_with_both_endpoints() -> None:
    service, iam = "https://gaussdb-mysql.eu-de.otc.t-systems.com", "https://iam.example"
    config = TaurusConfig(credentials=KEY, region="eu-de", endpoint=service, iam_endpoint=iam)
    assert config.endpoints == (service, iam)


def test_one_endpoint_can_be_given_alone() -> None:
    config = TaurusConfig(credentials=KEY, region="cn-north-4", endpoint="https://own.example/")
    assert config.endpoints == ("https://own.example", "https://iam.cn-north-4.myhuaweicloud.com")


@pytest.mark.parametrize(
    "fields",
    [
        {"region": "moon"},
        {"endpoint": "https://a", "iam_endpoint": "https://b"},
        {"region": "cn-north-4", "endpoint": "http://a"},
        {"region": "cn-north-4", "language": "de"},
    ],
    ids=["unknown region", "no project", "plain http", "unknown language"],
)
def test_what_cannot_work_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TaurusConfig.model_validate({"credentials": KEY, **fields})


@pytest.mark.parametrize(
    "url",
    [
        "https://gaussdb.cn-north-4.myhuaweicloud.com",
        "https://10.0.0.8:8443",
        "http://127.0.0.1:8766",
        "http://localhost:8766",
        "http://[::1]:8766",
    ],
)
def test_a_usable_endpoint_is_kept(url: str) -> None:
    assert checked(url) == url
    assert checked(f"{url}/") == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://gaussdb.cn-north-4.myhuaweicloud.com", "must begin with https"),
        ("http://10.0.0.8", "must begin with https"),
        ("http://localhost.example", "must begin with https"),
        ("http://127.0.0.1.example", "must begin with https"),
        ("https://169.254.169.254", "no cloud service"),
        ("http://169.254.169.254", "no cloud service"),
        ("https://[fe80::1]", "no cloud service"),
        ("https://[::ffff:169.254.169.254]", "no cloud service"),
        ("https://0.0.0.0", "no cloud service"),
        ("https://224.0.0.1", "no cloud service"),
        ("gaussdb.cn-north-4.myhuaweicloud.com", "https://host"),
        ("ftp://host", "https://host"),
        ("https://", "https://host"),
        ("https://host:99999", "not an address"),
        ("https://[", "not an address"),
        ("https://host/v3", "end after the host"),
        ("https://host?x=1", "end after the host"),
    ],
)
def test_an_endpoint_that_must_not_get_credentials_is_refused(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        checked(url)


def test_a_password_in_an_endpoint_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="user name or a password") as caught:
        checked("https://me:hunter2@host")
    assert "hunter2" not in str(caught.value)


async def test_the_pool_is_as_patient_as_agreed_and_ignores_the_environment() -> None:
    http = open_http(TaurusConfig(credentials=KEY, region="cn-north-4"))
    try:
        patience = http.timeout
        assert (patience.connect, patience.read, patience.write, patience.pool) == (5, 30, 10, 5)
        assert (http.follow_redirects, http.trust_env) == (False, False)
    finally:
        await http.aclose()


def test_secrets_stay_out_of_what_is_printed() -> None:
    user = Password(user="bot", password=SecretStr("hunter2"), domain="acme")
    key = AkSk(
        ak=SecretStr("hunter2"), sk=SecretStr("hunter2"), security_token=SecretStr("hunter2")
    )
    for credentials in (user, key):
        config = TaurusConfig(credentials=credentials, region="cn-north-4")
        assert "hunter2" not in f"{config!r} {config} {config.model_dump_json()}"
