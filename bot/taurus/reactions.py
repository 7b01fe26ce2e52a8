"""What each error code of the vendor means for the databases, and what to do about it.

Sources: TaurusDB API docs, "Error Codes"; API Gateway docs, "Error Codes"; IAM API docs, "Error
Codes". The code tells, not the HTTP status: the same code is documented with different ones.
"""

from typing import NamedTuple

from bot.domain.errors import Reaction
from bot.domain.sentence import Sentence, say


class Row(NamedTuple):
    """Codes that mean the same to a person; `containing` narrows to messages with that text."""

    codes: str
    reaction: Reaction
    sentence: Sentence
    containing: str = ""


SERVER_TROUBLE = say(
    "The cloud has a problem of its own and did not do what was asked. No database was changed."
    " Try again in a few minutes; if it lasts, ask Huawei Cloud support."
)
THROTTLED = say(
    "The cloud limits how often it may be called and turned this call away. No database was"
    " changed. Try again in a minute."
)
LOGIN_REFUSED = say(
    "The cloud does not accept the bot's login. No database was changed. Whoever runs the bot"
    " has to check its credentials and that they belong to this region and project."
)
NOT_ALLOWED = say(
    "The bot's cloud user is not allowed to do this. No database was changed. An administrator"
    " of the cloud account has to grant it the permission to read and upgrade TaurusDB instances."
)
ACCOUNT_TROUBLE = say(
    "The bot's cloud user or its project is disabled or must not call this. No database was"
    " changed. An administrator of the cloud account has to look into it."
)
BUSY = say(
    "The instance is busy with another operation, or is faulty. No upgrade was started. Wait until"
    " the operation is over and ask again; if it lasts, look at the instance in the console."
)
NOT_FOUND = say(
    "The cloud does not know this instance or resource. No database was changed. It may have been"
    " deleted or be in another project: look with /taurus-fleet."
)
BAD_REQUEST = say(
    "The cloud found a mistake in the request and did nothing. No database was changed. Instances"
    " may have changed in the meantime: look with /taurus-fleet and ask anew."
)

ROWS = (
    Row(
        "DBS.200001 DBS.200004 DBS.200006 DBS.280001 DBS.280204 DBS.280439 DBS.290000 DBS.290001"
        " DBS.212019 IAM.0007 IAM.0011 IAM.0072 IAM.0073 IAM.1101 IAM.1102 IAM.1103",
        Reaction.FIX,
        BAD_REQUEST,
    ),
    Row(
        "DBS.280404",
        Reaction.FIX,
        say(
            "The cloud says that an instance id is malformed. No database was changed. An id is 32"
            " letters and digits and then in07: copy it from /taurus-fleet."
        ),
    ),
    Row(
        "DBS.200040 DBS.200041 DBS.200504 DBS.280238 DBS.05000001",
        Reaction.FIX,
        say(
            "The cloud says that a version in the request is wrong or not supported. No database"
            " was changed. Read the current kernels with /taurus-fleet and ask anew."
        ),
    ),
    Row(
        "DBS.05000008",
        Reaction.DONE,
        say(
            "The cloud says that the newest kernel runs already, so there is nothing to upgrade."
            " No database was changed. /taurus-fleet shows who is behind."
        ),
    ),
    Row(
        "DBS.05000009",
        Reaction.WAIT,
        say(
            "The instance's log is too far behind for an upgrade now. No upgrade was started. Try"
            " again when there is less load; if it lasts, ask Huawei Cloud support."
        ),
    ),
    Row(
        "DBS.05000012",
        Reaction.OPERATIONS,
        say(
            "This upgrade can only be done by Huawei Cloud's own people. No database was changed."
            " Open a ticket with Huawei Cloud support."
        ),
    ),
    Row(
        "DBS.200086 DBS.201014 DBS.280406",
        Reaction.WAIT,
        say(
            "The instance's type or status does not allow an upgrade now. No upgrade was started."
            " Wait until it is Available and ask again."
        ),
    ),
    Row(
        "DBS.280449",
        Reaction.OPERATIONS,
        say(
            "The instance is frozen, usually because of an unpaid bill. No database was changed."
            " Somebody has to unfreeze it in the console first."
        ),
    ),
    Row(
        "DBS.200316",
        Reaction.OPERATIONS,
        say(
            "The instance's storage is full. No upgrade was started. Somebody has to make room or"
            " enlarge it first."
        ),
    ),
    Row(
        "DBS.201205",
        Reaction.WAIT,
        say(
            "A backup of the instance is running. No upgrade was started. Ask again when the backup"
            " is over."
        ),
    ),
    Row(
        "DBS.200011 DBS.200019 DBS.200047 DBS.201015 DBS.201202 DBS.212006 DBS.212033 DBS.05000084",
        Reaction.WAIT,
        BUSY,
    ),
    Row(
        "DBS.200543",
        Reaction.WAIT,
        say(
            "The cloud does not show this task. New tasks appear after some seconds and old ones go"
            " after 30 days. No database was changed by asking; look again shortly."
        ),
    ),
    Row(
        "DBS.270024 DBS.200002 DBS.200013 DBS.200045 DBS.200408 DBS.200602 DBS.201028 DBS.290005"
        " DBS.290011 DBS.290013",
        Reaction.FIX,
        NOT_FOUND,
    ),
    Row(
        "DBS.200044 DBS.201003 DBS.280015",
        Reaction.DENY,
        say(
            "The cloud does not know the instance, or the bot's cloud user may not see it: it does"
            " not tell which. No database was changed. Check the project, then the permissions."
        ),
    ),
    Row(
        "DBS.200010 DBS.200604 APIGW.0302 APIGW.0304 APIGW.0306 IAM.0002 IAM.0003",
        Reaction.DENY,
        NOT_ALLOWED,
    ),
    Row(
        "APIGW.0301",
        Reaction.WAIT,
        say(
            "The bot's access key is locked for five minutes after too many wrong signatures. No"
            " database was changed. Wait, and check the secret key meanwhile."
        ),
        "reach the limit",
    ),
    Row(
        "APIGW.0301",
        Reaction.FIX,
        say(
            "The cloud does not accept the bot's signature: the access key or the secret key is"
            " wrong. No database was changed. Whoever runs the bot has to correct the keys; trying"
            " again with wrong ones locks the access key."
        ),
        "sign",
    ),
    Row(
        "APIGW.0301",
        Reaction.FIX,
        say(
            "The cloud does not know the bot's access key in this region. No database was changed."
            " Whoever runs the bot has to correct the keys or the region."
        ),
        "ak not exist",
    ),
    Row("APIGW.0301", Reaction.FIX, LOGIN_REFUSED, "not found"),
    Row("DBS.280056 APIGW.0301 APIGW.0307", Reaction.AUTHENTICATE, LOGIN_REFUSED),
    Row(
        "APIGW.0303 APIGW.0305",
        Reaction.FIX,
        say(
            "The cloud does not accept how the bot signs in. Most often this machine's clock is"
            " more than 15 minutes off. No database was changed. Whoever runs the bot has to check"
            " the clock, then the keys."
        ),
    ),
    Row("APIGW.0310 APIGW.0802 IAM.0080 IAM.0081 IAM.0082", Reaction.OPERATIONS, ACCOUNT_TROUBLE),
    Row(
        "APIGW.0101",
        Reaction.FIX,
        say(
            "This address of the cloud does not have the function asked for: the endpoint or the"
            " region is wrong. No database was changed. Whoever runs the bot has to correct it."
        ),
    ),
    Row("APIGW.0308 IAM.0012", Reaction.BACK_OFF, THROTTLED),
    Row(
        "APIGW.0202 APIGW.0203 APIGW.0601 APIGW.0606 APIGW.0608 APIGW.0610 APIGW.0613 DBS.108000"
        " DBS.108002 DBS.108005 DBS.200005 DBS.200208 DBS.05000000 DBS.213002 DBS.213004"
        " DBS.290006 DBS.290015 IAM.0006",
        Reaction.BACK_OFF,
        SERVER_TROUBLE,
    ),
    Row(
        "IAM.0061",
        Reaction.OPERATIONS,
        say(
            "The bot's cloud user is locked after too many wrong passwords. No database was"
            " changed. Wait for the lock to end, or have an administrator unlock the user."
        ),
    ),
    Row("IAM.0001 IAM.0063 IAM.0066 IAM.0067", Reaction.AUTHENTICATE, LOGIN_REFUSED),
    Row("IAM.0062", Reaction.FIX, LOGIN_REFUSED),
    Row(
        "IAM.1104 IAM.1105 IAM.1106 IAM.1107 IAM.1108",
        Reaction.AUTHENTICATE,
        say(
            "The bot's access key is unknown, inactive or expired. No database was changed. Whoever"
            " runs the bot has to give it a new key."
        ),
    ),
    Row("IAM.0004", Reaction.FIX, NOT_FOUND),
)

_BY_STATUS = {
    401: (Reaction.AUTHENTICATE, LOGIN_REFUSED),
    403: (Reaction.DENY, NOT_ALLOWED),
    404: (Reaction.FIX, NOT_FOUND),
    409: (Reaction.WAIT, BUSY),
    429: (Reaction.BACK_OFF, THROTTLED),
}
_BY_CODE: dict[str, list[Row]] = {}
for _row in ROWS:
    for _code in _row.codes.split():
        _BY_CODE.setdefault(_code, []).append(_row)

SERVER_FAILURES = frozenset(
    code for code, rows in _BY_CODE.items() if any(row.sentence is SERVER_TROUBLE for row in rows)
)
"""Codes that say what the cloud failed at, and not how far it had come by then."""

_FIRST_SERVER_ERROR = 500


def react(status: int, code: str, message: str) -> tuple[Reaction, Sentence]:
    """Tell what to do about an error answer; unknown codes are judged by the HTTP status."""
    for row in _BY_CODE.get(code, ()):
        if row.containing in message:
            return row.reaction, row.sentence
    if status >= _FIRST_SERVER_ERROR:
        return Reaction.BACK_OFF, SERVER_TROUBLE
    return _BY_STATUS.get(status, (Reaction.FIX, BAD_REQUEST))
