"""A team that reads Chinese, and a colleague who does in a channel that does not."""

from pathlib import Path

from tests.dialogues.stage import Stage

ANN, LIN = "U0ANN", "U0LIN"


async def test_a_team_upgrades_in_chinese(tmp_path: Path) -> None:
    stage = await Stage.open(tmp_path, TAURUS_LANGUAGE="zh-cn")
    stage.world.taurus.fail("batch_upgrade", "refuse", code="DBS.200047")
    await stage.says(LIN, "/taurus-upgrade orders-prod-01 --at 今晚22:00 --reason 季度结算")
    await stage.until_whispered(LIN, "Asia/Shanghai 为 2026-03-10 22:00 周二")
    await stage.until_state("待批准")
    assert "*状态*  待批准" in stage.shown
    assert "原因：季度结算" in stage.shown
    await stage.presses(LIN, "change.approve")
    await stage.until_state("已排期")
    stage.passes(hours=13)
    await stage.until_state("失败")
    # In the thread the cloud's own words are Chinese, too; whoever reads English is told so.
    await stage.until(lambda: any("DBS.200047: 实例" in line for line in stage.thread))
    await stage.until(lambda: "CHG-1 已结束：失败。" in stage.thread[-2])
    await stage.says(ANN, "/taurus-change cancel CHG-1")
    await stage.until_whispered(ANN, "CHG-1 is Failed by now")
    await stage.says(LIN, "/taurus-freeze add --from 下周六1点 --until 下周六5点半 --reason 扩容")
    await stage.until_whispered(LIN, "从 2026-03-21 01:00 周六 到 2026-03-21 05:30 周六")
    await stage.says(LIN, "/taurus-change history CHG-1")
    await stage.until_whispered(LIN, "条历史记录")
    await stage.close()


async def test_a_colleague_reads_chinese_in_an_english_channel(tmp_path: Path) -> None:
    stage = await Stage.open(tmp_path)
    await stage.says(LIN, "/taurus-upgrade order-prod-01 --at 昨天 --wave 2")
    await stage.until_whispered(LIN, "是否指 orders-prod-01")
    (told,) = stage.whispers(LIN)
    assert "没有选项 --wave" in told
    assert "无法识别时间 昨天" in told
    await stage.says(LIN, "/taurus-upgrade")
    await stage.until_form(LIN, "可维护时间段")
    chosen = [stage.world.taurus.instance("orders-prod-01").id]
    wrong = await stage.sends(LIN, instances=chosen, when="at", at="今天凌晨2点")
    assert wrong["response_action"] == "errors"
    assert "已过去" in wrong["errors"]["at"]
    assert (await stage.sends(LIN, instances=chosen, when="at", at="明天凌晨两点"))["ok"]
    await stage.until_state("Proposed")
    assert "*State*  Proposed" in stage.shown
    stage.world.slack.open_home(LIN)
    home = stage.world.slack.home
    await stage.until(lambda: "我的变更" in str(home(LIN)) and "CHG-1 · 待批准" in str(home(LIN)))
    stage.writes(LIN, "help")
    await stage.until_direct(LIN, "您在这里可以使用的命令")
    await stage.close()
