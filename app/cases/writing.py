"""Writing, publishing and withdrawing cases; every move holds the matter alone."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.board.posting import post
from app.cases import notices
from app.cases.models import Case, CaseState
from app.cases.personal_data import require_none
from app.cases.refusals import CaseExists, ConventionNotInForce, InvalidConvention, OwnCase
from app.cases.schemas import CaseFiguresSchema
from app.cases.search import normalised
from app.conventions.models import Convention, ConventionVersion
from app.evaluations.models import MatterEvaluation
from app.kit import locks
from app.kit.clock import read_database_clock
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id
from app.matters.models import Category, Matter, MatterState
from app.people.models import Resident
from app.resolutions.models import BINDING, Resolution
from app.works.orders.models import DONE, WorkOrder


def draft_case(session: Session, matter: Matter, by: Resident, /, **words: Any) -> Case:
    """Write a case of a solved matter.

    Without a `solution` it is told by the resolutions and the orders; without a `category` it is
    the matter's. Raises WrongState, CaseExists, InvalidConvention, PersonalData.
    """
    locks.hold_alone(session, matter.id)
    session.refresh(matter)
    matter.require_state(MatterState.CLOSED)
    live = select(Case.id).where(Case.matter_id == matter.id, Case.state != CaseState.WITHDRAWN)
    if session.scalar(live) is not None:
        raise CaseExists
    at = read_database_clock(session)
    case = Case(
        id=new_id(),
        compound_id=matter.compound_id,
        compound=matter.compound,
        matter=matter,
        state=CaseState.DRAFT,
        drafted_at=at,
    )
    _write(session, case, matter, by, **words)
    session.add(case)
    record_move(session, case, "draft", by, at)
    return case


def revise_case(session: Session, case: Case, by: Resident, /, **words: Any) -> None:
    """Write a draft anew. Raises WrongState, InvalidConvention, PersonalData."""
    at = begin_move(session, case)
    case.require_state(CaseState.DRAFT)
    _write(session, case, case.matter, by, **words)
    record_move(session, case, "revise", by, at)


def publish_case(session: Session, case: Case, by: Resident) -> None:
    """Review a case and put it in the library, with the convention in force and the figures of now.

    Raises WrongState, OwnCase, ConventionNotInForce, PersonalData.
    """
    at = begin_move(session, case)
    case.require_state(CaseState.DRAFT)
    if by.id == case.drafted_by_id:
        raise OwnCase
    version = None
    if case.convention_id is not None:
        # Its moves hold it alone too, so that what is copied is in force.
        locks.hold_alone(session, case.convention_id)
        convention = session.get_one(Convention, case.convention_id, populate_existing=True)
        version = convention.in_force
        if version is None:
            raise ConventionNotInForce
    snapshot = {"figures": _figures(session, case.matter_id), **_convention_data(version)}
    clauses = "\n".join(clause["text"] for clause in snapshot.get("clauses", []))
    words = _words(case)
    require_none({**words, "convention_id": clauses})
    case.publish(version, snapshot, by.id, at)
    case.search_text = normalised("\n".join([*words.values(), case.convention_name or "", clauses]))
    record_move(session, case, "publish", by, at)
    post(session, notices.CASE_PUBLISHED, case, at, data=snapshot)


def withdraw_case(session: Session, case: Case, by: Resident, reason: str) -> None:
    """Take a case out of the library, or give a draft up; its notice says so. Raises WrongState."""
    at = begin_move(session, case)
    case.withdraw(reason)
    record_move(session, case, "withdraw", by, at, reason=reason)


def _write(
    session: Session,
    case: Case,
    matter: Matter,
    by: Resident,
    *,
    title: str,
    problem: str,
    solution: str | None,
    category: Category | None,
    convention_id: UUID | None,
) -> None:
    if convention_id is not None:
        convention = session.get(Convention, convention_id)
        if convention is None or convention.compound_id != matter.compound_id:
            raise InvalidConvention
    case.revise(
        title=title,
        problem=problem,
        solution=solution or _what_was_done(session, matter),
        category=category or matter.category,
        convention_id=convention_id,
        by_id=by.id,
    )
    require_none(_words(case))


def _words(case: Case) -> dict[str, str]:
    return {"title": case.title, "problem": case.problem, "solution": case.solution}


def _what_was_done(session: Session, matter: Matter) -> str:
    """The texts of the resolutions, and the titles of the orders that were carried out; no names
    of those who did it."""
    decided = session.execute(
        select(Resolution.title, Resolution.text)
        .where(Resolution.matter_id == matter.id, Resolution.state.in_(BINDING))
        .order_by(Resolution.id)
    )
    lines = [f"决议「{title}」：{text}" for title, text in decided]
    titles = session.scalars(
        select(WorkOrder.title)
        .where(WorkOrder.matter_id == matter.id, WorkOrder.state.in_(DONE))
        .order_by(WorkOrder.number)
    ).all()
    if titles:
        lines.append(f"办理：{'；'.join(titles)}。")
    return "\n".join(lines) or "见问题说明。"


def _figures(session: Session, matter_id: UUID) -> dict[str, Any] | None:
    """What residents said when the matter was judged last; None where too few answered."""
    judged = session.scalar(
        select(MatterEvaluation)
        .where(MatterEvaluation.matter_id == matter_id)
        .order_by(MatterEvaluation.id.desc())
        .limit(1)
    )
    if judged is None or judged.people == 0 or not judged.result.is_told():
        return None
    figures: dict[str, Any] = CaseFiguresSchema().dump(judged.figures)
    return figures


def _convention_data(version: ConventionVersion | None) -> dict[str, Any]:
    if version is None:
        return {}
    return {
        "legal_type": version.legal_type.value,
        "convention_title": version.title,
        "name": version.name,
        "is_trial": version.is_trial,
        "review_months": version.review_months,
        "clauses": [
            {"text": clause.text, "owner_vote_item": clause.owner_vote_item}
            for clause in version.clauses
        ],
    }
