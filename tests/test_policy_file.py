"""The policy file: several environments, and every mistake at once with its line."""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.environment import MoreApprovals
from bot.domain.kernel import Path as UpgradePath
from bot.domain.signal import Query
from bot.domain.waves import WaveRules
from bot.domain.windows import span_at
from bot.settings import Settings, SettingsError, read_settings
from bot.settings.environment_tables import EnvironmentTable
from bot.settings.toml_lines import Lines
from tests.test_settings import REGIONS
from tests.workshop.checkout import ROOT
from tests.workshop.test_readme import README

SLACK = {"SLACK_BOT_TOKEN": "xoxb-secret", "SLACK_APP_TOKEN": "xapp-secret"}
KEYS = {
    "PROD_HUAWEICLOUD_SDK_AK": "prod-key",
    "PROD_HUAWEICLOUD_SDK_SK": "prod-secret",
    "HUAWEICLOUD_SDK_AK": "dev-key",
    "HUAWEICLOUD_SDK_SK": "dev-secret",
}
GOOD = """
[environments.prod]
region = "cn-north-4"
project_id = "p1"                # optional
credentials = "PROD_"
channels = ["C0PROD"]
requesters = ["S0DBA"]
approvers = ["S0ONCALL"]
approvals = 2
self_approval = false
protected = true
windows = ["Mon-Thu 22:00-04:00 Asia/Shanghai"]
notify = ["C0CHANGES", "tag:team=payments -> C0PAY"]
wave_size = 5
soak = "30m"
halt_after_failures = 1

[environments.dev]
region = "ap-southeast-1"
"""

Read = Callable[..., Settings]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def reading(text: str, **variables: str) -> Settings:
        file = tmp_path / "policy.toml"
        file.write_text(text)
        environ = {**SLACK, **KEYS, "TAURUS_CONFIG": str(file), **variables}
        return read_settings(environ, REGIONS)

    return reading


def mistakes(read: Read, text: str, **variables: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(text, **variables)
    return [one.split("policy.toml, ")[-1] for one in caught.value.problems]


def test_each_environment_has_its_own_rules_and_its_own_way_in(read: Read) -> None:
    settings = read(GOOD)
    prod, dev = settings.environments
    assert (prod.name, prod.channels, prod.approvers) == ("prod", ("C0PROD",), ("S0ONCALL",))
    assert (prod.approvals, prod.protected, prod.notify) == (2, True, ("C0CHANGES",))
    assert [str(one) for one in prod.subscriptions] == ["tag:team=payments -> C0PAY"]
    assert (prod.wave_size, prod.soak, prod.halt_after_failures) == (5, timedelta(minutes=30), 1)
    assert span_at(prod.windows, datetime(2026, 11, 24, 15, 0, tzinfo=UTC)) is not None
    assert span_at(prod.windows, datetime(2026, 11, 24, 12, 0, tzinfo=UTC)) is None
    assert (dev.name, dev.approvers, dev.windows) == ("dev", (), ())
    keys = {name: cloud.ak.get_secret_value() for name, cloud in settings.clouds.items()}
    assert keys == {"prod": "prod-key", "dev": "dev-key"}
    assert settings.clouds["prod"].project_id == "p1"
    assert settings.clouds["dev"].region == "ap-southeast-1"
    assert set(settings.secrets()) >= {"prod-secret", "dev-secret"}


def test_the_order_of_waves_and_the_brakes_are_read(read: Read) -> None:
    text = GOOD.replace(
        "halt_after_failures = 1",
        'rings = ["ring=canary", "env=dev"]\none_at_a_time = "service"\nslow_after = "1h"',
    )
    prod, dev = read(text).environments
    assert prod.wave_rules == WaveRules(rings=("ring=canary", "env=dev"), one_at_a_time="service")
    assert (prod.slow_after, dev.slow_after) == (timedelta(hours=1), None)
    assert dev.wave_rules == WaveRules()


@pytest.mark.parametrize("rings", ['"ring=canary"', '["canary"]', "[]", '["a=b", "a=b"]', "[1]"])
def test_rings_are_tags_each_named_once(read: Read, rings: str) -> None:
    (told,) = mistakes(read, GOOD.replace("halt_after_failures = 1", f"rings = {rings}"))
    assert told.startswith("line 16: environments.prod.rings: ")


def test_more_approvals_for_more_risk_are_read_and_have_to_be_possible(read: Read) -> None:
    phased = '{ path = "two_phase", approvals = 4 }'
    rules = f"more_approvals = [{{ instances = 20, approvals = 3 }}, {phased}]"
    prod, _ = read(GOOD.replace("halt_after_failures = 1", rules)).environments
    assert prod.more_approvals == (
        MoreApprovals(approvals=3, instances=20),
        MoreApprovals(approvals=4, path=UpgradePath.TWO_PHASE),
    )
    few = GOOD.replace("halt_after_failures = 1", rules).replace('"S0ONCALL"', '"U0BOB", "U0DANA"')
    assert mistakes(read, few) == [
        f"line 16: {needed} approvals cannot come from 2 approvers; lower it or add some"
        for needed in (3, 4)
    ]
    direct = rules.replace("two_phase", "direct")
    (told,) = mistakes(read, GOOD.replace("halt_after_failures = 1", direct))
    assert "more_approvals.1.path" in told


def test_every_mistake_is_told_at_once_with_its_line(read: Read) -> None:
    text = """
[environments.prod]
region = "cn-north-44"
approvals = "two"
aprovers = ["S0ONCALL"]
channels = ["#ops"]
notify = ["tag:team -> C0PAY"]
windows = ["Mon-Thu 22:00-04:00 Mars/Phobos"]
soak = "soon"
protected = 1

[enviroments.dev]
"""
    told = mistakes(read, text)
    assert [one.split(":")[0] for one in told] == [
        f"line {number}" for number in (6, 4, 10, 8, 7, 9, 5, 12)
    ]
    shown = "\n".join(told)
    for part in (
        "environments.prod.aprovers; did you mean approvers?",
        "'#ops' is not an id",
        "'tag:team -> C0PAY' is no subscription; write it like 'tag:team=payments -> C0123ABCD'",
        "'Mars/Phobos' is no time zone",
        'use a duration such as "10s"',
        "there is no enviroments; did you mean environments?",
    ):
        assert part in shown


def test_what_a_table_refers_to_has_to_be_there(read: Read) -> None:
    text = '[environments.prod]\nregion = "cn-north-44"\n\ncredentials = "PRD_"\n'
    told = mistakes(read, text)
    place, keys = told
    assert place.startswith("line 2: prod: TAURUS_REGION: is no known region; did you mean cn-nor")
    assert keys.startswith(
        "line 4: prod: PRD_HUAWEICLOUD_SDK_AK: set it with PRD_HUAWEICLOUD_SDK_SK"
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "line 1: environments: field required"),
        ("[environments]\n", "line 1: environments: dictionary should have at least 1 item"),
        ("[environments.Prod]\nregion = 'cn-north-4'\n", "line 1: 'Prod' is no name"),
        (
            "[environments.prod]\nregion = 'cn-north-4'\napprovals = 2\n",
            "line 3: approvals count only with approvers",
        ),
        (
            "[environments.prod]\nregion = 'cn-north-4'\napprovals = 2\napprovers = ['U0BOB']\n",
            "line 3: 2 approvals cannot come from 1 approvers",
        ),
        (
            "[environments.prod]\nregion = 'cn-north-4'\ndigest = 'Mon 09:00 UTC'\n",
            "line 3: nobody would read it",
        ),
        (
            (
                "[environments.prod]\nregion = 'cn-north-4'\ndigest = 'Mon 09:00 UTC'\n"
                "notify = ['tag:team=payments -> C0PAY']\n"
            ),
            "line 3: nobody would read it",
        ),
        (
            "[environments.prod]\nregion = 'cn-north-4'\ndigest = 'weekly'\n",
            "line 3: environments.prod.digest: 'weekly' is not understood",
        ),
        ("[environments.prod\n", "is no TOML"),
    ],
)
def test_a_file_that_makes_no_sense_is_told(read: Read, text: str, part: str) -> None:
    assert part in "\n".join(mistakes(read, text))


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read_settings({**SLACK, **KEYS, "TAURUS_CONFIG": "/no/such/file.toml"}, REGIONS)


def test_rules_are_said_in_one_place_only(read: Read) -> None:
    told = mistakes(read, GOOD, TAURUS_APPROVERS="S0DBA", TAURUS_APPROVALS="2")
    assert told == [
        "TAURUS_APPROVERS: the policy file (TAURUS_CONFIG) says this; unset it",
        "TAURUS_APPROVALS: the policy file (TAURUS_CONFIG) says this; unset it",
    ]


def test_lines_are_found_in_every_way_to_write_toml() -> None:
    lines = Lines(
        'a = 1\n"b c".d = 2\n# x = 3\n[t]\nlong = """\nno = 4\n"""\nlist = [\n  1,\n]\n'
        "[[many]]\nk = 1\n[[many]]\nk = 2\n[t.'u v']\nin = {x = 1}\n"
    )
    assert lines.of(("a",)) == 1
    assert lines.of(("b c", "d")) == 2
    assert lines.of(("x",)) == 1
    assert lines.of(("t", "long")) == 5
    assert lines.of(("t", "no")) == 4
    assert lines.of(("t", "list", 0)) == 8
    assert lines.of(("many", 1, "k")) == 14
    assert lines.of(("t", "u v", "in", "x")) == 16


def test_the_readme_shows_a_file_that_works_and_has_every_key(read: Read) -> None:
    shown = re.search(r"```toml\n(.*?)```", README.read_text(), re.DOTALL)
    assert shown is not None
    assert {one.name for one in read(shown[1], PAGERDUTY_TOKEN="key").environments} == {
        "prod",
        "staging",
    }
    assert [
        key
        for key in EnvironmentTable.model_fields
        if not re.search(rf"^{key} = ", shown[1], re.MULTILINE)
    ] == []


def test_signals_are_read_with_their_tokens_and_every_mistake_has_its_line(read: Read) -> None:
    signals = """
[[environments.dev.signals]]
name = "errors"
prometheus = "https://prometheus.example.com"
expr = "rate(errors[5m])"
above = 0.05
over = "10m"
token = "PROM_TOKEN"

[[environments.dev.signals]]
name = "health"
url = "https://orders.example.com/health?wave={wave}"
unreachable = "good"
"""
    settings = read(GOOD + signals, PROM_TOKEN="secret-prom")
    errors, health = settings.environments[1].signals
    assert isinstance(errors, Query)
    assert errors.token is not None
    assert errors.token.get_secret_value() == "secret-prom"
    assert health.unreachable == "good"
    assert "secret-prom" in settings.secrets()
    assert "secret-prom" not in repr(settings)
    start = GOOD.count("\n") + 2
    told = mistakes(read, GOOD + signals)
    assert told == [f"line {start + 6}: the variable PROM_TOKEN is not set"]
    bad = signals.replace("https://orders", "http://169.254.169.254/orders").replace("expr", "exp")
    shown = "\n".join(mistakes(read, GOOD + bad, PROM_TOKEN="x"))
    assert "signals.0.exp" in shown
    assert "use an address such as https://host/path" in shown


CALENDARS = """
[[calendars]]
name = "sales"
url = "FREEZES_URL"
token = "FREEZES_TOKEN"
zone = "Asia/Shanghai"
environments = ["prod"]

[[calendars]]
name = "holidays"
path = "/etc/holidays.ics"
unreachable = "open"
"""


def test_calendars_are_read_with_their_secrets_for_the_environments_that_they_name(
    read: Read,
) -> None:
    address = "https://calendar.example.com/private-s3cret/freezes.ics?key=1"
    settings = read(GOOD + CALENDARS, FREEZES_URL=address, FREEZES_TOKEN="t0ken")
    prod, dev = settings.environments
    sales, holidays = prod.calendars
    assert dev.calendars == (holidays,)
    assert sales.url is not None
    assert (sales.url.get_secret_value(), sales.zone) == (address, "Asia/Shanghai")
    assert (holidays.path, holidays.unreachable) == ("/etc/holidays.ics", "open")
    assert {address, "t0ken"} <= set(settings.secrets())
    assert "s3cret" not in repr(settings)


def test_every_mistake_of_a_calendar_has_its_line(read: Read) -> None:
    start = GOOD.count("\n") + 2
    told = mistakes(read, GOOD + CALENDARS, FREEZES_URL="http://169.254.169.254/x")
    assert told[0] == f"line {start + 3}: the variable FREEZES_TOKEN is not set"
    assert told[1].startswith(f"line {start + 2}: the variable FREEZES_URL holds no address; use")
    bad = CALENDARS.replace("FREEZES_URL", "http://calendar.example.com/x")
    bad = bad.replace("Asia/Shanghai", "Mars").replace('unreachable = "open"', 'unreachable = "?"')
    shown = "\n".join(mistakes(read, GOOD + bad))
    for line, part in (
        (2, "calendars.0.url: use an address"),
        (4, "'Mars' is no time zone"),
        (10, "calendars.1.unreachable: input should be 'closed' or 'open'"),
    ):
        assert re.search(rf"line {start + line}: .*{re.escape(part)}", shown), (line, part)
    twice = CALENDARS.replace("holidays", "sales").replace('["prod"]', '["prd"]')
    shown = "\n".join(mistakes(read, GOOD + twice, FREEZES_URL="https://x/y", FREEZES_TOKEN="t"))
    assert "there are two calendars called sales" in shown
    assert "there is no environment prd" in shown
    both = CALENDARS.replace("path =", 'url = "https://x/y"\npath =')
    assert "either url or path" in "\n".join(mistakes(read, GOOD + both))


def test_without_its_libraries_a_calendar_is_refused_at_start(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('[environments.dev]\n\n[[calendars]]\nname = "a"\npath = "/x.ics"\n')
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "line 3: calendars need the extra `calendar`: pip install 'icalendar>=7'" in told.stdout


WITHOUT = """
import sys
sys.modules["icalendar"] = None
from bot.settings import SettingsError, read_settings
try:
    read_settings({"TAURUS_CONFIG": sys.argv[1]})
except SettingsError as error:
    print(error)
"""
