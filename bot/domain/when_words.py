"""The words of times: days, parts of the day, clocks, and forms that people type by habit."""

import re
from collections.abc import Callable, Iterable

AHEAD = {
    "today": 0, "tonight": 0, "tomorrow": 1,
    "今天": 0, "今日": 0, "今早": 0, "今晚": 0, "明天": 1, "明日": 1, "明早": 1, "明晚": 1,
    "后天": 2, "大后天": 3,
}  # fmt: skip
"""How many days ahead these are."""
WEEKDAYS = {
    name: number
    for number, names in enumerate((
        "mon monday 周一 星期一 礼拜一",
        "tue tues tuesday 周二 星期二 礼拜二",
        "wed wednesday 周三 星期三 礼拜三",
        "thu thur thurs thursday 周四 星期四 礼拜四",
        "fri friday 周五 星期五 礼拜五",
        "sat saturday 周六 星期六 礼拜六",
        "sun sunday 周日 周天 星期日 星期天 礼拜日 礼拜天",
    ))
    for name in names.split()
}  # fmt: skip
"""Monday is 0."""
WEEKS = {
    f"{week}{name}": ahead * 7 + number
    for week, ahead in (("本", 0), ("这", 0), ("下", 1), ("下个", 1))
    for name, number in WEEKDAYS.items()
    if not name.isascii()
}
"""Days of this week and of the next, counted from this week's Monday."""
PARTS = {
    "tonight": range(17, 24), "今晚": range(17, 24), "明晚": range(17, 24),
    "今早": range(5, 12), "明早": range(5, 12),
    "凌晨": range(6), "清晨": range(5, 9), "早上": range(5, 12), "早晨": range(5, 12),
    "上午": range(6, 12), "中午": range(11, 14), "下午": range(12, 19), "傍晚": range(17, 20),
    "晚上": range(17, 24),
}  # fmt: skip
"""The hours that belong to a part of the day; in it, 8 may be said for 20."""


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


DATE = r"(?P<date>\d{4}-\d{2}-\d{2})"
MONTH_AND_DAY = r"(?P<date>(?:(?P<year>\d{4})年)?(?P<month>\d{1,2})月(?P<of_month>\d{1,2})[日号])"
DAY = rf"(?P<day>{_any([*AHEAD, *WEEKDAYS, *WEEKS])})"
CLOCK = (
    rf"(?P<part>{_any(part for part in PARTS if part not in AHEAD)})? ?"
    r"(?P<hour>[01]?\d|2[0-3])"
    r"(?::(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?"
    r"|[点时](?:(?P<half>半)|(?P<quarters>[13])刻|零?(?P<minutes>[0-5]?\d)分?|钟|整)?)"
)
_NUMERAL = re.compile(
    r"(?<![周期拜])(?:[二三四五]?十[一二三四五六七八九]?|[零〇一二两三四五六七八九])"
    r"(?=[点时分秒刻天月日号]|个?(?:半|小时|钟头))"
)
_DIGITS = {"〇": 0, "两": 2, **{sign: value for value, sign in enumerate("零一二三四五六七八九")}}


def with_digits(text: str) -> str:
    """Write the Chinese numerals of a time with digits."""
    return _NUMERAL.sub(lambda match: str(_number(match[0])), text)


def _number(numeral: str) -> int:
    tens, ten, ones = numeral.rpartition("十")
    return (_DIGITS[tens or "一"] * 10 if ten else 0) + (_DIGITS[ones] if ones else 0)


def pattern(form: str) -> re.Pattern[str]:
    """Compile a form; digits are ASCII, because full-width ones were brought into that form."""
    return re.compile(form, re.ASCII)


_BEFORE = rf"(?:(?P<before>{DAY}|{DATE}) )?(?:at )?"


def _of_24(match: re.Match[str]) -> str:
    hour = int(match["hour"]) % 12 + (12 if match["half"] == "p" else 0)
    return _joined(match, f"{hour:02}:{match['minute'] or '00'}")


def _with_colon(match: re.Match[str]) -> str:
    return _joined(match, f"{int(match['hour']):02}:{match['minute']}")


def _joined(match: re.Match[str], clock: str) -> str:
    return f"{match['before']} {clock}" if match["before"] else clock


HABITS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        pattern(
            _BEFORE + r"(?P<hour>0?[1-9]|1[0-2])(?:[:.](?P<minute>[0-5]\d))?"
            r" ?(?P<half>[ap])\.?m\.?"
        ),
        _of_24,
    ),
    (pattern(_BEFORE + r"(?P<hour>[01]?\d|2[0-3])[.:h]?(?P<minute>[0-5]\d)"), _with_colon),
    (pattern(rf"{DAY}|{DATE}"), lambda match: f"{match[0]} 22:00"),
    (
        pattern(r"(?:in )?(?P<span>\d+ ?(?:[dhms]|天|个?小时|分钟?))"),
        lambda match: f"+{match['span']}",
    ),
)
"""Forms that are refused because they mislead, each with how to write what is probably meant."""
