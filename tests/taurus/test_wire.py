from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.errors import CloudError
from bot.domain.instance import Detail, Instance, JobState, PreCheck, Status, Version
from bot.domain.kernel import Kernel
from bot.taurus import AkSk, TaurusFleet, words
from tests.taurus.conftest import START, Opener
from tests.taurus.recorder import Recorder, Reply


@pytest.fixture
def fleet(recorder: Recorder, opener: Opener, key: AkSk) -> TaurusFleet:
    return opener(recorder.config(key))


STATUSES = {
    "normal": Status.NORMAL,
    "ACTIVE": Status.NORMAL,
    "NORMAL": Status.NORMAL,
    "abnormal": Status.ABNORMAL,
    "createfail": Status.ABNORMAL,
    "FAILED": Status.ABNORMAL,
    "CREATE_FAILED": Status.ABNORMAL,
    "STORAGE FULL": Status.ABNORMAL,
    "FROZEN": Status.FROZEN,
    "deleted": Status.DELETED,
    "creating": Status.BUSY,
    "BACKING UP": Status.BUSY,
    "MODIFYING": Status.BUSY,
    "something new": Status.BUSY,
    "": Status.BUSY,
}
STATES = {
    "Pending": JobState.PENDING,
    "Unauthorized": JobState.PENDING,
    "WAITING": JobState.PENDING,
    "Running": JobState.RUNNING,
    "Completed": JobState.COMPLETED,
    "SUCCESS": JobState.COMPLETED,
    "Failed": JobState.FAILED,
    "FAIL": JobState.FAILED,
    "Canceled": JobState.CANCELLED,
    "CANCELED": JobState.CANCELLED,
    "something new": JobState.RUNNING,
}
TIMES = {
    "2018-08-06T10:41:14+0800": datetime(2018, 8, 6, 2, 41, 14, tzinfo=UTC),
    "2018-08-20T02:33:49_0800": datetime(2018, 8, 19, 18, 33, 49, tzinfo=UTC),
    "2026-01-16T08:30:00.000000Z": datetime(2026, 1, 16, 8, 30, tzinfo=UTC),
    "2026-01-16T08:30:00": datetime(2026, 1, 16, 8, 30, tzinfo=UTC),
    1768465805000: datetime(2026, 1, 15, 8, 30, 5, tzinfo=UTC),
    "1768465805": datetime(2026, 1, 15, 8, 30, 5, tzinfo=UTC),
    "": None,
    None: None,
    "soon": None,
    10**30: None,
}


@pytest.mark.parametrize(("word", "meant"), STATUSES.items())
def test_every_word_for_a_status_is_understood(word: str, meant: Status) -> None:
    assert words.read_status(word) is meant


@pytest.mark.parametrize(("word", "meant"), STATES.items())
def test_every_word_for_a_state_is_understood(word: str, meant: JobState) -> None:
    assert words.read_state(word) is meant


@pytest.mark.parametrize(("written", "meant"), TIMES.items())
def test_every_way_to_write_a_time_is_understood(written: object, meant: datetime | None) -> None:
    assert words.read_time(written) == meant


def test_times_are_asked_for_in_utc() -> None:
    tokyo = START.astimezone(tz=None)
    assert words.write_time(tokyo) == "2026-01-15T08:30:00+0000"


async def test_an_instance_with_loose_types_is_read(fleet: TaurusFleet, recorder: Recorder) -> None:
    loose = {
        "id": "one",
        "name": None,
        "status": "normal",
        "port": 3306,
        "datastore": {"kernel_version": "nonsense"},
        "tags": [{"key": 1, "value": None}],
        "eos_tag": "true",
        "new field": {"a": [1]},
    }
    bare = {"id": "two", "datastore": None, "tags": None, "eos_tag": None}
    recorder.reply(Reply({"instances": [loose, bare]}), Reply({"instances": None}))
    assert await fleet.instances() == (
        Instance(
            id="one",
            name="one",
            status=Status.NORMAL,
            kernel=None,
            tags={"1": ""},
            end_of_service=True,
        ),
        Instance(id="two", name="two", status=Status.BUSY, kernel=None),
    )


async def test_a_list_without_a_total_is_walked_to_its_end(
    fleet: TaurusFleet, recorder: Recorder
) -> None:
    recorder.reply(Reply({"instances": [{"id": "one"}]}), Reply({"instances": []}))
    assert len(await fleet.instances()) == 1
    assert [seen.target.rpartition("=")[2] for seen in recorder.seen] == ["0", "1"]


async def test_a_cloud_that_repeats_one_page_for_ever_is_not_asked_for_ever(
    fleet: TaurusFleet, recorder: Recorder
) -> None:
    recorder.reply(Reply({"instances": [{"id": 1, "eos_tag": "maybe"}], "total_count": ""}))
    (found,) = await fleet.instances()
    assert (found.id, found.end_of_service) == ("1", False)
    assert len(recorder.seen) == 2


async def test_jobs_without_a_total_are_walked_to_their_end(
    fleet: TaurusFleet, recorder: Recorder
) -> None:
    recorder.reply(Reply({"jobs": [{"job_id": "j1", "created_time": ""}]}))
    (job,) = await fleet.jobs(START)
    assert (job.id, job.created_at, job.state) == ("j1", None, JobState.RUNNING)


async def test_jobs_from_before_are_dropped_even_if_the_cloud_lists_them(
    fleet: TaurusFleet, recorder: Recorder
) -> None:
    rows = [
        {"job_id": "old", "created_time": "2026-01-15T08:29:59+0000"},
        {"job_id": "new", "created_time": "2026-01-15T08:30:00+0000"},
    ]
    recorder.reply(Reply({"jobs": rows, "total_count": 2}))
    found = await fleet.jobs(START + timedelta(milliseconds=700))
    assert [job.id for job in found] == ["new"]


DETAILS: list[tuple[dict[str, Any], Detail]] = [
    ({"az_mode": "single", "node_count": 2}, Detail(id="i", zones=1, nodes=2)),
    ({"az_mode": "Multi", "node_count": "3"}, Detail(id="i", zones=2, nodes=3)),
    (
        {"nodes": [{"az_code": "a"}, {"az_code": "b"}], "maintenance_window": "18:00-22:00"},
        Detail(id="i", zones=2, nodes=2, window="18:00-22:00"),
    ),
    ({"nodes": [{"az_code": "a"}, {}], "proxies": [{}]}, Detail(id="i", nodes=2, proxies=1)),
    ({"node_count": "²"}, Detail(id="i")),
    ({"nodes": None, "proxies": None, "public_ips": ""}, Detail(id="i")),
]


@pytest.mark.parametrize(("body", "meant"), DETAILS)
async def test_details_are_read_from_what_there_is(
    body: dict[str, Any], meant: Detail, fleet: TaurusFleet, recorder: Recorder
) -> None:
    recorder.reply(Reply({"instances": [{"id": "i", **body}]}, status=201))
    assert await fleet.details(["i"]) == (meant,)


async def test_a_version_without_a_newest_one_has_nothing_newer(
    fleet: TaurusFleet, recorder: Recorder
) -> None:
    store = {"current_kernel_version": "2.0.1.1", "latest_kernel_version": ""}
    recorder.reply(Reply({"datastore": store, "upgrade_flag": None}))
    kernel = Kernel("2.0.1.1")
    assert await fleet.version("i") == Version(current=kernel, latest=kernel, upgradable=False)


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"datastore": {"current_kernel_version": "nonsense"}}),
        Reply({"datastore": None}),
        Reply([]),
        Reply(text="<html>welcome to the hotel</html>"),
        Reply(),
    ],
    ids=["no version", "null", "a list", "html", "empty"],
)
async def test_an_answer_that_is_none_is_told_as_unreadable(
    reply: Reply, fleet: TaurusFleet, recorder: Recorder
) -> None:
    recorder.reply(reply)
    with pytest.raises(CloudError, match="cannot read") as caught:
        await fleet.version("i")
    assert caught.value.message
    assert caught.value.status == 200
    assert caught.value.__cause__ is None


async def test_an_error_in_a_success_is_quoted(fleet: TaurusFleet, recorder: Recorder) -> None:
    recorder.reply(Reply({"error_code": "DBS.1", "error_msg": "no"}))
    with pytest.raises(CloudError) as caught:
        await fleet.version("i")
    assert (caught.value.code, caught.value.message) == ("DBS.1", "no")


async def test_a_precheck_without_a_result_is_looked_at_again(
    fleet: TaurusFleet, recorder: Recorder, opener: Opener
) -> None:
    started = Reply({"job_ids": ["j"]})
    failed = {
        "upgrade_precheck_result": "False",
        "upgrade_precheck_detail": [
            {"check_item": "Resource check", "check_description": "too small"},
            {"check_item": "Instance version check", "check_status": "passed"},
        ],
    }
    recorder.reply(started, Reply({}), Reply(failed))
    found = await fleet.prechecks([("i", "2.0.1.1")])
    assert found == {"i": PreCheck(passed=False, findings=("Resource check: too small",))}
    assert opener.clock.slept == [2]


async def test_nobody_waits_for_a_precheck_that_is_not_answered_well(
    fleet: TaurusFleet, recorder: Recorder
) -> None:
    recorder.reply(Reply(status=503))
    with pytest.raises(CloudError):
        await fleet.prechecks([("i", "2.0.1.1")])
    assert len(recorder.seen) == 1, "it is not worth asking again"


async def test_a_precheck_that_does_not_end_is_waited_for_in_vain(
    fleet: TaurusFleet, recorder: Recorder
) -> None:
    recorder.reply(Reply({"job_ids": None}), Reply({"upgrade_precheck_result": ""}))
    assert await fleet.prechecks([("i", "2.0.1.1")]) == {}
    assert len(recorder.seen) == 6


async def test_names_in_a_path_cannot_lead_elsewhere(
    fleet: TaurusFleet, recorder: Recorder
) -> None:
    recorder.reply(Reply(status=404))
    with pytest.raises(CloudError):
        await fleet.version("a/../b?c#d")
    assert "/instances/a%2F..%2Fb%3Fc%23d/database-version" in recorder.seen[0].target
