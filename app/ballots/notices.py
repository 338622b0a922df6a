"""What the board says of voting and of its result, Chinese first."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, ManualMethod, SessionOutcome
from app.agenda.notices import MODES_EN, MODES_ZH, list_data, list_text, session_data
from app.ballots.countersign.officers import Countersigner
from app.ballots.models import SessionBundle, SessionResult
from app.board.models import NoticeKind
from app.board.services import post
from app.kit.clock import spoken
from app.people.models import Role
from votes.scheme import BallotScheme
from votes.selection import Outcome

OFFICES = {
    Role.COMMUNITY_SECRETARY: ("社区党委书记", "secretary of the community"),
    Role.SUBDISTRICT_OFFICER: ("街道工作人员", "officer of the subdistrict"),
}

MANUAL_WORDS = {
    ManualMethod.HANDS: ("举手表决", "raised hands"),
    ManualMethod.STICKERS: ("贴纸投票", "stickers on a board"),
    ManualMethod.BEANS: ("投豆表决", "beans"),
}


@dataclass(frozen=True)
class PaperShare:
    """How many ballots came in on paper, and how many slips nobody had confirmed at closing."""

    counted: int
    unconfirmed: int


def post_opening(
    session: Session,
    agenda_session: AgendaSession,
    announced: datetime,
    hashes: Mapping[str, str],
    officer: Countersigner | None,
    at: datetime,
) -> None:
    """开始投票; `announced` is the opening as it was announced, which may lie later; `hashes` are
    those of the rules and of the roll, and `officer` who is to countersign, to compare with the
    bundle after closing."""
    early = (
        f"投票比预告（{spoken(announced)}）提前开始。\n"
        f"Voting opens earlier than announced ({spoken(announced)}).\n"
        if at < announced
        else ""
    )
    opens, closes = spoken(agenda_session.voting_opens_at), spoken(agenda_session.voting_closes_at)
    weights = BallotScheme.from_data(agenda_session.scheme or []).weights
    marks_zh = "、".join(f"{weight}分" for weight in weights)
    post(
        session,
        NoticeKind.VOTING_OPENED,
        agenda_session.compound,
        agenda_session.id,
        title=f"{agenda_session.name}开始投票",
        text=(
            f"{early}投票时间：{opens} 至 {closes}（不含截止时刻）。"
            f"投票人：{MODES_ZH[agenda_session.mode]}。\n"
            f"每人一票，给不同的题目{marks_zh}，可以不填满；截止前可以改，以最后一次为准。\n"
            f"{list_text(agenda_session)}\n"
            f"{_officer_text(officer)}\n"
            f"Voting: {opens} to {closes} (exclusive), by {MODES_EN[agenda_session.mode]}. "
            f"Give {', '.join(map(str, weights))} points to different matters; "
            "the last ballot before closing counts."
        ),
        data={
            **session_data(agenda_session),
            "scheme": agenda_session.scheme,
            "rules": agenda_session.rules,
            **hashes,
            "officer_key": None if officer is None else officer.key.public_key.hex(),
            "matters": list_data(agenda_session),
        },
        at=at,
    )


def _officer_text(officer: Countersigner | None) -> str:
    if officer is None:
        return "没有约定第二人会签。 No second officer countersigns the result."
    zh, en = OFFICES[officer.role]
    name, key = officer.key.resident.masked_name, officer.key.public_key.hex()
    return (
        f"截止后由{zh}{name}核对、会签，公钥：{key}\n"
        f"After closing the {en} recounts and countersigns with the public key above."
    )


def post_extension(
    session: Session, agenda_session: AgendaSession, by_hand: bool, at: datetime
) -> None:
    """延长投票."""
    closes, table = spoken(agenda_session.voting_closes_at), spoken(agenda_session.round_table_at)
    why = (
        ("由党支部决定延长", "by decision of the branch")
        if by_hand
        else (
            "收回的选票不足，延长一次",
            "too few ballots came back",
        )
    )
    post(
        session,
        NoticeKind.VOTING_EXTENDED,
        agenda_session.compound,
        agenda_session.id,
        title=f"{agenda_session.name}投票延长",
        text=(
            f"{why[0]}。投票延长到 {closes}（不含截止时刻），圆桌会：{table}。\n"
            f"Voting goes on until {closes} (exclusive), {why[1]}. Round table: {table}."
        ),
        data=session_data(agenda_session),
        at=at,
    )


def post_void(
    session: Session, agenda_session: AgendaSession, successor: AgendaSession, at: datetime
) -> None:
    """投票作废: the vote's key was lost; `successor` holds it again."""
    opens, closes = spoken(successor.voting_opens_at), spoken(successor.voting_closes_at)
    table = spoken(successor.round_table_at)
    post(
        session,
        NoticeKind.VOTE_VOID,
        agenda_session.compound,
        agenda_session.id,
        title=f"{agenda_session.name}投票作废，重新投票",
        text=(
            "这次投票的密钥丢失，已投的票无法再查、也无法再改，所以全部作废，不计票，也不公布结果。"
            "选票和纸票的照片已删除，只留下谁投过票；原来的收据不再有用。\n"
            f"重新投票：{opens} 至 {closes}（不含截止时刻），题单不变，投过票的人也请再投一次。\n"
            f"圆桌会改为：{table}，{successor.place}。\n{list_text(agenda_session)}\n"
            "The key of this vote was lost: ballots that were cast can neither be found nor "
            "replaced, so none is counted and no result is published. They and the photos of "
            "slips were deleted; only who took part is kept, and earlier receipts are good for "
            "nothing more. "
            f"The vote is held again from {opens} to {closes} (exclusive) on the same list; "
            f"whoever has voted votes once more. Round table: {table}."
        ),
        data={
            **session_data(agenda_session),
            "successor_id": str(successor.id),
            "successor": session_data(successor),
            "matters": list_data(agenda_session),
        },
        at=at,
    )


def post_result(
    session: Session,
    agenda_session: AgendaSession,
    result: SessionResult,
    sealed: SessionBundle | None,
    hurried_from: datetime | None,
    paper: PaperShare | None,
    at: datetime,
) -> None:
    """计票结果: the tally with the chosen matters, everything that R9 publishes, and the root of
    the sealed bundle: whoever keeps a copy of it sees any later change.

    `hurried_from` is the announced end where voting was closed before it; `paper` is empty where no
    vote was held.
    """
    early = (
        f"投票由党支部提前截止，原定截止时间 {spoken(hurried_from)}。\n"
        f"The branch closed voting before the announced end ({spoken(hurried_from)}).\n"
        if hurried_from
        else ""
    )
    post(
        session,
        NoticeKind.TALLIED,
        agenda_session.compound,
        agenda_session.id,
        title=f"{agenda_session.name}计票结果：{_headline(agenda_session, result)}",
        text=(
            f"{early}{_manual_text(agenda_session)}{result.explanation_zh}\n\n{result.explanation_en}"
            f"{_paper_text(paper)}{_root_text(agenda_session, sealed)}"
        ),
        data={
            **session_data(agenda_session),
            **result_data(agenda_session, result),
            "bundle_root": None if sealed is None else sealed.root.hex(),
            "paper": None if paper is None else asdict(paper),
        },
        at=at,
    )


def post_countersignature(
    session: Session, agenda_session: AgendaSession, root: bytes, signature: bytes, at: datetime
) -> None:
    """会签: the second officer recounted the bundle and put a name to it."""
    name, key = _officer(agenda_session)
    post(
        session,
        NoticeKind.COUNTERSIGNED,
        agenda_session.compound,
        agenda_session.id,
        title=f"{agenda_session.name}计票结果已会签",
        text=(
            f"会签人{name}核对了结果文件并签名，签名已写入结果文件。\n总指纹：{root.hex()}\n"
            f"会签公钥：{key}\n"
            "The second officer recounted the bundle and signed it; the signature now stands in "
            "the bundle, whose root is the one above."
        ),
        data={
            **session_data(agenda_session),
            "bundle_root": root.hex(),
            "officer_key": key,
            "countersignature": signature.hex(),
        },
        at=at,
    )


def post_countersignature_refusal(
    session: Session, agenda_session: AgendaSession, root: bytes, reason: str, at: datetime
) -> None:
    """拒绝会签: the second officer does not put a name to the bundle, and says why."""
    name, key = _officer(agenda_session)
    post(
        session,
        NoticeKind.COUNTERSIGNATURE_REFUSED,
        agenda_session.compound,
        agenda_session.id,
        title=f"{agenda_session.name}计票结果未获会签",
        text=(
            f"会签人{name}拒绝会签。理由：{reason}\n"
            f"总指纹：{root.hex()}\n"
            "The second officer refuses to countersign the bundle with the root above; the reason "
            "stands above in the officer's own words."
        ),
        data={
            **session_data(agenda_session),
            "bundle_root": root.hex(),
            "officer_key": key,
            "reason": reason,
        },
        at=at,
    )


def _officer(agenda_session: AgendaSession) -> tuple[str, str]:
    """Masked name of the second officer, and the public key in hexadecimal; there is one."""
    officer, key = agenda_session.countersigner, agenda_session.officer_key
    assert officer is not None  # noqa: S101 - whoever signs was named, with a key
    assert key is not None  # noqa: S101
    return officer.masked_name, key.hex()


def _manual_text(agenda_session: AgendaSession) -> str:
    if agenda_session.manual_method is None:
        return ""
    zh, en = MANUAL_WORDS[agenda_session.manual_method]
    return (
        f"【人工清点 MANUAL】现场{zh}，由一人录入总数，两位见证人确认；没有选票，不能重新计票。\n"
        f"Counted by hand: an assembly voted with {en}; two witnesses confirmed the totals, and "
        "there are no ballots to recount.\n"
    )


def _paper_text(paper: PaperShare | None) -> str:
    if paper is None or paper == PaperShare(0, 0):
        return ""
    zh, en = (
        f"其中纸质选票 {paper.counted} 张。",
        f"Of these ballots {paper.counted} came on paper.",
    )
    if paper.unconfirmed:
        zh += f"另有 {paper.unconfirmed} 张纸票到截止时没有第二人确认，不计入。"
        en += (
            f" Slips that nobody had confirmed by the end and that do not count: "
            f"{paper.unconfirmed}."
        )
    return f"\n\n{zh}\n{en}"


def _root_text(agenda_session: AgendaSession, sealed: SessionBundle | None) -> str:
    if sealed is None:
        return ""
    awaited = (
        "\n等待第二人会签。 The second officer's countersignature is awaited."
        if agenda_session.officer_key is not None
        else ""
    )
    return (
        f"\n\n选票已封存，总指纹：{sealed.root.hex()}\n任何人可下载结果文件重新计票。\n"
        f"The ballots are sealed under the root above; anyone can recount from the bundle.{awaited}"
    )


def _headline(agenda_session: AgendaSession, result: SessionResult) -> str:
    chosen = [row.item.label for row in result.rows if row.outcome is Outcome.SELECTED]
    if not chosen:
        return "没有入选的题目"
    verb = "供参考" if agenda_session.outcome is SessionOutcome.CONSULTATIVE else "入选"
    return f"{'、'.join(chosen)} {verb}"


def result_data(agenda_session: AgendaSession, result: SessionResult) -> dict[str, Any]:
    """The result for programs, as the API and the feed give it."""
    # Without a vote there is no scheme (R8), and the rows have no counts.
    scheme, manual = agenda_session.scheme, agenda_session.manual_method
    weights = BallotScheme.from_data(scheme).weights if scheme else ()
    return {
        "state": agenda_session.state.value,
        "outcome": agenda_session.outcome.value if agenda_session.outcome else None,
        "manual_method": manual.value if manual else None,
        "roll": result.roll,
        "returned": result.returned,
        "blank": result.blank,
        "required": result.required,
        "rows": [
            {
                "rank": row.rank,
                "matter_id": str(row.matter_id),
                "number": row.item.number,
                "label": row.item.label,
                "title": row.item.matter.title,
                **{f"n{weight}": n for weight, n in zip(weights, row.counts, strict=True)},
                "score": row.score,
                "outcome": row.outcome.value,
                "decided_by": row.decided_by,
            }
            for row in result.rows
        ],
        "explanation": result.explanation_zh,
        "explanation_en": result.explanation_en,
    }
