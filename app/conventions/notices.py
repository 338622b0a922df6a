"""What the board says of conventions, Chinese first; the data carries text, clauses and changes."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.board.models import NoticeKind, PublicNotice
from app.board.services import post
from app.conventions.models import ConventionVersion, LegalType
from app.conventions.texts.clauses import Clause, OfficialOwnerVote
from app.kit.calendar import months_later
from app.kit.clock import local, local_date, spoken, spoken_end
from app.resolutions.models import Resolution
from votes.civil_code import OWNERS_ITEMS
from votes.majority import MajorityRule, ResolutionVote, explain_majority

LEGAL_TYPES = {
    LegalType.SELF_DISCIPLINE: ("解题规约", "self-discipline convention"),
    LegalType.RESIDENT_PACT: ("居民公约", "residents' pact"),
    LegalType.OWNER_COVENANT: ("管理规约", "owners' covenant"),
}
OBJECTIONS_ZH = "期间可提异议，党支部三个工作日内答复"


def full_text(version: ConventionVersion) -> str:
    """The whole text as people read it: the title, then every clause under its number."""
    return "\n".join([version.name, *(clause.printed for clause in version.clauses)])


def version_data(version: ConventionVersion) -> dict[str, Any]:
    """A version for programs: its words, what it rests on, and what changed."""
    zh, en = LEGAL_TYPES[version.legal_type]
    return {
        "convention_id": str(version.convention_id),
        "version_id": str(version.id),
        "version": version.number,
        "amends_id": str(version.amends_id) if version.amends_id else None,
        "legal_type": version.legal_type.value,
        "legal_type_zh": zh,
        "legal_type_en": en,
        "state": version.state.value,
        "title": version.title,
        "name": version.name,
        "is_trial": version.is_trial,
        "text": full_text(version),
        "clauses": [_clause_data(clause) for clause in version.clauses],
        "resolutions": [
            {"resolution_id": str(each.id), "label": resolution_name(each), "title": each.title}
            for each in version.resolutions
        ],
        "difference": version.difference,
        "flags": [
            {
                "clause_number": flag.clause_number,
                "word": flag.word,
                "decision": flag.decision.value if flag.decision else None,
                "reason": flag.decision_reason,
            }
            for flag in version.flags
        ],
        "filing_ref": version.filing_ref,
    }


def post_version(
    session: Session, version: ConventionVersion, ends_at: datetime, at: datetime
) -> PublicNotice:
    """规约公示: a voted version; objections may come until `ends_at`."""
    in_force_on = local_date(ends_at)
    review_by = months_later(in_force_on, version.review_months)
    end = spoken_end(ends_at)
    waits = "、完成备案" if version.waits_for_filing else ""
    return _post(
        session,
        NoticeKind.CONVENTION_NOTICED,
        version,
        "公示",
        [
            full_text(version),
            *_grounds(version),
            f"公示期至 {end}，{OBJECTIONS_ZH}；期满且异议都已答复{waits}后施行，"
            f"最早自 {in_force_on} 起施行，{_until(version, review_by)}。",
            f"Objections may be raised until {end} and are answered within 3 working days. "
            f"In force from {in_force_on} at the earliest, once all are answered; "
            f"review by {review_by}.",
        ],
        {
            "state": "NOTICED",
            "in_force_on": in_force_on.isoformat(),
            "review_by": review_by.isoformat(),
            "term_ends_at": local(ends_at).isoformat(),
        },
        at,
        ends_at,
    )


def post_force(session: Session, version: ConventionVersion, at: datetime) -> None:
    """规约施行."""
    since = version.in_force_at or at
    instead = [] if version.amends is None else [f"{_version_name(version.amends)}同时失效。"]
    review_by = version.review_by or months_later(since, version.review_months)
    _post(
        session,
        NoticeKind.CONVENTION_IN_FORCE,
        version,
        "施行",
        [
            f"公示期满，异议都已答复，自 {spoken(since)} 起施行，{_until(version, review_by)}。",
            *instead,
            full_text(version),
            *_difference(version),
            f"The notice has ended and all objections are answered; in force since "
            f"{spoken(since)}, review by {review_by}.",
        ],
        {
            "in_force_on": local_date(since).isoformat(),
            "in_force_at": local(since).isoformat(),
            "review_by": review_by.isoformat(),
        },
        at,
    )


def post_clause(
    session: Session,
    version: ConventionVersion,
    clause: Clause,
    vote: OfficialOwnerVote,
    at: datetime,
) -> None:
    """条文启用: the owners have passed what only they decide."""
    basis = OWNERS_ITEMS[vote.item]
    post(
        session,
        NoticeKind.CONVENTION_CLAUSE_ACTIVE,
        version.convention.compound,
        clause.id,
        title=f"{_version_name(version)}{clause.label}经业主表决通过",
        text="\n".join(
            [
                clause.printed,
                f"{basis.zh}。",
                f"表决记录：{vote.official_ref}。{vote.explanation_zh}",
                "本条随规约施行。",
                f"The owners passed this clause, {basis.en}. {vote.explanation_en}",
            ]
        ),
        data={
            "convention_id": str(version.convention_id),
            "version_id": str(version.id),
            "version": version.number,
            "legal_type": version.legal_type.value,
            "name": version.name,
            "clause": _clause_data(clause),
        },
        at=at,
    )


def post_repeal_plan(
    session: Session,
    version: ConventionVersion,
    resolution: Resolution,
    reason: str,
    ends_at: datetime,
    at: datetime,
) -> PublicNotice:
    """废止公示: in force until `ends_at`; objections may come until then."""
    end = spoken_end(ends_at)
    return _post(
        session,
        NoticeKind.CONVENTION_REPEAL_NOTICED,
        version,
        "废止公示",
        [
            f"依据{resolution_name(resolution)}「{resolution.title}」，拟废止本规约。理由：{reason}",
            f"公示期至 {end}，{OBJECTIONS_ZH}；期满且异议都已答复后废止，此前继续有效。",
            f"To be repealed. Objections may be raised until {end} and are answered within "
            "3 working days; until all are answered it stays in force.",
            full_text(version),
        ],
        {
            **_repeal_data(resolution, reason),
            "term_ends_at": local(ends_at).isoformat(),
        },
        at,
        ends_at,
    )


def post_repeal(session: Session, version: ConventionVersion, at: datetime) -> None:
    """规约废止."""
    since = spoken(version.repealed_at or at)
    _post(
        session,
        NoticeKind.CONVENTION_REPEALED,
        version,
        "废止",
        [
            f"公示期满，异议都已答复，本规约自 {since} 起废止。理由：{version.repeal_reason}",
            f"The notice has ended and all objections are answered; repealed since {since}.",
        ],
        {
            **_repeal_data(version.repeal_resolution, version.repeal_reason),
            "repealed_at": local(version.repealed_at or at).isoformat(),
        },
        at,
    )


def resolution_name(resolution: Resolution) -> str:
    """As notices call a resolution, e.g. `香樟苑小区 2026年3月月月谈决议1`."""
    return f"{resolution.agenda_session.name}{resolution.label}"


def _post(
    session: Session,
    kind: NoticeKind,
    version: ConventionVersion,
    headline: str,
    lines: Sequence[str],
    data: dict[str, Any],
    at: datetime,
    term_ends_at: datetime | None = None,
) -> PublicNotice:
    return post(
        session,
        kind,
        version.convention.compound,
        version.id,
        title=f"{_version_name(version)}{headline}",
        text="\n".join(lines),
        data={**version_data(version), **data},
        at=at,
        term_ends_at=term_ends_at,
    )


def _version_name(version: ConventionVersion) -> str:
    return f"《{version.name}》第{version.number}版"


def _until(version: ConventionVersion, review_by: date) -> str:
    return f"试行期满前，最迟 {review_by} 评议" if version.is_trial else f"最迟 {review_by} 评议"


def _clause_data(clause: Clause) -> dict[str, Any]:
    return {
        "id": str(clause.id),
        "number": clause.number,
        "label": clause.label,
        "text": clause.text,
        "printed": clause.printed,
        "needs_owner_vote": clause.needs_owner_vote,
        "owner_vote_item": clause.owner_vote_item,
        "is_active": clause.is_active,
        "resolution": resolution_name(clause.resolution) if clause.resolution else None,
        "official_ref": clause.owner_vote.official_ref if clause.owner_vote else None,
    }


def _repeal_data(resolution: Resolution | None, reason: str | None) -> dict[str, Any]:
    return {
        "repeal_reason": reason,
        "repeal_resolution": None if resolution is None else resolution_name(resolution),
    }


def _grounds(version: ConventionVersion) -> list[str]:
    """What the version rests on, what the reviewer decided, and what changed."""
    lines = []
    if version.resolutions:
        names = "、".join(f"{resolution_name(r)}「{r.title}」" for r in version.resolutions)
        lines.append(f"依据：{names}。")
    lines += _vote(version)
    lines += [
        f"文字审查：{flag.clause_label}「{flag.word}」可以保留。理由：{flag.decision_reason}"
        for flag in version.flags
    ]
    return lines + _difference(version)


def _vote(version: ConventionVersion) -> list[str]:
    if version.owner_vote is not None:
        vote = version.owner_vote
        return [f"业主表决：{vote.official_ref}。{vote.explanation_zh}", vote.explanation_en]
    if version.minutes_ref is None:
        return []
    counts = (version.roll, version.present, version.yes, version.no, version.abstain)
    why = explain_majority(MajorityRule(), ResolutionVote(*(count or 0 for count in counts)))
    return [f"居民会议表决：{version.minutes_ref}。{why.zh}", why.en]


def _difference(version: ConventionVersion) -> list[str]:
    if version.amends is None:
        return []
    changes = [change["summary"] for change in version.difference] or ["条文没有变化。"]
    return [f"与第{version.amends.number}版相比：", *changes]
