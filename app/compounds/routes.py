"""URLs of places and of their registers."""

from uuid import UUID

from flask import current_app, request
from werkzeug.datastructures import FileStorage

from app.compounds import schemas, services
from app.compounds.models import Community, Compound, RegisterImport
from app.compounds.refusals import RegisterRefused, UnreadableRegister
from app.confined.calls import Confined
from app.confined.refusals import REFUSALS as CONFINED
from app.kit import clock
from app.kit.errors import found
from app.kit.extensions import db
from app.kit.web.api import Blueprint
from app.kit.web.idempotency import made_before
from app.people.guards import (
    allow,
    ask_again,
    create_once,
    current_actor,
    obtain_compound,
    signed_in,
)
from app.people.models import Role

blp = Blueprint(
    "compounds", __name__, description="社区、小区与房屋登记册 · Places and the register"
)

MAX_REGISTER_BYTES = 4 * 1024 * 1024


@blp.before_request
def allow_larger_registers() -> None:
    """A register may be larger than any other body."""
    if request.endpoint == f"{blp.name}.{import_register.__name__}":
        request.max_content_length = MAX_REGISTER_BYTES


@blp.get("/communities/<uuid:community_id>", schemas.CommunitySchema)
@signed_in
def read_community(community_id: UUID) -> Community:
    """社区 · One community."""
    return found(db.session.get(Community, community_id))


@blp.get("/communities/<uuid:community_id>/compounds", schemas.CompoundSchema(many=True))
@signed_in
def list_compounds(community_id: UUID) -> list[Compound]:
    """社区的小区 · The present compounds of a community, by name."""
    community = found(db.session.get(Community, community_id))
    query = db.select(Compound).where(
        Compound.community_id == community.id, Compound.until.is_(None)
    )
    return list(db.session.scalars(query.order_by(Compound.name)))


@blp.get("/compounds/<uuid:compound_id>", schemas.CompoundSchema)
@signed_in
def read_compound(compound_id: UUID) -> Compound:
    """小区 · One compound."""
    return found(db.session.get(Compound, compound_id))


@blp.post("/compounds/<uuid:compound_id>/register-imports", schemas.RegisterImportSchema)
@allow(Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY)
@blp.arguments(schemas.RegisterFileArgs, location="files")
@blp.creates(UnreadableRegister, RegisterRefused, *CONFINED)
def import_register(files: dict[str, FileStorage], compound_id: UUID) -> RegisterImport:
    """导入房屋登记册 · Import a register of units (CSV or XLSX): all of its rows, or none."""
    obtain_compound(compound_id)
    made = made_before(RegisterImport, current_actor().id)
    if made is not None:
        return made
    # A large file takes seconds to read, and on SQLite nobody else could write meanwhile: this
    # transaction ends here, and the one that adds the rows asks for everything again.
    db.session.rollback()
    confined: Confined = current_app.extensions["confined"]
    file = files["file"]
    with confined.slot():
        register = services.read_units(confined, file.read(), file.filename or "")
        actor, compound, at = ask_again(), obtain_compound(compound_id), clock.now()
        return create_once(
            RegisterImport,
            lambda: services.import_register(
                db.session(), compound, register, by_id=actor.id, at=at
            ),
        )


@blp.get("/register-imports/<uuid:import_id>", schemas.RegisterImportSchema)
@allow(Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY, Role.AUDITOR)
def read_register_import(import_id: UUID) -> RegisterImport:
    """导入报告 · The report of an earlier import."""
    register_import = found(db.session.get(RegisterImport, import_id))
    obtain_compound(register_import.compound_id)
    return register_import
