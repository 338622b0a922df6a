"""URLs of reports: figures as JSON and as tables."""

from typing import Any
from uuid import UUID

from flask import Response, current_app

from app.agenda.models import AgendaSession
from app.compounds.models import Compound
from app.evaluations.access import is_officer_of
from app.kit import clock
from app.kit.extensions import db
from app.kit.web.api import Blueprint
from app.people.guards import (
    EVERYONE_THERE,
    allow,
    obtain,
    obtain_community,
    obtain_compound,
    obtain_subdistrict,
)
from app.people.models import Role
from app.reports.figures import figures_of_place, figures_of_session
from app.reports.schemas import FiguresArgs, FiguresSchema, period_of
from app.reports.scopes import Place
from app.reports.sheet import sheet_of

blp = Blueprint("reports", __name__, description="数据 · Figures")

# Those who answer for a community or look over it.
COMMUNITY_READERS = (Role.COMMUNITY_SECRETARY, Role.SUBDISTRICT_OFFICER, Role.AUDITOR)
SUBDISTRICT_READERS = (Role.SUBDISTRICT_OFFICER, Role.AUDITOR)
CSV = "text/csv"


@blp.get("/sessions/<uuid:session_id>/figures", FiguresSchema)
@allow(*EVERYONE_THERE)
def read_session_figures(session_id: UUID) -> dict[str, Any]:
    """一期的数据 · Figures of what has resulted from a session so far."""
    return _session_figures(session_id)


@blp.get("/sessions/<uuid:session_id>/figures.csv")
@allow(*EVERYONE_THERE)
@blp.response(200, {"type": "string"}, content_type=CSV)
def read_session_sheet(session_id: UUID) -> Response:
    """一期的数据表 · The same figures as a table (CSV)."""
    return _sheet(_session_figures(session_id))


@blp.get("/compounds/<uuid:compound_id>/figures", FiguresSchema)
@allow(*EVERYONE_THERE)
@blp.arguments(FiguresArgs, location="query")
def read_compound_figures(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """小区数据 · Figures of a compound in a month or a year."""
    return _figures(obtain_compound(compound_id), args)


@blp.get("/compounds/<uuid:compound_id>/figures.csv")
@allow(*EVERYONE_THERE)
@blp.arguments(FiguresArgs, location="query")
@blp.response(200, {"type": "string"}, content_type=CSV)
def read_compound_sheet(args: dict[str, Any], compound_id: UUID) -> Response:
    """小区数据表 · The same figures as a table (CSV)."""
    return _sheet(_figures(obtain_compound(compound_id), args))


@blp.get("/communities/<uuid:community_id>/figures", FiguresSchema)
@allow(*COMMUNITY_READERS)
@blp.arguments(FiguresArgs, location="query")
def read_community_figures(args: dict[str, Any], community_id: UUID) -> dict[str, Any]:
    """社区数据 · Figures of a community in a month or a year."""
    return _figures(obtain_community(community_id), args)


@blp.get("/communities/<uuid:community_id>/figures.csv")
@allow(*COMMUNITY_READERS)
@blp.arguments(FiguresArgs, location="query")
@blp.response(200, {"type": "string"}, content_type=CSV)
def read_community_sheet(args: dict[str, Any], community_id: UUID) -> Response:
    """社区数据表 · The same figures as a table (CSV)."""
    return _sheet(_figures(obtain_community(community_id), args))


@blp.get("/subdistricts/<uuid:subdistrict_id>/figures", FiguresSchema)
@allow(*SUBDISTRICT_READERS)
@blp.arguments(FiguresArgs, location="query")
def read_subdistrict_figures(args: dict[str, Any], subdistrict_id: UUID) -> dict[str, Any]:
    """街道数据 · Figures of a subdistrict in a month or a year."""
    return _figures(obtain_subdistrict(subdistrict_id), args)


@blp.get("/subdistricts/<uuid:subdistrict_id>/figures.csv")
@allow(*SUBDISTRICT_READERS)
@blp.arguments(FiguresArgs, location="query")
@blp.response(200, {"type": "string"}, content_type=CSV)
def read_subdistrict_sheet(args: dict[str, Any], subdistrict_id: UUID) -> Response:
    """街道数据表 · The same figures as a table (CSV)."""
    return _sheet(_figures(obtain_subdistrict(subdistrict_id), args))


def _figures(place: Place, args: dict[str, str]) -> dict[str, Any]:
    today = clock.local_date(clock.now()).isoformat()
    # Above a compound only officers read figures.
    to_officer = not isinstance(place, Compound) or is_officer_of(place)
    period = period_of(args, today)
    return figures_of_place(db.session(), place, period, to_officer=to_officer)


def _session_figures(session_id: UUID) -> dict[str, Any]:
    agenda_session = obtain(AgendaSession, session_id)
    to_officer = is_officer_of(agenda_session.compound)
    return figures_of_session(db.session(), agenda_session, to_officer=to_officer)


def _sheet(figures: dict[str, Any]) -> Response:
    period = figures["period"]
    name = f"figures-{figures['about']['kind']}{'' if period is None else '-' + period.label}.csv"
    return current_app.response_class(
        sheet_of(figures),
        mimetype=CSV,
        headers={
            "Content-Disposition": f"attachment; filename={name}",
            "Cache-Control": "private, no-cache",
        },
    )
