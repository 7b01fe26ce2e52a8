"""How one environment's databases are reached: region, endpoints, project and credentials."""

from collections.abc import Collection
from dataclasses import dataclass

from pydantic import SecretStr

from bot.domain.arguments import did_you_mean
from bot.domain.model import Frozen
from bot.settings.reading import Reading
from bot.settings.variables import ENDPOINTS, KEYS, PROJECT, TOKEN, USER


class Cloud(Frozen):
    """One project of TaurusDB, and the way in: signing keys or an IAM user."""

    region: str
    endpoint: str
    iam_endpoint: str
    project_id: str
    ak: SecretStr
    sk: SecretStr
    security_token: SecretStr
    iam_user: str
    iam_password: SecretStr
    iam_domain: str


@dataclass(frozen=True)
class Wanted:
    """Which cloud is meant: what a policy file says of it, all empty without one."""

    region: str = ""
    project_id: str = ""
    prefix: str = ""
    """Of the credential variables: `PROD_` for `PROD_HUAWEICLOUD_SDK_AK`."""


def read_cloud(reading: Reading, regions: Collection[str], wanted: Wanted) -> Cloud:
    """Read and check one cloud; mistakes go to `reading`.

    Endpoints that are set hold for every environment, as they do for the vendor's SDK.
    """
    prefix = wanted.prefix
    region = wanted.region or reading.text("TAURUS_REGION")
    project = wanted.project_id or reading.text(prefix + PROJECT)
    _check_place(reading, regions, region, project)
    _check_credentials(reading, prefix)
    return Cloud(
        region=region,
        endpoint=reading.url("TAURUS_ENDPOINT", bare=True),
        iam_endpoint=reading.url("TAURUS_IAM_ENDPOINT", bare=True),
        project_id=project,
        ak=reading.secret(prefix + "HUAWEICLOUD_SDK_AK"),
        sk=reading.secret(prefix + "HUAWEICLOUD_SDK_SK"),
        security_token=reading.secret(prefix + TOKEN),
        iam_user=reading.text(prefix + "TAURUS_IAM_USER"),
        iam_password=reading.secret(prefix + "TAURUS_IAM_PASSWORD"),
        iam_domain=reading.text(prefix + "TAURUS_IAM_DOMAIN"),
    )


def _check_place(reading: Reading, regions: Collection[str], region: str, project: str) -> None:
    if all(map(reading.has, ENDPOINTS)):
        if not (region or project):
            reading.wrong(PROJECT, "set it, or TAURUS_REGION to look it up")
        return
    if not region:
        reading.wrong("TAURUS_REGION", f"set the region, or both {' and '.join(ENDPOINTS)}")
    elif regions and region not in regions:
        close = did_you_mean(region, sorted(regions))
        hint = f"did you mean {close}?" if close else f"known are {', '.join(sorted(regions))}."
        reading.wrong(
            "TAURUS_REGION",
            f"is no known region; {hint} For another one set both {' and '.join(ENDPOINTS)}",
        )


def _check_credentials(reading: Reading, prefix: str) -> None:
    all_keys, all_user = [prefix + one for one in KEYS], [prefix + one for one in USER]
    keys = [*filter(reading.has, (*all_keys, prefix + TOKEN))]
    user = [*filter(reading.has, all_user)]
    if keys and user:
        reading.wrong(keys[0], f"there are two ways in; unset it or {', '.join(user)}")
    elif not keys and not user:
        reading.wrong(all_keys[0], f"set it with {all_keys[1]}, or set {', '.join(all_user)}")
    for name in all_keys if keys else all_user if user else ():
        if not reading.has(name):
            beside = ", ".join(other for other in (keys or user) if other != name)
            reading.wrong(name, f"is missing beside {beside}")
