"""Obtaining cases on somebody's behalf."""

from uuid import UUID

from app.cases.models import Case, CaseState
from app.kit.errors import NotFound, found
from app.kit.extensions import db
from app.people.guards import current_actor
from app.people.models import Role

# Who sees what is not, or no longer, in the library.
EDITORS = (Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY)
READERS = (*EDITORS, Role.SUBDISTRICT_OFFICER, Role.AUDITOR)


def find_case(case_id: UUID) -> Case:
    """The case: one in the library for everybody, others for those who write and review them."""
    case = found(db.session.get(Case, case_id))
    is_seen = case.state is CaseState.PUBLISHED or not current_actor().roles_in(
        case.compound
    ).isdisjoint(READERS)
    if not is_seen:
        raise NotFound
    return case
