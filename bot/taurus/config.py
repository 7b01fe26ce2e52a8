"""What the client needs to know, as the composition root hands it over."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from bot.domain.model import Frozen
from bot.taurus.regions import Endpoints, checked, endpoints


class AkSk(Frozen):
    """An access key that signs requests; `security_token` belongs to a temporary one."""

    ak: SecretStr
    sk: SecretStr
    security_token: SecretStr | None = None


class Password(Frozen):
    """An IAM user of an account (`domain`), who gets tokens.

    HUAWEI IDs cannot get tokens: it has to be an IAM user (IAM API docs).
    """

    user: str
    password: SecretStr
    domain: str


class Limits(Frozen):
    """How politely the cloud is treated.

    The vendor publishes no figures for TaurusDB. Sister services behind the same gateway limit
    writes to 10 a minute. Above 8 calls in flight the connection pool gets slower, not faster.
    """

    in_flight: int = Field(default=8, ge=1, le=8)
    reads_per_second: float = Field(default=5.0, gt=0)
    read_burst: int = Field(default=10, ge=1)
    between_writes: timedelta = timedelta(seconds=6)
    tries: int = Field(default=3, ge=1)
    """How often a call is made at most, where repeating it is harmless."""
    answer_within: timedelta = timedelta(seconds=30)
    """How long an answer is waited for, by this machine's own time."""


def _checked(url: str) -> str:
    return checked(url) if url else ""


Endpoint = Annotated[str, AfterValidator(_checked)]


class TaurusConfig(Frozen):
    """One project in one region and how to get in; raises ValueError for what cannot work."""

    credentials: AkSk | Password
    region: str = ""
    endpoint: Endpoint = ""
    """Scheme and host of TaurusDB; empty = from the region."""
    iam_endpoint: Endpoint = ""
    """Scheme and host of IAM; empty = from the region."""
    project_id: str | None = None
    """None = looked up at IAM by the region's name."""
    language: Literal["en-us", "zh-cn"] = "en-us"
    """Language of the vendor's messages."""
    delay_format: Literal["boolean", "string"] = "boolean"
    """The vendor's documents disagree on the type of `delay`."""
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if not self.region and not self.project_id:
            raise ValueError("a region or a project id is needed to know the project")
        _ = self.endpoints
        return self

    @property
    def endpoints(self) -> Endpoints:
        """Where TaurusDB and IAM are."""
        if self.endpoint and self.iam_endpoint:
            return Endpoints(self.endpoint, self.iam_endpoint)
        usual = endpoints(self.region)
        return Endpoints(self.endpoint or usual.service, self.iam_endpoint or usual.iam)
