"""Objections to a notice: raised within its term, each answered once."""

from collections.abc import Collection, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.board.models import NoticeKind, Objection, PublicNotice
from app.board.recounting import CountedTerm
from app.kit.audit import record
from app.kit.calendar.terms import add_working_days, notice_end
from app.kit.clock import read_database_clock
from app.kit.due import NOW
from app.kit.orm import new_id
from app.people.models import Resident, Role

NOTICE_DAYS = 7  # domain notes, section 8.1: our proposal
ANSWER_WORKING_DAYS = 3
# Where it is not the branch.
ANSWERERS = {NoticeKind.RATING_NOTICED: frozenset({Role.COMMUNITY_SECRETARY})}
BRANCH = frozenset({Role.BRANCH_SECRETARY})
COUNTED_TERMS = (CountedTerm(Objection.answer_due_at, Objection.answered_at.is_(None)),)


@dataclass(frozen=True)
class ObjectionCount:
    """How many objections a notice met, and how many of them are answered."""

    raised: int = 0
    answered: int = 0


def answerers_of(kind: NoticeKind) -> Set[Role]:
    """Who answers objections to a notice of this kind."""
    return ANSWERERS.get(kind, BRANCH)


def objection_term(posted_at: datetime) -> datetime:
    """When a notice posted now stops taking objections, as `app.kit.calendar.terms.notice_end`
    counts."""
    return notice_end(posted_at, NOTICE_DAYS)


def raise_objection(session: Session, notice: PublicNotice, by: Resident, text: str) -> Objection:
    """Object to a notice within its term; the caller holds its row.

    The database's clock decides. Raises WrongState, TakesNoObjections, ObjectionTermOver.
    """
    at = read_database_clock(session)
    notice.require_in_term(at)
    objection = Objection(
        id=new_id(),
        notice_id=notice.id,
        compound_id=notice.compound_id,
        resident=by,
        text=text,
        raised_at=at,
        answer_due_at=add_working_days(at, ANSWER_WORKING_DAYS),
    )
    session.add(objection)
    record(session, objection, "raise", by, at, to_state="RAISED")
    return objection


def answer_objection(session: Session, objection: Objection, by: Resident, answer: str) -> None:
    """Answer an objection, once, also when its answer is overdue. Raises WrongState."""
    at = read_database_clock(session)
    objection.give_answer(answer, by.id, at)
    record(session, objection, "answer", by, at, from_state="RAISED", to_state="ANSWERED")


def is_contested(notice_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Whether an objection to this notice waits for its answer, as part of a statement."""
    return (
        select(Objection.id)
        .where(Objection.notice_id == notice_id, Objection.answered_at.is_(None))
        .exists()
    )


def is_settled(
    notice_id: InstrumentedAttribute[Any], ends_at: InstrumentedAttribute[Any]
) -> ColumnElement[bool]:
    """`settled_at` as part of a statement, by `NOW`: the term is over and nothing is open."""
    return and_(ends_at <= NOW, ~is_contested(notice_id))


def settled_at(
    session: Session, notice_ids: Collection[UUID], ends_at: datetime, at: datetime
) -> datetime | None:
    """When notices that end together were settled: at their end, or with the last answer to an
    objection where that came later (domain notes, section 7). None while they run or an objection
    is open. Their rows are held until the transaction ends.
    """
    # Whoever objects at the last moment holds the notice's row; wait for them.
    session.scalars(
        select(PublicNotice.id)
        .where(PublicNotice.id.in_(notice_ids))
        .order_by(PublicNotice.id)
        .with_for_update(of=PublicNotice, key_share=True)
    ).all()
    raised, answered, last_answer = session.execute(
        select(
            func.count(),
            func.count(Objection.answered_at),
            func.max(Objection.answered_at, type_=Objection.answered_at.type),
        ).where(Objection.notice_id.in_(notice_ids))
    ).one()
    if at < ends_at or answered < raised:
        return None
    return max(ends_at, last_answer or ends_at)


def count_objections(session: Session, notice_ids: Collection[UUID]) -> dict[UUID, ObjectionCount]:
    """The objections to each of these notices; notices without any are left out."""
    rows = session.execute(
        select(Objection.notice_id, func.count(Objection.id), func.count(Objection.answered_at))
        .where(Objection.notice_id.in_(notice_ids))
        .group_by(Objection.notice_id)
    )
    return {notice_id: ObjectionCount(raised, answered) for notice_id, raised, answered in rows}
