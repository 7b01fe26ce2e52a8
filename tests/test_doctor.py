"""The check-up before the first upgrade: both simulators, a real store, nothing changed."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import real_now
from bot.doctor import as_json, as_lines, examine, is_healthy
from bot.domain.finding import Finding, Verdict
from bot.sandbox.world import World
from bot.slack.manifest import manifest
from bot.store import migrate
from commands import COMMANDS
from tests.postgres import Postgres, postgres
from tests.test_main import bot

__all__ = ["postgres"]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = await World.start(manifest(COMMANDS, mode="socket"), real_now, port=0)
    yield world
    await world.close()


@pytest.fixture
def environ(world: World, tmp_path: Path) -> dict[str, str]:
    url = f"sqlite:///{tmp_path}/bot.db"
    migrate(url)
    return {
        **world.environ(),
        "DATABASE_URL": url,
        "TAURUS_APPROVERS": "S0ONCALL,U0DANA",
        "SLACK_CONFIG_TOKEN": world.slack.config_token,
    }


async def look(environ: dict[str, str], world: World) -> list[Finding]:
    return await examine(environ, COMMANDS, clock=real_now, sleep=world.clock.sleep)


def of(findings: list[Finding], check: str) -> Finding:
    return next(one for one in findings if one.check == check)


async def test_a_good_install_is_healthy_and_left_as_it_is(
    environ: dict[str, str], world: World, tmp_path: Path
) -> None:
    before = (tmp_path / "bot.db").read_bytes()
    findings = await look(environ, world)
    assert is_healthy(findings), as_lines(findings)
    assert of(findings, "default: list").found.startswith("27 instances")
    assert of(findings, "default: right to upgrade").verdict is Verdict.OK
    assert of(findings, "slack: group S0ONCALL").found == "2 people"
    assert of(findings, "slack: manifest").verdict is Verdict.OK
    assert "slack: optional scopes" in {one.check for one in findings}
    assert (tmp_path / "bot.db").read_bytes() == before
    assert not world.slack.messages("C0DB")
    assert not [one for one in world.taurus.requests if one.operation == "batch_upgrade"]


async def test_every_line_has_its_remedy_and_no_secret(
    environ: dict[str, str], world: World
) -> None:
    wrong_key = "not-the-secret-key-of-anybody"
    findings = await look({**environ, "HUAWEICLOUD_SDK_SK": wrong_key}, world)
    assert not is_healthy(findings)
    assert all(one.remedy for one in findings if one.verdict is Verdict.WRONG)
    for shown in (as_lines(findings), as_json(findings)):
        assert wrong_key not in shown
        assert world.slack.bot_token not in shown
    assert json.loads(as_json(findings))["healthy"] is False


async def test_an_app_of_an_older_manifest_is_told_what_it_lacks(tmp_path: Path) -> None:
    old = manifest(COMMANDS[1:], mode="socket")
    old["oauth_config"]["scopes"]["bot"].remove("files:write")
    old["settings"]["event_subscriptions"]["bot_events"].remove("app_home_opened")
    world = await World.start(old, real_now, port=0)
    environ = {
        **world.environ(),
        "DATABASE_URL": f"sqlite:///{tmp_path}/none.db",
        "SLACK_CONFIG_TOKEN": world.slack.config_token,
    }
    findings = await look(environ, world)
    await world.close()
    found = of(findings, "slack: manifest")
    assert found.verdict is Verdict.WRONG
    for lacking in ("command /taurus-upgrade", "scope files:write", "event app_home_opened"):
        assert lacking in found.found
    assert of(findings, "slack: scopes").found == "missing: files:write"
    assert world.slack.config_token not in as_lines(findings)


async def test_without_a_configuration_token_the_manifest_is_left_to_people(
    environ: dict[str, str], world: World
) -> None:
    findings = await look({**environ, "SLACK_CONFIG_TOKEN": ""}, world)
    assert of(findings, "slack: manifest").verdict is Verdict.SKIPPED


async def test_missing_settings_are_all_named() -> None:
    findings = await examine({}, COMMANDS, clock=real_now, sleep=asyncio.sleep)
    assert {one.verdict for one in findings} == {Verdict.WRONG}
    assert "setting SLACK_BOT_TOKEN" in {one.check for one in findings}


async def test_a_revoked_token_is_told(environ: dict[str, str], world: World) -> None:
    world.slack.uninstall()
    findings = await look(environ, world)
    assert of(findings, "slack: bot token").found == "account_inactive"


async def test_a_token_of_nobody_opens_no_socket(environ: dict[str, str], world: World) -> None:
    findings = await look({**environ, "SLACK_APP_TOKEN": "xapp-1-A0-1-nobody"}, world)
    assert of(findings, "slack: app token").verdict is Verdict.WRONG


async def test_channels_and_people_that_are_not_there_are_told(
    environ: dict[str, str], world: World
) -> None:
    named = {"TAURUS_CHANNELS": "C0DB,C0NOPE", "TAURUS_REQUESTERS": "U0NOBODY,S0NONE"}
    findings = await look({**environ, **named}, world)
    assert of(findings, "slack: channel C0DB").verdict is Verdict.OK
    assert of(findings, "slack: channel C0NOPE").verdict is Verdict.WRONG
    assert of(findings, "slack: person U0NOBODY").verdict is Verdict.WRONG
    assert of(findings, "slack: group S0NONE").verdict is Verdict.WRONG


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [(timedelta(minutes=3), Verdict.MIND), (timedelta(hours=1), Verdict.WRONG)],
)
async def test_a_clock_that_is_off_is_told(
    environ: dict[str, str], world: World, ahead: timedelta, verdict: Verdict
) -> None:
    findings = await examine(
        environ, COMMANDS, clock=lambda: real_now() + ahead, sleep=world.clock.sleep
    )
    assert of(findings, "slack: clock").verdict is verdict


async def test_a_region_without_a_precheck_leaves_the_right_open(
    environ: dict[str, str], world: World
) -> None:
    world.taurus.switch("precheck", "absent")
    found = of(await look(environ, world), "default: right to upgrade")
    assert found.verdict is Verdict.SKIPPED
    assert "gaussdbformysql:instance:upgrade" in found.remedy


async def test_missing_rights_are_named(environ: dict[str, str], world: World) -> None:
    world.taurus.fail("list_instances", "refuse", code="DBS.200044", times=9)
    findings = await look(environ, world)
    assert of(findings, "default: read").verdict is Verdict.WRONG


async def test_a_store_that_is_not_there_or_not_migrated_is_told(
    environ: dict[str, str], world: World, tmp_path: Path
) -> None:
    for name, check, verdict in (
        ("new.db", "store", Verdict.SKIPPED),
        ("no/such/folder.db", "store", Verdict.WRONG),
    ):
        url = f"sqlite:///{tmp_path}/{name}"
        assert of(await look({**environ, "DATABASE_URL": url}, world), check).verdict is verdict
    (tmp_path / "empty.db").touch()
    url = f"sqlite:///{tmp_path}/empty.db"
    found = of(await look({**environ, "DATABASE_URL": url}, world), "store schema")
    assert found.remedy == "Run python -m bot migrate."


async def test_a_postgresql_is_checked_too(
    environ: dict[str, str], world: World, postgres: Postgres
) -> None:
    url = postgres.url(postgres.new_database())
    migrate(url)
    findings = await look({**environ, "DATABASE_URL": url}, world)
    assert of(findings, "store server").found.startswith("PostgreSQL ")
    assert of(findings, "store write").verdict is Verdict.OK


def test_the_verb_says_what_is_wrong_by_its_exit_code() -> None:
    done = bot("doctor", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["healthy"] is False
    assert bot("doctor").stdout.startswith("wrong ")


# --- each thing broken in turn ------------------------------------------------------------------

Break = Callable[[World, Path], dict[str, str]]
"""Breaks something, and returns the variables that go with it."""


def _in_the_world(deed: Callable[[World], object]) -> Break:
    def breaking(world: World, _folder: Path) -> dict[str, str]:
        deed(world)
        return {}

    return breaking


def _set(**variables: str) -> Break:
    return lambda _world, _folder: variables


def _store(deed: Callable[[Path], object]) -> Break:
    def breaking(_world: World, folder: Path) -> dict[str, str]:
        deed(folder / "bot.db")
        return {}

    return breaking


def _newer(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


def _policy(text: str) -> Break:
    def breaking(_world: World, folder: Path) -> dict[str, str]:
        (folder / "policy.toml").write_text(text.replace("FOLDER", str(folder)))
        return {"TAURUS_CONFIG": str(folder / "policy.toml"), **dict.fromkeys(RULES, "")}

    return breaking


RULES = ("TAURUS_NOTIFY", "TAURUS_APPROVERS", "TAURUS_REGION", "HUAWEICLOUD_SDK_PROJECT_ID")
NOWHERE = "http://127.0.0.1:9"
WRONG, MIND = Verdict.WRONG, Verdict.MIND
BROKEN: dict[str, tuple[Break, str, Verdict, str]] = {
    "bot token": (
        _in_the_world(lambda world: world.slack.uninstall()),
        "slack: bot token",
        WRONG,
        "Copy it again",
    ),
    "Slack": (_set(SLACK_API_URL=f"{NOWHERE}/api/"), "slack: bot token", WRONG, "Copy it again"),
    "app token": (
        _set(SLACK_APP_TOKEN="xapp-1-A0-1-nobody"),
        "slack: app token",
        WRONG,
        "connections:write",
    ),
    "configuration token": (
        _set(SLACK_CONFIG_TOKEN="xoxe.xoxp-1-old"),
        "slack: manifest",
        WRONG,
        "configuration token",
    ),
    "channel": (_set(TAURUS_CHANNELS="C0NOPE"), "slack: channel C0NOPE", WRONG, "/invite"),
    "person": (_set(TAURUS_REQUESTERS="U0NOBODY"), "slack: person U0NOBODY", WRONG, "Check the id"),
    "group": (_set(TAURUS_REQUESTERS="S0NONE"), "slack: group S0NONE", WRONG, "Check the id"),
    "empty group": (
        _in_the_world(lambda world: world.slack.regroup("S0ONCALL", ())),
        "slack: group S0ONCALL",
        WRONG,
        "Put people",
    ),
    "on call": (
        _set(
            TAURUS_APPROVERS="pagerduty:schedule:P0DBA",
            PAGERDUTY_TOKEN="x",
            PAGERDUTY_API_URL=NOWHERE,
        ),
        "on call: pagerduty:schedule:P0DBA",
        WRONG,
        "PAGERDUTY_TOKEN",
    ),
    "scope of addresses": (
        _set(
            TAURUS_APPROVERS="pagerduty:schedule:P0DBA",
            PAGERDUTY_TOKEN="x",
            PAGERDUTY_API_URL=NOWHERE,
        ),
        "slack: scopes",
        WRONG,
        "python -m bot manifest",
    ),
    "secret key": (_set(HUAWEICLOUD_SDK_SK="wrong"), "default: read", WRONG, ""),
    "project": (_set(HUAWEICLOUD_SDK_PROJECT_ID="0" * 32), "default: read", WRONG, ""),
    "endpoint": (_set(TAURUS_ENDPOINT=NOWHERE), "default: read", WRONG, "cannot be reached"),
    "IAM": (
        _set(TAURUS_IAM_ENDPOINT=NOWHERE, HUAWEICLOUD_SDK_PROJECT_ID=""),
        "default: sign in",
        WRONG,
        "cannot be reached",
    ),
    "right to list": (
        _in_the_world(
            lambda world: world.taurus.fail("list_instances", "refuse", code="DBS.200044", times=9)
        ),
        "default: read",
        WRONG,
        "gaussdbformysql:instance:list",
    ),
    "right to read": (
        _in_the_world(
            lambda world: world.taurus.fail(
                "database_version", "refuse", code="DBS.200044", times=9
            )
        ),
        "default: read",
        WRONG,
        "gaussdbformysql:instance:get",
    ),
    "right to upgrade": (
        _in_the_world(
            lambda world: world.taurus.fail("pre_check", "refuse", code="DBS.200044", times=9)
        ),
        "default: right to upgrade",
        WRONG,
        "gaussdbformysql:instance:upgrade",
    ),
    "the cloud's clock": (
        _in_the_world(lambda world: world.taurus.switch("clock_ahead_seconds", 120)),
        "default: clock",
        MIND,
        "NTP",
    ),
    "schema": (_store(_newer), "store schema", WRONG, "newer version"),
    "file for all": (_store(lambda file: file.chmod(0o644)), "store file", MIND, "chmod 600"),
    "no database": (
        _store(lambda file: file.write_text("this is no database")),
        "store",
        WRONG,
        "cannot run",
    ),
    "policy file": (
        _policy('[environments.prod]\nregion = "cn-north-4"\nchannels = ["nowhere"]\n'),
        "setting {folder}/policy.toml, line 3",
        WRONG,
        "look again",
    ),
    "signal": (
        _policy(
            '[environments.prod]\nregion = "cn-north-4"\n'
            '[[environments.prod.signals]]\nname = "health"\nurl = "http://127.0.0.1:9/"\n'
        ),
        "prod: signal health",
        MIND,
        "No wave",
    ),
    "calendar": (
        _policy(
            '[environments.prod]\nregion = "cn-north-4"\n'
            '[[calendars]]\nname = "sales"\npath = "FOLDER/none.ics"\n'
        ),
        "calendar sales",
        WRONG,
        "is an iCalendar",
    ),
    "settings": (_set(SLACK_BOT_TOKEN="xoxp-1"), "setting SLACK_BOT_TOKEN", WRONG, "look again"),
}


@pytest.mark.parametrize("broken", BROKEN)
async def test_what_is_broken_is_told_with_its_remedy(
    broken: str, environ: dict[str, str], world: World, tmp_path: Path
) -> None:
    breaking, check, verdict, remedy = BROKEN[broken]
    environ |= breaking(world, tmp_path)
    findings = await look(environ, world)
    found = of(findings, check.format(folder=tmp_path))
    assert found.verdict is verdict, as_lines(findings)
    assert found.remedy
    assert remedy in found.remedy
    assert is_healthy(findings) is (verdict is MIND), as_lines(findings)
