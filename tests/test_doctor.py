"""The check-up before the first upgrade: both simulators, a real store, nothing changed."""

import asyncio
import json
from collections.abc import AsyncIterator
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
    return {**world.environ(), "DATABASE_URL": url, "TAURUS_APPROVERS": "S0ONCALL,U0DANA"}


async def look(environ: dict[str, str], world: World) -> list[Finding]:
    return await examine(environ, clock=real_now, sleep=world.clock.sleep)


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


async def test_missing_settings_are_all_named() -> None:
    findings = await examine({}, clock=real_now, sleep=asyncio.sleep)
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
    findings = await examine(environ, clock=lambda: real_now() + ahead, sleep=world.clock.sleep)
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
