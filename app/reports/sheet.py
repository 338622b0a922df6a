"""The figures as a CSV table for spreadsheets, Chinese headings first."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from app.kit.words import Worded
from app.reports.cells import NOTHING, Days, People, ShareCell

BOM = "\ufeff"  # without it spreadsheets take UTF-8 for something else
# A cell that begins so is a formula to a spreadsheet; departments and places name themselves.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
HEADINGS = ("部分 Section", "指标 Figure", "数值 Value", "分子 Numerator", "分母 Denominator")

PARTICIPATION = "参与 Participation"
OUTCOME = "结果 Outcome"
WORK = "办理 Work"
LEARNING = "经验 Learning"

# Where a figure stands in the answer -> its section and its name.
LINES = {
    "participation.raised": (PARTICIPATION, "提出的问题 Matters raised"),
    "participation.merged": (PARTICIPATION, "并入的问题 Matters merged"),
    "participation.listed": (PARTICIPATION, "列入题单 Matters listed"),
    "participation.votes": (PARTICIPATION, "计票次数 Votes counted"),
    "participation.roll": (PARTICIPATION, "可投票人数 People on the rolls"),
    "participation.returned": (PARTICIPATION, "收回选票 Ballots returned"),
    "participation.empty_ballots": (PARTICIPATION, "空白票 Blank ballots"),
    "participation.turnout": (PARTICIPATION, "投票率 Turnout"),
    "participation.tenants": (PARTICIPATION, "租户占比 Tenants among voters"),
    "participation.hosting_compounds": (PARTICIPATION, "办月月谈的小区 Compounds with a session"),
    "outcome.selected": (OUTCOME, "入选 Selected"),
    "outcome.solved": (OUTCOME, "办结 Solved"),
    "outcome.reopened": (OUTCOME, "重新办理 Reopened"),
    "outcome.deferred": (OUTCOME, "结转 Carried over"),
    "outcome.carried_over_after": (OUTCOME, "提出到结转天数 Days from raising to carry-over"),
    "outcome.raised_to_closed": (OUTCOME, "提出到办结天数 Days from raising to closing"),
    "outcome.resolutions.passed": (OUTCOME, "决议通过 Resolutions passed"),
    "outcome.resolutions.failed": (OUTCOME, "决议未通过 Resolutions failed"),
    "outcome.resolutions.no_quorum": (OUTCOME, "人数不足 Without a quorum"),
    "outcome.resolutions.shelved": (OUTCOME, "决议暂缓 Resolutions shelved"),
    "outcome.resolutions.escalated": (OUTCOME, "提交上级议事 Resolutions handed on"),
    "outcome.conventions_in_force": (OUTCOME, "有效规约 Conventions in force"),
    "outcome.owner_votes_valid": (OUTCOME, "业主表决有效 Owners' votes valid"),
    "outcome.owner_votes_passed": (OUTCOME, "业主表决通过 Owners' votes passed"),
    "work.orders": (WORK, "任务单 Orders"),
    "work.rates.response": (WORK, "响应率 Response"),
    "work.rates.solved_rate": (WORK, "解决率 Solved"),
    "work.rates.satisfaction": (WORK, "满意率 Satisfaction"),
    "work.rates.in_time": (WORK, "按期办结率 Finished in time"),
    "work.emergencies.response": (WORK, "应急响应率 Response, emergencies"),
    "work.emergencies.solved_rate": (WORK, "应急解决率 Solved, emergencies"),
    "work.emergencies.satisfaction": (WORK, "应急满意率 Satisfaction, emergencies"),
    "work.emergencies.in_time": (WORK, "应急按期办结率 In time, emergencies"),
    "work.rework": (WORK, "退回重办 Rework"),
    "work.member_minutes": (WORK, "下沉党员分钟数 Minutes of seated members"),
}

Row = tuple[object, ...]


def sheet_of(figures: dict[str, Any]) -> str:
    """The figures as CSV with a byte order mark; no cell of it is a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([_plain(cell) for cell in row] for row in _rows(figures))
    return BOM + text.getvalue()


def _plain(cell: object) -> str:
    written = "" if cell is None else str(cell)
    return f"'{written}" if written.startswith(FORMULA_STARTS) else written


def _rows(figures: dict[str, Any]) -> Iterator[Row]:
    yield HEADINGS
    period = figures["period"]
    yield ("范围 Scope", "地点 Place", figures["about"]["name"])
    if period is not None:
        yield ("范围 Scope", "时段 Period", f"{period.first} – {period.last}")
    for path, (section, name) in LINES.items():
        value: Any = figures
        for part in path.split("."):
            value = value[part]
        yield from _lines(section, name, value)
    for line in figures["work"]["by_doer"]:
        yield from _lines(WORK, f"任务单 Orders：{_both(line['doer_kind'])}", line)
    for line in figures["work"]["by_department"]:
        name = f"吹哨 Whistles：{line['department']}"
        yield (WORK, name, line["whistles"])
        yield from _lines(WORK, f"{name}：按时签收 Signed in time", line["signed_in_time"])
        yield from _lines(WORK, f"{name}：按时报到 Reported in time", line["reported_in_time"])
    for frequent in figures["frequent_categories"]:
        name = _both(frequent.category)
        yield (
            LEARNING,
            f"高频问题 Frequent category：{frequent.community}：{name}",
            frequent.matters,
        )


def _both(member: Worded) -> str:
    return f"{member.zh} {member.en}"


def _lines(section: str, name: str, value: Any) -> Iterator[Row]:
    """One line, or one for each number of the value."""
    match value:
        case None:
            yield (section, name, NOTHING)
        case People():
            yield (section, name, value.text)
        case ShareCell():
            shown = ("" if each is None else each for each in (value.numerator, value.denominator))
            yield (section, name, value.text, *shown)
        case Days():
            yield (section, f"{name}：件数 Number", value.count)
            for part, days in (("中位数 Median", value.median), ("九成以内 90%", value.p90)):
                yield (section, f"{name}：{part}", NOTHING if days is None else days)
        case {"number": number, "accepted_in_time": accepted, "finished_in_time": finished}:
            yield (section, name, number)
            yield from _lines(section, f"{name}：按时接单 Accepted in time", accepted)
            yield from _lines(section, f"{name}：按期办结 Finished in time", finished)
        case _:
            yield (section, name, value)
