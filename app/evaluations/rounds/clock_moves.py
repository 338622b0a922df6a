"""Evaluation rounds follow the clock: one closes when its time is over, before anybody reads or
writes what hangs on it; `flask finalise` does it for what nobody touches.
"""

import logging
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession
from app.evaluations.rounds.asking import close_round
from app.evaluations.rounds.models import EvaluationRound, RoundState
from app.kit import clock
from app.kit.errors import DomainError
from app.kit.extensions import db

log = logging.getLogger(__name__)


def due_rounds(session: Session, *scope: ColumnElement[bool]) -> list[UUID]:
    """Ids of rounds that the clock has reached, within `scope`."""
    return list(session.scalars(due_query(*scope).order_by(EvaluationRound.id)))


def due_query(*scope: ColumnElement[bool]) -> Select[UUID]:
    """What `due_rounds` reads, in no order, for who asks for other things with it."""
    return select(EvaluationRound.id).where(
        EvaluationRound.state == RoundState.OPEN, EvaluationRound.closes_at <= clock.now(), *scope
    )


def close_rounds(session: Session, ids: list[UUID]) -> None:
    """Close each of these rounds, in a commit of its own."""
    for round_id in ids:
        # A reading request may hold a transaction that cannot write; begin a new one.
        session.rollback()
        try:
            close_round(session, session.get_one(EvaluationRound, round_id))
            session.commit()
        except (DomainError, DBAPIError) as error:
            # Somebody must look at this round; it takes no answers any more, and others go on.
            log.critical("round %s cannot be closed: %s", round_id, type(error).__name__)
            session.rollback()


def close_round_of_matter_before_request() -> None:
    """The one matter that the request is about follows from its round first, if that is over."""
    matter_id = (request.view_args or {}).get("matter_id")
    if matter_id is not None:
        due = due_rounds(db.session(), EvaluationRound.subject_id == matter_id)
        close_rounds(db.session(), due)


def close_rounds_before_request() -> None:
    """What the request is about to read or write is brought up to date first; the board, which
    phones poll, follows with the first who asks."""
    scope = _scope(request.view_args or {})
    if scope is not None:
        close_rounds(db.session(), due_rounds(db.session(), scope))


def _scope(args: dict[str, Any]) -> ColumnElement[bool] | None:
    """Which rounds the request's address is about, if any."""
    if "session_id" in args:
        home = select(AgendaSession.compound_id).where(AgendaSession.id == args["session_id"])
        return EvaluationRound.compound_id == home.scalar_subquery()
    columns = {
        "round_id": EvaluationRound.id,
        "matter_id": EvaluationRound.subject_id,
        "convention_id": EvaluationRound.subject_id,
        "compound_id": EvaluationRound.compound_id,
    }
    scope: ColumnElement[bool] | None = None
    for name in columns.keys() & args.keys():
        scope = columns[name] == args[name]
    return scope
