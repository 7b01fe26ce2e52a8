"""What happened to a change, as a message and as a file for whoever asks."""

from pathlib import Path

from tests.dialogues.stage import Stage

ANN, CARL = "U0ANN", "U0CARL"


async def test_the_story_of_a_change_is_sent_as_a_file_to_whoever_asks(tmp_path: Path) -> None:
    stage = await Stage.open(tmp_path)
    try:
        await stage.says(ANN, '/taurus-upgrade orders-prod-01 --at +2h --reason "CVE-2026-1"')
        await stage.until_state("Proposed")
        await stage.presses(ANN, "change.cancel")
        await stage.until_state("Cancelled")
        await stage.says(CARL, "/taurus-change history CHG-1")
        await stage.until_whispered(CARL, "entries of the history")
        assert stage.direct(CARL) == []
        await stage.says(CARL, "/taurus-change history CHG-1 --file")
        await stage.until(lambda: bool(stage.direct(CARL)))
        (file,) = stage.direct(CARL)[0]["files"]
        assert file["name"] == "CHG-1-history.txt"
        assert file["preview"].startswith("CHG-1 · Cancelled · upgrade 1 database of default")
        assert "ann (U0ANN)  request\n    @U0ANN asked to upgrade" in file["preview"]
        assert "reason: CVE-2026-1" in file["preview"]
        assert "xoxb-" not in file["preview"]
        await stage.until(
            lambda: "CHG-1-history.txt" in str(stage.world.slack.ephemerals(CARL, "C0DB"))
        )
        stage.world.slack.faults.next_calls("files.getUploadURLExternal", "missing_scope")
        await stage.says(CARL, "/taurus-change history CHG-1 --file")
        await stage.until(
            lambda: "may not share files" in str(stage.world.slack.ephemerals(CARL, "C0DB"))
        )
        await stage.says(ANN, "/taurus-change history --file")
        await stage.until_whispered(ANN, "Name the change: /taurus-change history CHG-7")
    finally:
        await stage.close()
