"""借鉴: another compound begins a convention with the words of a published case."""

from uuid import UUID

from sqlalchemy.orm import Session

from app.cases.models import Case, CaseState, ConventionLineage
from app.cases.refusals import CaseHasNoConvention, CaseNotPublished, CaseOfSameCompound
from app.compounds.models import Compound
from app.conventions.drafting import draft_convention
from app.conventions.models import ConventionVersion, LegalType
from app.kit import locks
from app.kit.clock import read_database_clock
from app.people.models import Resident


def adopt_case(
    session: Session, compound: Compound, by: Resident, case_id: UUID
) -> ConventionVersion:
    """A draft with the clauses of the case, and its lineage.

    It names no resolution yet: a resolution of this compound comes before it is approved. Clauses
    that only the owners decide keep their item and are not active; the votes of others count for
    nothing here. Raises CaseNotPublished, CaseOfSameCompound, CaseHasNoConvention.
    """
    case = session.get(Case, case_id)
    if case is None:
        raise CaseNotPublished
    locks.hold_alone(session, case.matter_id)
    session.refresh(case)
    if case.state is not CaseState.PUBLISHED:
        raise CaseNotPublished
    if case.compound_id == compound.id:
        raise CaseOfSameCompound
    if case.version_id is None or case.snapshot is None:
        raise CaseHasNoConvention
    version = draft_convention(
        session,
        compound,
        by,
        legal_type=LegalType[case.snapshot["legal_type"]],
        title=case.snapshot["convention_title"],
        is_trial=case.snapshot["is_trial"],
        review_months=case.snapshot["review_months"],
        clauses=[{**clause, "resolution_id": None} for clause in case.clauses],
        resolution_ids=[],
        names_resolutions_later=True,
    )
    session.add(
        ConventionLineage(
            convention_id=version.convention_id,
            compound_id=compound.id,
            case=case,
            source_version_id=case.version_id,
            adopted_by_id=by.id,
            adopted_at=read_database_clock(session),
        )
    )
    session.flush()
    session.expire(case, ["adoptions"])
    return version
