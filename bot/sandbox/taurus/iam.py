"""IAM: tokens by password and agency, temporary keys, the project lookup."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.taurus.calls import Answer, Call, Json
from bot.sandbox.taurus.cloud import Cloud, Operation
from bot.sandbox.taurus.errors import ServiceError
from bot.sandbox.taurus.identity import Token

IAM = frozenset[Any]({"iam"})
SHORTEST_KEY, LONGEST_KEY = 900, 86400
"""Seconds that a temporary access key may live (IAM API docs, securitytokens)."""


def create_token(cloud: Cloud, call: Call) -> Answer:
    """POST /v3/auth/tokens: 201, the token itself in the header X-Subject-Token."""
    auth = _object(call.json(), "auth")
    identity = _object(auth, "identity")
    method = _method(identity, "password", "assume_role")
    if method == "password":
        _check_password(cloud, call, identity)
    else:
        cloud.identity.admit(call)
        _check_agency(cloud, _object(identity, "assume_role"))
    for_project = _is_project_scope(cloud, auth.get("scope", {}))
    lifetime = timedelta(seconds=cloud.faults.number("token_lifetime_seconds"))
    value, token = cloud.identity.issue_token(call.now, lifetime, method, for_project=for_project)
    body = {"token": _token(cloud, token, catalog="nocatalog" not in call.query)}
    return Answer(201, body, {"X-Subject-Token": value})


def check_token(cloud: Cloud, call: Call) -> Answer:
    """GET or HEAD /v3/auth/tokens: what the token in X-Subject-Token is good for."""
    subject = call.headers.get("X-Subject-Token", "")
    try:
        token = cloud.identity.token(subject, call.now)
    except ServiceError as error:
        raise ServiceError("IAM.0004") from error
    return Answer(200, {"token": _token(cloud, token, catalog=True)}, {"X-Subject-Token": subject})


def list_projects(cloud: Cloud, call: Call) -> Answer:
    """GET /v3/projects?name=: the one project, if it has that name."""
    name = call.query.get("name", cloud.region)
    project = {
        "id": cloud.project_id,
        "name": cloud.region,
        "domain_id": cloud.domain_id,
        "parent_id": cloud.domain_id,
        "is_domain": False,
        "enabled": True,
        "description": "",
        "links": _links(f"/v3/projects/{cloud.project_id}"),
    }
    found = [project] if name == cloud.region else []
    return Answer(body={"links": _links("/v3/projects"), "projects": found})


def create_security_token(cloud: Cloud, call: Call) -> Answer:
    """POST /v3.0/OS-CREDENTIAL/securitytokens: a temporary key, by agency or by token."""
    identity = _object(_object(call.json(), "auth"), "identity")
    method = _method(identity, "assume_role", "token")
    details = identity.get(method, {})
    if method == "assume_role":
        cloud.identity.admit(call)
        _check_agency(cloud, details)
    else:
        cloud.identity.token(details.get("id", call.headers.get("X-Auth-Token", "")), call.now)
    seconds = details.get("duration_seconds", SHORTEST_KEY)
    if not isinstance(seconds, int) or not SHORTEST_KEY <= seconds <= LONGEST_KEY:
        raise ServiceError("IAM.0011")
    return Answer(201, {"credential": _temporary_key(cloud, call.now, seconds)})


def _temporary_key(cloud: Cloud, now: datetime, seconds: int) -> Json:
    expires_at = now + timedelta(seconds=seconds)
    access, key = cloud.identity.issue_key(expires_at)
    return {
        "access": access,
        "secret": key.secret,
        "securitytoken": key.security_token,
        "expires_at": _time(expires_at),
    }


def _object(fields: Mapping[str, Any], name: str) -> Json:
    value = fields.get(name)
    if not isinstance(value, dict):
        raise ServiceError("IAM.0011")
    return value


def _method(identity: Json, *known: str) -> str:
    methods = identity.get("methods")
    if not isinstance(methods, list) or len(methods) != 1 or methods[0] not in known:
        raise ServiceError("IAM.0011")
    return str(methods[0])


def _check_password(cloud: Cloud, call: Call, identity: Json) -> None:
    user = _object(_object(identity, "password"), "user")
    domain = _object(user, "domain").get("name", "")
    name, password = user.get("name", ""), user.get("password", "")
    cloud.identity.check_password(domain, name, password, call.now)


def _check_agency(cloud: Cloud, details: Json) -> None:
    if not (details.get("domain_name") or details.get("domain_id")):
        raise ServiceError("IAM.0011")
    if details.get("agency_name") != cloud.identity.credentials.agency:
        raise ServiceError("IAM.0004")


def _is_project_scope(cloud: Cloud, scope: Json) -> bool:
    if "project" not in scope:
        return False
    project = _object(scope, "project")
    if cloud.project_id != project.get("id") and cloud.region != project.get("name"):
        raise ServiceError("IAM.0004")
    return True


def _token(cloud: Cloud, token: Token, *, catalog: bool) -> Json:
    domain = {"id": cloud.domain_id, "name": cloud.identity.credentials.domain}
    name = cloud.identity.credentials.user
    user = {"id": cloud.domain_id[::-1], "name": name, "password_expires_at": "", "domain": domain}
    shown: Json = {
        "methods": [token.method],
        "issued_at": _time(token.issued_at),
        "expires_at": _time(token.expires_at),
        "roles": [{"id": "0", "name": "te_admin"}],
        "user": user,
        "catalog": [],
    }
    if token.method == "assume_role":
        shown["assumed_by"] = {"user": user}
    if token.for_project:
        shown["project"] = {"id": cloud.project_id, "name": cloud.region, "domain": domain}
    if catalog:
        shown["catalog"] = [
            {"id": "gaussdb", "name": "gaussdb", "type": "gaussdb", "endpoints": []}
        ]
    return shown


def _links(path: str) -> Json:
    return {"self": f"https://iam{path}", "previous": "", "next": ""}


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_TOKENS = "/v3/auth/tokens"
_KEYS = "/v3.0/OS-CREDENTIAL/securitytokens"
OPERATIONS = (
    # These two decide by the body what authentication they need.
    Operation("create_token", "POST", _TOKENS, create_token, IAM, is_open=True),
    Operation("create_security_token", "POST", _KEYS, create_security_token, IAM, is_open=True),
    Operation("check_token", "GET", _TOKENS, check_token, IAM),
    Operation("check_token", "HEAD", _TOKENS, check_token, IAM),
    Operation("list_projects", "GET", "/v3/projects", list_projects, IAM),
)
