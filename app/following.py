"""All that follows the clock, in the order in which it moves, and what ids in addresses name."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.agenda.models import AgendaSession
from app.ballots import due as ballots
from app.ballots.paper.slips import PaperBatch
from app.board.models import Objection, PublicNotice
from app.cases.models import Case
from app.compounds.models import Community, Compound
from app.conventions.due import CONVENTIONS
from app.conventions.models import Convention, ConventionVersion
from app.conventions.texts.clauses import Clause
from app.deliberation.models import SolutionCard
from app.evaluations.rounds.due import ROUNDS
from app.evaluations.rounds.models import EvaluationRound
from app.kit.due import ID, Home, Register, home_of
from app.matters.models import Matter
from app.people.models import Appointment, Residence
from app.rating_lists.due import RATING_LISTS
from app.rating_lists.models import RatingEntry, RatingList
from app.resolutions import due as resolutions
from app.resolutions.models import Resolution
from app.works.due import ORDERS, WHISTLES
from app.works.orders.models import WorkOrder
from app.works.whistles.models import Whistle

# Resolutions before conventions, which rest on them.
TERMS = (
    ballots.SESSIONS,
    resolutions.RESOLUTIONS,
    ORDERS,
    WHISTLES,
    CONVENTIONS,
    ROUNDS,
    RATING_LISTS,
)
# Keys first: a vote whose key is lost for good is void, and no longer due to close.
DUE = (ballots.MISSED_KEYS, resolutions.MISSED_KEYS, *TERMS)

# These ask in their own statement whether a move is due, and follow if one is.
ASK_THEMSELVES = frozenset({"ballots.cast_ballot", "ballots.read_turnout", "ballots.read_result"})

_version = aliased(ConventionVersion)
_in_community = select(Compound.id).where(Compound.community_id == ID)
_in_subdistrict = select(Compound.id).join(Compound.community).where(Community.subdistrict_id == ID)
HOMES: Mapping[str, Home] = {
    "compound_id": ID,
    "compounds": ID,
    "community_id": _in_community,
    "communities": _in_community,
    "subdistrict_id": _in_subdistrict,
    "subdistricts": _in_subdistrict,
    "appointment_id": home_of(Appointment),
    "residence_id": home_of(Residence),
    "matter_id": home_of(Matter),
    "session_id": home_of(AgendaSession),
    "batch_id": home_of(PaperBatch),
    "card_id": home_of(SolutionCard),
    "resolution_id": home_of(Resolution),
    "order_id": home_of(WorkOrder),
    "whistle_id": home_of(Whistle),
    "convention_id": home_of(Convention),
    "version_id": home_of(ConventionVersion),
    "clause_id": select(_version.compound_id)
    .join(Clause, Clause.version_id == _version.id)
    .where(Clause.id == ID)
    .scalar_subquery(),
    "round_id": home_of(EvaluationRound),
    "case_id": home_of(Case),
    "list_id": select(Compound.id)
    .join(RatingList, RatingList.community_id == Compound.community_id)
    .where(RatingList.id == ID),
    "entry_id": home_of(RatingEntry),
    "notice_id": home_of(PublicNotice),
    "objection_id": home_of(Objection),
}
REGISTER = Register(DUE, HOMES, Compound)
