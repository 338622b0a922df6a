"""The tally in plain sentences, in Chinese and English, for residents to follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from zoneinfo import ZoneInfo

from votes.scheme import BallotScheme
from votes.selection import Outcome, SelectionRule, Turnout, min_supporters
from votes.tally import RankedMatter

_LOCAL_TIME = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Explanation:
    """The same text in Chinese (`zh`) and in English (`en`)."""

    zh: str
    en: str


def label(number: int) -> str:
    """The printed name of a listed matter, such as M01."""
    return f"M{number:02d}"


def explain(
    *,
    scheme: BallotScheme,
    rule: SelectionRule,
    turnout: Turnout,
    ranked: Sequence[RankedMatter],
    outcomes: Mapping[str, Outcome],
    titles: Mapping[str, str],
) -> Explanation:
    """Who voted, what was needed, and how every matter came to its place and outcome.

    One line for the turnout, one for the rule of selection and one for each row of `ranked`; where
    a tie was broken, the row says by which rule and gives both figures. `outcomes` and `titles`
    are keyed by matter id. Times are told in China's. A turnout below what was required makes the
    text speak of a consultative result.
    """
    lines = [_turnout_line(rule, turnout), _rule_line(scheme, rule, turnout)]
    for row, below in zip_longest(ranked, ranked[1:]):
        outcome = _outcome(rule, turnout, row, outcomes[row.matter])
        tie = _tie(scheme, row, below)
        lines.append(_row_line(scheme, row, titles[row.matter], outcome, tie))
    return Explanation("\n".join(line.zh for line in lines), "\n".join(line.en for line in lines))


def _turnout_line(rule: SelectionRule, turnout: Turnout) -> Explanation:
    if turnout.is_sufficient:
        verdict = Explanation("已达到，结果有效", "reached, the result is valid")
    else:
        verdict = Explanation(
            f"未达到，本次结果仅供参考，党支部至多可取{rule.consultative_limit}件，并须在公示中说明",
            "missed, the result is consultative only; the party branch may take "
            f"{rule.consultative_limit} at most and says so in its notice",
        )
    return Explanation(
        f"可投票{turnout.roll}人，收回选票{turnout.returned}张，其中空白票{turnout.blank}张；"
        f"至少应收回{turnout.required}张，{verdict.zh}。",
        f"Voters on the roll: {turnout.roll}. Ballots returned: {turnout.returned}, "
        f"of which blank: {turnout.blank}. Ballots needed: {turnout.required}; {verdict.en}.",
    )


def _rule_line(scheme: BallotScheme, rule: SelectionRule, turnout: Turnout) -> Explanation:
    limit = rule.limit if turnout.is_sufficient else rule.consultative_limit
    needed = min_supporters(rule, turnout.returned)
    weights_zh = "、".join(f"{weight}分票" for weight in scheme.weights)
    weights_en = ", ".join(f"{weight}-point votes" for weight in scheme.weights)
    return Explanation(
        f"按得分从高到低，至多取{limit}件，每件至少要有{needed}人支持；"
        f"同分的依次比较{weights_zh}、附议人数、提出先后、编号。",
        f"Matters are taken by score, highest first, {limit} at most; supporters needed by each: "
        f"{needed}. Equal scores are settled by {weights_en}, endorsements, time of raising, "
        "number, in this order.",
    )


def _row_line(
    scheme: BallotScheme, row: RankedMatter, title: str, outcome: Explanation, tie: Explanation
) -> Explanation:
    picks = list(zip(scheme.weights, row.counts, strict=True))
    votes_zh = "、".join(f"{weight}分票{n}张" for weight, n in picks)
    votes_en = ", ".join(f"{weight}-point votes {n}" for weight, n in picks)
    products = "+".join(f"{weight}×{n}" for weight, n in picks)
    name = label(row.number)
    return Explanation(
        f"第{row.rank}名 {name}「{title}」：{votes_zh}，"
        f"{products}={row.score}分，{outcome.zh}。{tie.zh}",
        f"No. {row.rank} {name} 「{title}」: {votes_en}; "
        f"{products} = {row.score}, {outcome.en}.{tie.en}",
    )


def _outcome(
    rule: SelectionRule, turnout: Turnout, row: RankedMatter, outcome: Outcome
) -> Explanation:
    needed = min_supporters(rule, turnout.returned)
    if outcome == Outcome.SKIPPED:
        return Explanation(
            "定题单后已另行办理，保留得分，不入选",
            "dealt with otherwise since the list was frozen: keeps its score, not selected",
        )
    if outcome == Outcome.SELECTED:
        if turnout.is_sufficient:
            return Explanation("入选", "selected")
        return Explanation("可由党支部选取", "the party branch may take it")
    if row.score == 0:
        return Explanation("没有得票，结转", "no votes, carried over")
    if row.supporters < needed:
        return Explanation(
            f"支持者{row.supporters}人，不足{needed}人，结转",
            f"supporters {row.supporters} of {needed} needed, carried over",
        )
    return Explanation("名额已满，结转", "no place left, carried over")


def _tie(scheme: BallotScheme, row: RankedMatter, below: RankedMatter | None) -> Explanation:
    """Why `row` stands above a row of the same score; empty when the scores differ."""
    if below is None or row.score != below.score:
        return Explanation("", "")
    reason = _deciding_figures(scheme, row, below)
    name, other = label(row.number), label(below.number)
    return Explanation(
        f"与 {other} 同为{row.score}分，{name} 的{reason.zh}。",
        f" Level with {other} at {row.score}: {name} has {reason.en}.",
    )


def _deciding_figures(scheme: BallotScheme, row: RankedMatter, below: RankedMatter) -> Explanation:
    raised, raised_below = _told_apart(row.raised_at, below.raised_at)
    by_rule: dict[str | None, Explanation] = {
        "endorsements": Explanation(
            f"附议更多（{row.endorsements}>{below.endorsements}）",
            f"more endorsements ({row.endorsements} > {below.endorsements})",
        ),
        "raised_at": Explanation(
            f"提出时间更早（{raised} 早于 {raised_below}）",
            f"the earlier time of raising ({raised} before {raised_below})",
        ),
        "number": Explanation(
            f"编号更小（{row.number}<{below.number}）",
            f"the lower number ({row.number} < {below.number})",
        ),
    }
    for weight, n, n_below in zip(scheme.weights, row.counts, below.counts, strict=True):
        by_rule[f"n{weight}"] = Explanation(
            f"{weight}分票更多（{n}>{n_below}）", f"more {weight}-point votes ({n} > {n_below})"
        )
    return by_rule[row.decided_by]


def _told_apart(earlier: datetime, later: datetime) -> tuple[str, str]:
    """Both times as short as they can be told apart."""
    local = [instant.astimezone(_LOCAL_TIME).replace(tzinfo=None) for instant in (earlier, later)]
    for precision in ("minutes", "seconds", "microseconds"):
        first, second = (instant.isoformat(" ", precision) for instant in local)
        if first != second:
            break
    return first, second
