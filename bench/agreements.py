"""What was agreed in a month: conventions in force, each with its clauses."""

from app.board.models import NoticeKind
from app.conventions.models import (
    Convention,
    ConventionResolution,
    ConventionVersion,
    LegalType,
    Opinion,
    VersionState,
)
from app.conventions.texts.clauses import Clause
from app.kit.orm import new_id
from bench.decade import DAY, WORDS, Decade, Session
from bench.works import share


def add_conventions(decade: Decade, session: Session, number: int) -> None:
    """The month's share of all conventions of the plan."""
    plan = decade.plan
    for index in range(share(plan.conventions, plan.sessions, number)):
        _convention(decade, session, index)


def _convention(decade: Decade, session: Session, index: int) -> None:
    rows, compound_id, at = decade.rows, decade.place.compound_id, decade.at
    convention_id = rows.add(
        Convention,
        compound_id=compound_id,
        legal_type=LegalType.SELF_DISCIPLINE,
        created_at=at,
    )
    version_id = new_id()
    notice_id = decade.notice(NoticeKind.CONVENTION_NOTICED, version_id, takes_objections=True)
    rows.add(
        ConventionVersion,
        id=version_id,
        convention_id=convention_id,
        compound_id=compound_id,
        number=1,
        state=VersionState.IN_FORCE,
        title="夜间停车公约",
        is_trial=False,
        review_months=12,
        drafted_by_id=decade.secretary,
        drafted_at=at,
        submissions=1,
        opinion=Opinion.APPROVED,
        reviewed_by_id=decade.voter(index),
        reviewed_at=at,
        voted_at=at,
        notice_id=notice_id,
        notice_ends_at=at + 7 * DAY,
        in_force_at=at + 7 * DAY,
        review_by=(at + 365 * DAY).date(),
    )
    for clause in range(decade.plan.clauses):
        rows.add(
            Clause,
            version_id=version_id,
            number=clause + 1,
            text=WORDS,
            is_active=True,
        )
    resolution_id = session.resolutions[index % len(session.resolutions)]
    rows.add(ConventionResolution, version_id=version_id, resolution_id=resolution_id)
    decade.notice(NoticeKind.CONVENTION_IN_FORCE, version_id)
    decade.move(ConventionVersion, version_id, "enter_force", VersionState.IN_FORCE)
