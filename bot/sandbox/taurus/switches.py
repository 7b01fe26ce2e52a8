"""The table of switches: every failure of the cloud that can be turned on by name.

The page's panel and `--faults FILE` both read this table and nothing else.
"""

import json
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from bot.sandbox.taurus.errors import CODES, SHAPES
from bot.sandbox.taurus.switch import Switch, SwitchError, Value, choice, counter, toggle

SCOPES = (
    "any",
    "reads",
    "writes",
    "upgrades",
    "iam",
    "list_instances",
    "database_version",
    "immediate_jobs",
    "scheduled_jobs",
    "show_job",
)


SWITCHES: tuple[Switch, ...] = (
    choice("fault_scope", "Calls meant", "Which calls the counted faults below apply to.", *SCOPES),
    counter(
        "throttle_next",
        "Throttle the next calls",
        "That many calls get 429 APIGW.0308 (IAM: IAM.0012) without Retry-After.",
        "throttle",
    ),
    Switch(
        "throttle_next_retry_after",
        "Throttle the next calls, with Retry-After",
        "That many calls get 429 and a Retry-After header.",
        "number",
        0,
        fault="throttle",
        with_retry_after=True,
    ),
    Switch("retry_after_seconds", "Retry-After", "Seconds that the header asks for.", "number", 3),
    counter(
        "reads_fail_next",
        "Fail the next reads",
        "That many reads get the server error chosen below.",
        "error_before",
        scope="reads",
    ),
    counter(
        "upgrade_fails_before_next",
        "Fail the next upgrades, no effect",
        "That many upgrade requests get a server error and nothing is started.",
        "error_before",
        scope="upgrades",
    ),
    counter(
        "upgrade_fails_after_next",
        "Fail the next upgrades, after they took effect",
        "That many upgrade requests are carried out, yet answered with a server error.",
        "error_after",
        scope="upgrades",
    ),
    choice(
        "server_error_status",
        "Server error",
        "Status of the failures above.",
        *("500", "502", "503", "504"),
    ),
    counter(
        "cut_before_next",
        "Cut the next connections before effect",
        "The connection is closed after the request was read; nothing happened.",
        "cut_before",
    ),
    counter(
        "cut_after_next",
        "Cut the next connections after effect",
        "The request is carried out, then the connection is closed without an answer.",
        "cut_after",
    ),
    counter(
        "hang_before_next",
        "Let the next calls hang, no effect",
        "No answer ever comes, and nothing happened.",
        "hang_before",
    ),
    counter(
        "hang_after_next",
        "Let the next calls hang after effect",
        "The request is carried out, but no answer ever comes.",
        "hang_after",
    ),
    counter(
        "html_next",
        "HTML from a proxy",
        "That many calls get a 502 page of a proxy instead of the service.",
        "html_before",
    ),
    counter(
        "html_after_next",
        "HTML from a proxy after effect",
        "As above, but the service did its work behind the proxy.",
        "html_after",
    ),
    counter(
        "empty_next",
        "Empty answers",
        "That many calls take effect and get 200 with no body.",
        "empty",
    ),
    counter(
        "wrong_resp_next",
        "Wrong resp",
        'That many upgrades get 200 with "resp": "failed"; nothing tells whether they took effect.',
        "wrong_resp",
        scope="upgrades",
    ),
    Switch(
        "next_upgrade_error",
        "Refuse the next upgrade with",
        "An error code of the vendor's table.",
        "choice",
        "",
        ("", *CODES),
    ),
    Switch(
        "dropped_rows",
        "Rows silently dropped",
        "That many rows at the end of every batch are answered with success and forgotten.",
        "number",
        0,
    ),
    choice(
        "partial_rejection",
        "Partial rejection",
        "A bad row: off = the whole batch is refused; error = the good rows start and the answer is"
        " the bad row's error; success = the good rows start and the answer is success.",
        *("off", "error", "success"),
    ),
    choice(
        "never_starts",
        "Upgrades never start",
        "Accepted and then: no job = no trace of it; pending = a job that stays Pending.",
        *("off", "no job", "pending"),
    ),
    toggle("fails_half_way", "Upgrades fail half-way", "The job fails; the old kernel stays."),
    toggle(
        "fails_under_load",
        "Upgrades fail under load",
        "The job fails with the advice to reduce the service load.",
    ),
    toggle(
        "leaves_copy",
        "Upgrades leave a copy",
        "The job fails, the original is out of order, its data is in <name>_copy.",
    ),
    Switch(
        "jobs_late_seconds",
        "Jobs appear later by",
        "Seconds on top of the usual 2 to 5 until new tasks are shown.",
        "number",
        0,
    ),
    toggle("jobs_hidden", "Task lists stay empty", "Instant and scheduled tasks list nothing."),
    choice(
        "offset_reading",
        "Offset of instant tasks",
        "How /immediate-jobs reads `offset`: a record counted from 0, from 1, or a page number.",
        *("record from 0", "record from 1", "page"),
    ),
    Switch(
        "list_omits",
        "Instances missing from lists",
        "That many instances are counted in total_count but never listed.",
        "number",
        0,
    ),
    choice(
        "status_while_upgrading",
        "Status during an upgrade",
        "What v3.1 shows while an upgrade runs; the vendor does not document it.",
        *("normal", "upgrading"),
    ),
    choice(
        "delay_accepted",
        "Types of delay accepted",
        "The vendor's documents disagree about the type of `delay`.",
        *("both", "boolean", "string"),
    ),
    choice(
        "precheck",
        "Pre-check",
        "absent = this region does not have it (404 APIGW.0101); failing = it finds a problem.",
        *("passing", "failing", "absent"),
    ),
    Switch("precheck_seconds", "Pre-check takes", "Seconds until it has a result.", "number", 0),
    choice(
        "error_shape",
        "Shape of errors",
        "How the body of an error names code and message.",
        *SHAPES,
    ),
    Switch("slow_seconds", "Slow answers", "Seconds before every answer.", "number", 0),
    choice(
        "expire_tokens",
        "Expire all tokens now",
        "Tokens handed out so far stop working with this code; new ones work.",
        *("", "APIGW.0301", "APIGW.0307"),
    ),
    Switch(
        "token_lifetime_seconds",
        "Life of new tokens",
        "In seconds; 24 h by default.",
        "number",
        86400,
    ),
    toggle("iam_down", "IAM is down", "Every IAM call gets 503."),
    Switch(
        "clock_ahead_seconds",
        "The cloud's clock is ahead",
        "Seconds; more than 900 make signatures fail.",
        "number",
        0,
    ),
    Switch(
        "apply_upgrade",
        "Apply Upgrade in the console",
        "Name or id of an instance whose two-phase upgrade waits to be confirmed by a person.",
        "text",
        "",
    ),
)
BY_NAME: dict[str, Switch] = {switch.name: switch for switch in SWITCHES}
COUNTERS: tuple[Switch, ...] = tuple(switch for switch in SWITCHES if switch.fault)


def problems_in(wanted: Mapping[str, object]) -> list[str]:
    """Everything that is wrong with a table of switch names and values."""
    found = [_problem(name, value) for name, value in wanted.items()]
    return [problem for problem in found if problem]


def _problem(name: str, value: object) -> str:
    if name in BY_NAME:
        return BY_NAME[name].problem(value)
    near = get_close_matches(name, BY_NAME, n=1)
    return f"{name}: no such switch" + (f"; did you mean {near[0]}?" if near else "")


def read_faults(path: Path) -> dict[str, Value]:
    """Read a `--faults` file: TOML, or JSON by its ending, of switch names and values.

    Raises SwitchError naming every mistake, and OSError when the file cannot be read.
    """
    text = path.read_text(encoding="utf-8")
    try:
        wanted = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise SwitchError([f"{path.name}: {error}"]) from error
    if not isinstance(wanted, dict):
        raise SwitchError([f"{path.name}: a table of switch names and values is expected"])
    problems = problems_in(wanted)
    if problems:
        raise SwitchError(problems)
    return {name: BY_NAME[name].read(value) for name, value in wanted.items()}
