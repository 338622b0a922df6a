"""What the clock is to move is moved before a report reads it.

One statement asks for all that is due at the matter or the place of the request. Sessions follow
the clock before every request that names them; a subdistrict, which spans many, with
`flask finalise`.
"""

from typing import Any

from flask import request
from sqlalchemy import ColumnElement, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from app.agenda.models import AgendaSession
from app.compounds.models import Community, Compound
from app.conventions.clock_moves import due_query as due_versions
from app.conventions.clock_moves import follow_notices
from app.conventions.models import ConventionVersion
from app.evaluations.rounds.clock_moves import close_rounds
from app.evaluations.rounds.clock_moves import due_query as due_rounds
from app.evaluations.rounds.models import EvaluationRound
from app.kit.extensions import db
from app.matters.models import Matter
from app.resolutions.clock_moves import due_query as due_resolutions
from app.resolutions.clock_moves import take_effect_all
from app.resolutions.models import Resolution

MOVES = {
    "resolution": (due_resolutions, Resolution.compound_id, take_effect_all),
    "version": (due_versions, ConventionVersion.compound_id, follow_notices),
    "round": (due_rounds, EvaluationRound.compound_id, close_rounds),
}


def follow_terms_before_request() -> None:
    """Resolutions and conventions follow their notices, and rounds close, before they are told."""
    args = request.view_args or {}
    queries = [
        due(_is_there(column, args)).add_columns(literal(kind))
        for kind, (due, column, _) in MOVES.items()
    ]
    found = sorted((kind, id_) for id_, kind in db.session.execute(union_all(*queries)))
    for kind, (_, _, follow) in MOVES.items():
        follow(db.session(), [id_ for kind_, id_ in found if kind_ == kind])


def _is_there(column: InstrumentedAttribute[Any], args: dict[str, Any]) -> ColumnElement[bool]:
    """Whether the thing lies in the place of the request's address."""
    homes = {
        "matter_id": select(Matter.compound_id).where(Matter.id == args.get("matter_id")),
        "session_id": select(AgendaSession.compound_id).where(
            AgendaSession.id == args.get("session_id")
        ),
        "community_id": select(Compound.id).where(
            Compound.community_id == args.get("community_id")
        ),
        "subdistrict_id": select(Compound.id)
        .join(Compound.community)
        .where(Community.subdistrict_id == args.get("subdistrict_id")),
    }
    for name, home in homes.items():
        if name in args:
            inside: ColumnElement[bool] = column.in_(home)
            return inside
    is_it: ColumnElement[bool] = column == args["compound_id"]
    return is_it
