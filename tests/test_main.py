"""The command line as a person uses it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from bot.__main__ import main

Capture = pytest.CaptureFixture[str]
ROOT = Path(__file__).parents[1]


def bot(*words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    keep = {name: value for name, value in os.environ.items() if name.startswith(("PATH", "COV"))}
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=ROOT,
        env={**keep, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_wrong_settings_are_exit_2_without_a_traceback() -> None:
    done = bot("run")
    assert done.returncode == 2
    assert "SLACK_BOT_TOKEN" in done.stderr
    assert "TAURUS_REGION" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_usage_is_exit_2() -> None:
    assert bot("fly").returncode == 2
    assert "use a time such as 2026-11-01" in bot("audit", "export", "--since", "x").stderr


def test_mistakes_of_the_sandboxs_line_are_told_at_once(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text('iam_dwn = true\nreads_fail_next = "x"\n')
    words = ("--port", "99999", "--fleet", "0", "--speed", "fast", "--faults", str(faults))
    done = bot("sandbox", "--no-browser", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "--port: use a number from 0 to 65535, not '99999'",
        "--fleet: use a number from 1 to 5000, not '0'",
        "--speed: use a number from 0.01 to 100000, not 'fast'",
        f"--faults {faults}: iam_dwn: no such switch; did you mean iam_down?",
        f"--faults {faults}: reads_fail_next: 'x' is not a number of 0 or more",
    ]


@pytest.mark.parametrize("words", [(), ("run",), ("sandbox",), ("audit", "export"), ("policy",)])
def test_every_verb_says_how_it_is_used(words: tuple[str, ...], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as left:
        main([*words, "--help"])
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith(" ".join(("usage: python -m bot", *words)))


def test_the_manifest_names_the_commands() -> None:
    made = json.loads(bot("manifest").stdout)
    names = [command["command"] for command in made["features"]["slash_commands"]]
    assert "/taurus-upgrade" in names


def test_the_manifest_speaks_the_language_of_the_bot() -> None:
    made = json.loads(bot("manifest", TAURUS_LANGUAGE="zh-cn").stdout)
    assert "升级数据库" in [one["name"] for one in made["features"]["shortcuts"]]
    wrong = bot("manifest", TAURUS_LANGUAGE="klingon")
    assert (wrong.returncode, "TAURUS_LANGUAGE" in wrong.stderr) == (2, True)


def test_the_manifest_of_http_mode_needs_an_address_that_slack_can_reach() -> None:
    made = json.loads(bot("manifest", "--request-url", "https://bot.example/slack/events").stdout)
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["interactivity"]["request_url"] == "https://bot.example/slack/events"
    refused = bot("manifest", "--request-url", "http://bot.example/slack/events")
    assert refused.returncode == 2
    assert "https://" in refused.stderr


def test_an_unknown_region_is_told_before_anything_starts() -> None:
    done = bot("run", TAURUS_REGION="cn-nort-4")
    assert done.returncode == 2
    assert "did you mean cn-north-4?" in done.stderr


def test_the_record_can_be_migrated_verified_and_exported(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bot.db"
    early = bot("audit", "verify", DATABASE_URL=url)
    assert (early.returncode, early.stderr.count("There is no database")) == (2, 1)
    assert bot("migrate", DATABASE_URL=url).returncode == 0
    assert bot("audit", "verify", DATABASE_URL=url).returncode == 0
    assert bot("audit", "export", "--since", "2026-11-01", DATABASE_URL=url).stdout == ""
    assert bot("audit", "export", "--format", "csv", DATABASE_URL=url).stdout.startswith("seq,")


def test_rules_with_mistakes_are_exit_2_in_the_sandbox_too(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(SANDBOX_POLICY.replace("approvers", "aprovers"))
    mistaken = bot(
        "sandbox", "--no-browser", "--port", "0", TAURUS_CONFIG=f"{tmp_path}/policy.toml"
    )
    assert mistaken.returncode == 2
    assert "line 6: there is no environments.prod.aprovers" in mistaken.stderr


SANDBOX_POLICY = """
[environments.prod]
region = "cn-south-1"
project_id = "0483b6b16e954cb88930a360d2c4e663"
credentials = "PROD_"
approvers = ["S0ONCALL"]
protected = true
"""


def test_the_sandbox_prints_its_page_keeps_to_the_policy_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(SANDBOX_POLICY)
    told = {"TAURUS_LANGUAGE": "zh-cn", "TAURUS_CONFIG": f"{tmp_path}/policy.toml"}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "sandbox", "--no-browser", "--port", "0", "--fleet", "5"],
        cwd=ROOT,
        env={**os.environ, **told},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process:
        _open, address, *_, example = process.stdout.readline().split()
        assert example == "orders-prod-0001"
        assert address.startswith("http://127.0.0.1:")
        page = httpx.Client(base_url=f"{address}/page/", trust_env=False, timeout=30)
        switches = {one["name"]: one["value"] for one in page.get("faults").json()["bot"]}
        assert switches["language"] == "zh-cn"
        assert "approvers" not in switches, "the policy says it"
        line = {"user": "U0ANN", "channel": "C0DB", "text": f"/taurus-upgrade {example}"}
        page.post("command", json=line)
        until = time.monotonic() + 45
        while "CHG-1" not in (seen := page.get("state").text):
            assert time.monotonic() < until, seen
        assert "typed-CHG-1" in seen, "whoever approves types the name"
        page.close()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0


POLICY = """
[environments.prod]
region = "cn-north-4"
credentials = "PROD_"
channels = ["C0PROD"]
requesters = ["S0DBA"]
approvers = ["U0BOB"]
"""


def explained(folder: Path, *words: str, text: str = POLICY) -> "subprocess.CompletedProcess[str]":
    file = folder / "policy.toml"
    file.write_text(text)
    return bot("policy", "explain", *words, TAURUS_CONFIG=str(file))


def test_the_policy_is_explained_without_slack_or_credentials(tmp_path: Path) -> None:
    words = ("--user", "U0BOB", "--env", "prod", "--action", "approve")
    allowed = explained(tmp_path, *words)
    assert allowed.returncode == 0
    assert allowed.stdout.startswith("decision: allowed\nreason: allowed\n")
    elsewhere = explained(tmp_path, *words, "--channel", "C0ELSE")
    assert elsewhere.returncode == 1
    assert "reason: wrong_channel" in elsewhere.stdout
    words = ("--user", "U0BOB", "--env", "prod", "--action", "request")
    refused = explained(tmp_path, *words)
    assert refused.returncode == 1
    assert "decision: refused\nreason: not_requester\n" in refused.stdout
    assert "Only Slack knows" in refused.stdout
    assert explained(tmp_path, *words, "--member-of", "S0DBA").returncode == 0


ASKED = {
    "request U0BOB S0DBA": (0, "allowed"),
    "request U0BOB": (1, "not_requester"),
    "approve U0BOB": (0, "allowed"),
    "approve U0EVE": (1, "not_approver"),
    "cancel U0BOB": (0, "allowed"),
    "cancel U0EVE": (1, "not_involved"),
    "halt U0EVE S0DBA": (0, "allowed"),
    "halt U0EVE": (1, "not_involved"),
    "resume U0BOB": (0, "allowed"),
    "resume U0EVE S0DBA": (1, "not_approver"),
    "override U0EVE S0DBA": (0, "allowed"),
    "override U0EVE": (1, "not_requester"),
    "shout U0BOB": (2, ""),
}
SCRIPT = """
import sys
from bot.__main__ import main
for line in sys.stdin:
    action, user, *groups = line.split()
    supposed = [word for group in groups for word in ("--member-of", group)]
    asked = ["--user", user, "--env", "prod", "--action", action, *supposed]
    try:
        print("exit:", main(["policy", "explain", *asked]))
    except SystemExit as left:
        print("exit:", left.code)
"""


def test_every_action_is_explained_by_its_exit_code(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(POLICY)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "TAURUS_CONFIG": str(file)},
        input="\n".join(ASKED),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answers = done.stdout.split("exit: ")
    codes = [int(one.split()[0]) for one in answers[1:]]
    reasons = [one.partition("reason: ")[2].split("\n")[0] for one in answers[:-1]]
    found = dict(zip(ASKED, zip(codes, reasons, strict=True), strict=True))
    assert found == ASKED


def test_a_policy_with_mistakes_is_exit_2(tmp_path: Path) -> None:
    words = ("--user", "U0BOB", "--env", "prod", "--action", "halt")
    mistaken = explained(tmp_path, *words, text=POLICY.replace("approvers", "aprovers"))
    assert mistaken.returncode == 2
    assert "line 7: there is no environments.prod.aprovers" in mistaken.stderr
    unknown = explained(tmp_path, "--user", "U", "--env", "x", "--action", "halt")
    assert unknown.returncode == 2
    assert "there are: prod" in unknown.stderr


def test_the_variables_alone_are_a_policy_too() -> None:
    words = ("policy", "explain", "--user", "U0ANN", "--env", "default", "--action", "approve")
    assert bot(*words).returncode == 0
    assert bot(*words, TAURUS_APPROVERS="U0BOB").returncode == 1
    assert bot(*words, TAURUS_APPROVALS="2").returncode == 2


def test_the_manifest_asks_for_addresses_where_on_call_schedules_name_approvers() -> None:
    plain = json.loads(bot("manifest").stdout)
    found = json.loads(bot("manifest", TAURUS_APPROVERS="pagerduty:schedule:P0DBA").stdout)
    scope = "users:read.email"
    assert scope not in plain["oauth_config"]["scopes"]["bot"]
    assert scope in found["oauth_config"]["scopes"]["bot"]


def _program(body: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import bot.__main__ as program\n{body}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_what_nobody_expected_ends_with_a_masked_line_in_the_log() -> None:
    broken = (
        "def broken(_): raise RuntimeError('password=hunter2-hunter2')\n"
        "program._migrate = broken\n"
        "raise SystemExit(program.main(['migrate']))"
    )
    done = _program(broken)
    assert done.returncode == 1
    assert json.loads(done.stderr)["event"] == "a mistake of this program has ended it"
    assert "hunter2" not in done.stdout + done.stderr


def test_a_crash_leaves_no_core_with_secrets_in_it() -> None:
    resource = pytest.importorskip("resource")
    shown = _program("program._leave_no_core()\nimport resource\nprint(resource.getrlimit(4)[0])")
    assert resource.RLIMIT_CORE == 4
    assert shown.stdout.strip() == "0"
