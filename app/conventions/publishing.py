"""Publishing a voted version, filing a pact, and announcing that a convention is repealed."""

from uuid import UUID, uuid5

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.board.objections import objection_term
from app.board.posting import end_notice, post
from app.conventions import notices
from app.conventions.drafting import hold_convention
from app.conventions.links import require_binding
from app.conventions.models import Convention, ConventionVersion, LegalType, VersionState
from app.conventions.refusals import InvalidResolutions, WrongLegalType
from app.conventions.review import require_no_open_flags
from app.kit.audit import AuditEntry
from app.kit.calendar.terms import months_later
from app.kit.clock import local_date
from app.kit.moves import begin_move, record_move
from app.people.models import Resident
from app.resolutions.models import BINDING, Resolution


def publish_version(session: Session, version: ConventionVersion, by: Resident) -> None:
    """Put a voted version on the board; objections may come until its notice ends.

    Raises FlagsOpen, WrongState, ResolutionSuperseded.
    """
    at = begin_move(session, version)
    require_no_open_flags(version)
    version.require_state(VersionState.VOTED)
    require_binding(version)
    ends_at = objection_term(at)
    in_force_on = local_date(ends_at)
    review_by = months_later(in_force_on, version.review_months)
    notice = post(
        session,
        notices.CONVENTION_NOTICED,
        version,
        at,
        term_ends_at=ends_at,
        in_force_on=in_force_on,
        review_by=review_by,
        data={
            "state": VersionState.NOTICED.value,  # the next step, which needs the notice
            "in_force_on": in_force_on.isoformat(),
            "review_by": review_by.isoformat(),
        },
    )
    version.publish(notice)
    record_move(session, version, "publish", by, at)


def file_version(
    session: Session, version: ConventionVersion, by: Resident, filing_ref: str
) -> None:
    """备案: the street office files a residents' pact (L5-15); without it there is no force.

    Raises WrongLegalType, WrongState.
    """
    if version.legal_type is not LegalType.RESIDENT_PACT:
        raise WrongLegalType
    at = begin_move(session, version)
    version.file(filing_ref, at)
    record_move(session, version, "file", by, at, reason=filing_ref)


def repeal_convention(
    session: Session, convention: Convention, by: Resident, *, resolution_id: UUID, reason: str
) -> ConventionVersion:
    """Announce the repeal of what is in force, by a resolution that did not make it.

    It stays in force until the notice has ended and each objection is answered. Only what the
    round table made can the round table repeal. Raises WrongLegalType, WrongState, VersionOpen,
    RepealPending, InvalidResolutions.
    """
    if convention.legal_type is not LegalType.SELF_DISCIPLINE:
        raise WrongLegalType
    version, at = hold_convention(session, convention)
    resolution = session.get(Resolution, resolution_id, populate_existing=True)
    if (
        resolution is None
        or resolution.compound_id != convention.compound_id
        or resolution.state not in BINDING
        or resolution in version.resolutions
    ):
        raise InvalidResolutions
    ends_at = objection_term(at)
    notice = post(
        session,
        notices.CONVENTION_REPEAL_NOTICED,
        version,
        at,
        about_id=_about_repeal(session, version),
        term_ends_at=ends_at,
        resolution=resolution,
        reason=reason,
        data={"repeal_reason": reason, "repeal_resolution": resolution.name},
    )
    version.announce_repeal(reason, resolution, notice)
    record_move(session, version, "announce_repeal", by, at, reason=reason)
    return version


def withdraw_repeal(
    session: Session, convention: Convention, by: Resident, reason: str
) -> ConventionVersion:
    """Let a repeal that stands on the board go no further: the convention stays in force.

    Raises WrongState.
    """
    at = begin_move(session, convention.current)
    version = convention.current
    session.refresh(version)
    announced = version.repeal_notice
    version.withdraw_repeal()
    record_move(session, version, "withdraw_repeal", by, at, reason=reason)
    if announced is not None:
        end_notice(session, announced, notices.CONVENTION_REPEAL_NOTICED, version, at)
        post(
            session,
            notices.CONVENTION_REPEAL_WITHDRAWN,
            version,
            at,
            about_id=announced.id,
            reason=reason,
            data={"reason": reason},
        )
    return version


def _about_repeal(session: Session, version: ConventionVersion) -> UUID:
    """What a notice of its repeal is about: of a repeal after one that was withdrawn, an id of its
    own."""
    earlier = session.scalar(
        select(func.count())
        .select_from(AuditEntry)
        .where(AuditEntry.thing_id == version.id, AuditEntry.verb == "withdraw_repeal")
    )
    return uuid5(version.id, str(earlier)) if earlier else version.id
