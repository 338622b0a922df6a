"""Review of a version: what becomes of flagged words, and whether the text may go on.

The community's secretary reviews what rests on consent; pacts and covenants are put before the
street office (提请审核, domain notes, section 7). Nobody reviews what he wrote himself.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conventions.links import require_binding, require_resolution
from app.conventions.models import ConventionVersion, LegalType, Opinion, VersionState
from app.conventions.refusals import FlagsOpen, OwnDraft, ReturnNeedsAdvice
from app.conventions.texts.clauses import ConventionFlag, FlagDecision
from app.kit.audit import AuditEntry, record
from app.kit.moves import begin_move, record_move
from app.people.models import Resident


def decide_flag(
    session: Session,
    version: ConventionVersion,
    by: Resident,
    flag: ConventionFlag,
    decision: FlagDecision,
    reason: str,
) -> None:
    """Say whether a flagged word may stand, once and with a reason; where it may not, the version
    goes back to its authors with that as advice. Raises WrongState, OwnDraft."""
    at = begin_move(session, version)
    session.refresh(flag)
    version.require_state(VersionState.REVIEW)
    _require_another(session, version, by)
    flag.decide(decision, reason, by.id, at)
    why = f"{flag.clause_label}「{flag.word}」：{reason}"
    compound_id = version.compound_id
    record(session, flag, "decide", by, at, compound_id=compound_id, to_state=decision, reason=why)
    if decision is FlagDecision.UPHELD:
        _give_opinion(session, version, by, Opinion.RETURNED, why, at)


def review_version(
    session: Session,
    version: ConventionVersion,
    by: Resident,
    opinion: Opinion,
    advice: str | None,
) -> None:
    """Approve of a version, or return it to its authors with advice.

    What rests on resolutions was voted with them, so it is VOTED when approved; pacts and
    covenants wait for their own vote. Raises ReturnNeedsAdvice, WrongState, OwnDraft, FlagsOpen,
    ResolutionMissing, ResolutionSuperseded.
    """
    if opinion is Opinion.RETURNED and advice is None:
        raise ReturnNeedsAdvice
    at = begin_move(session, version)
    version.require_state(VersionState.REVIEW)
    _require_another(session, version, by)
    if opinion is Opinion.APPROVED:
        require_no_open_flags(version)
        require_resolution(version, version.legal_type)
        require_binding(version)
    _give_opinion(session, version, by, opinion, advice, at)


def _give_opinion(
    session: Session,
    version: ConventionVersion,
    by: Resident,
    opinion: Opinion,
    advice: str | None,
    at: datetime,
) -> None:
    version.review(opinion, advice, by.id, at)
    if version.is_approved and version.legal_type is LegalType.SELF_DISCIPLINE:
        version.rest_on_resolutions(at)
    reason = opinion.value if advice is None else f"{opinion}: {advice}"
    record_move(session, version, "review", by, at, reason=reason)


def require_no_open_flags(version: ConventionVersion) -> None:
    """Raises FlagsOpen while a flagged word is not cleared."""
    uncleared = [flag for flag in version.flags if not flag.is_cleared]
    if uncleared:
        places = "、".join(f"{flag.clause_label}「{flag.word}」" for flag in uncleared)
        raise FlagsOpen(zh=f"{places}。", en=f"Flags not cleared: {len(uncleared)}.")


def _require_another(session: Session, version: ConventionVersion, by: Resident) -> None:
    """Whoever wrote any of its words, now or before, decides on none of them."""
    revised = select(AuditEntry.id).where(
        AuditEntry.thing_id == version.id,
        AuditEntry.verb == "revise",
        AuditEntry.actor_id == by.id,
    )
    if by.id in version.authors or session.scalar(select(revised.exists())):
        raise OwnDraft
