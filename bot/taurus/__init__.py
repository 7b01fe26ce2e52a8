"""The API client of TaurusDB and IAM, and the fleet that the services see."""

from bot.taurus.calls import Call, OnCall
from bot.taurus.config import AkSk, Limits, Password, TaurusConfig
from bot.taurus.fleet import TaurusFleet, shared_tls
from bot.taurus.regions import REGIONS, Endpoints, endpoints

__all__ = [
    "REGIONS",
    "AkSk",
    "Call",
    "Endpoints",
    "Limits",
    "OnCall",
    "Password",
    "TaurusConfig",
    "TaurusFleet",
    "endpoints",
    "shared_tls",
]
