"""Obtaining conventions on somebody's behalf, and who may do what with which kind of them."""

from collections.abc import Set
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import aliased, contains_eager, selectinload

from app.conventions.models import Convention, ConventionVersion, LegalType, VersionState
from app.conventions.texts.clauses import Clause
from app.kit.errors import Forbidden, found
from app.kit.extensions import db
from app.people.guards import current_actor, obtain_compound
from app.people.models import Role

# A covenant is the owners' own: their committee may draft it too.
DRAFTERS: dict[LegalType, Set[Role]] = {
    LegalType.SELF_DISCIPLINE: {Role.BRANCH_SECRETARY},
    LegalType.RESIDENT_PACT: {Role.BRANCH_SECRETARY},
    LegalType.OWNER_COVENANT: {Role.BRANCH_SECRETARY, Role.OC_DIRECTOR},
}
REVIEWERS: dict[LegalType, Set[Role]] = {
    LegalType.SELF_DISCIPLINE: {Role.COMMUNITY_SECRETARY},
    LegalType.RESIDENT_PACT: {Role.SUBDISTRICT_OFFICER},
    LegalType.OWNER_COVENANT: {Role.SUBDISTRICT_OFFICER},
}

# Who may say that a version goes no further: those who wrote it, and those who review it.
WITHDRAWERS: dict[LegalType, Set[Role]] = {
    kind: DRAFTERS[kind] | REVIEWERS[kind] for kind in LegalType
}


def obtain_convention(
    convention_id: UUID, roles: dict[LegalType, Set[Role]] | None = None
) -> Convention:
    """The convention, for somebody whom the view's rule, and `roles` for its kind, allow."""
    convention = found(
        db.session.get(Convention, convention_id, options=[selectinload(Convention.versions)])
    )
    require_role(convention.compound_id, convention.legal_type, roles)
    return convention


def obtain_version(
    version_id: UUID, roles: dict[LegalType, Set[Role]] | None = None
) -> ConventionVersion:
    """The version, for somebody whom the view's rule, and `roles` for its kind, allow."""
    version = found(db.session.get(ConventionVersion, version_id))
    require_role(version.compound_id, version.legal_type, roles)
    return version


def obtain_clause(clause_id: UUID) -> tuple[ConventionVersion, Clause]:
    """The clause with its version, for somebody whom the view's rule allows."""
    clause = found(db.session.get(Clause, clause_id))
    return obtain_version(clause.version_id), clause


def require_role(
    compound_id: UUID, legal_type: LegalType, roles: dict[LegalType, Set[Role]] | None
) -> None:
    """Apply the view's rule, then the one of this kind of convention.

    Raises NotFound, Forbidden.
    """
    compound = obtain_compound(compound_id)
    if roles is not None and current_actor().roles_in(compound).isdisjoint(roles[legal_type]):
        raise Forbidden


def current_versions(
    compound_id: UUID, in_force: bool | None, review_due_by: date | None
) -> Select[Any]:
    """One version of each convention of a compound: the one in force, or else the newest.

    `in_force` asks for those in force or for the others, `review_due_by` for those in force whose
    review is due by that day.
    """
    is_in_force = ConventionVersion.state == VersionState.IN_FORCE
    other = aliased(ConventionVersion)
    goes_before = select(other.id).where(
        other.convention_id == ConventionVersion.convention_id,
        or_(other.state == VersionState.IN_FORCE, other.number > ConventionVersion.number),
    )
    query = (
        select(ConventionVersion)
        .join(ConventionVersion.convention)
        .options(contains_eager(ConventionVersion.convention))
        .where(
            ConventionVersion.compound_id == compound_id, or_(is_in_force, ~goes_before.exists())
        )
    )
    if in_force is not None:
        query = query.where(is_in_force if in_force else ~is_in_force)
    if review_due_by is not None:
        query = query.where(is_in_force, ConventionVersion.review_by <= review_due_by)
    return query


def as_listed(version: ConventionVersion) -> dict[str, Any]:
    """The convention of a current version as `ConventionBriefSchema` writes it."""
    return {
        "id": version.convention_id,
        "compound_id": version.compound_id,
        "legal_type": version.legal_type,
        "title": version.title,
        "current": version,
    }
