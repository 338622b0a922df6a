"""回头看: the session is evaluated, and closed when it is known what became of its matters."""

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.agenda.models import AgendaItem, AgendaSession, SessionState
from app.board.posting import post
from app.deliberation.agenda import hold_chosen_matters
from app.evaluations import notices, refusals
from app.evaluations.rates import rates_of, read_works, scope_of_session
from app.evaluations.schemas import FourRatesSchema
from app.kit.moves import begin_move, record_move
from app.matters.models import MatterState
from app.people.models import Resident
from app.resolutions.models import Resolution, ResolutionState

# What the session itself need not wait for.
KNOWN = frozenset(
    {MatterState.CLOSED, MatterState.REOPENED, MatterState.SHELVED, MatterState.OWNER_VOTE}
)


def start_evaluation(session: Session, agenda_session: AgendaSession, by: Resident) -> None:
    """回头看: look again at what was carried out; without any order, where there was nothing to.

    Raises WrongState, MattersAreOpen.
    """
    at = begin_move(session, agenda_session)
    from_state = agenda_session.state
    matters = hold_chosen_matters(session, agenda_session.id)
    if from_state is SessionState.RESOLVED and any(
        each.state is MatterState.RESOLVED for each in matters
    ):
        raise refusals.MattersAreOpen(zh="还有决议没有派单", en="Some resolution has no order yet")
    agenda_session.start_evaluation()
    record_move(session, agenda_session, "start_evaluation", by, at)
    post(
        session,
        notices.LOOK_BACK_STARTED,
        agenda_session,
        at,
        matters=matters,
        data={"matters": notices.ChosenMatterData(many=True).dump(matters)},
    )


def close_session(session: Session, agenda_session: AgendaSession, by: Resident) -> None:
    """End the session when its resolutions are published and it is known what became of each
    chosen matter, or that there is none; the four rates go on the board with it.

    Raises WrongState, MattersAreOpen, ResolutionNotPublished.
    """
    at = begin_move(session, agenda_session)
    matters = hold_chosen_matters(session, agenda_session.id)
    ends_here = () if matters else (SessionState.TALLIED,)
    agenda_session.require_state(SessionState.RESOLVED, SessionState.EVALUATING, *ends_here)
    taken_over = _taken_over(session, agenda_session)
    if {each.id for each in matters if each.state not in KNOWN} - taken_over:
        raise refusals.MattersAreOpen
    _require_published(session, agenda_session)
    agenda_session.close()
    record_move(session, agenda_session, "close", by, at)
    rates = rates_of(read_works(session, scope_of_session(agenda_session), at)).told()
    post(
        session,
        notices.SESSION_CLOSED,
        agenda_session,
        at,
        matters=matters,
        rates=rates,
        taken_over=taken_over,
        data={
            "matters": notices.ChosenMatterData(many=True).dump(matters),
            "rates": FourRatesSchema().dump(rates),
        },
    )


def _require_published(session: Session, agenda_session: AgendaSession) -> None:
    passed = select(Resolution.id).where(
        Resolution.session_id == agenda_session.id, Resolution.state == ResolutionState.PASSED
    )
    if session.scalar(select(passed.exists())):
        raise refusals.ResolutionNotPublished


def _taken_over(session: Session, agenda_session: AgendaSession) -> set[object]:
    """Matters of the session that stand on the list of a later one."""
    later = aliased(AgendaItem)
    query = (
        select(later.matter_id)
        .join(AgendaItem, AgendaItem.matter_id == later.matter_id)
        .join(AgendaSession, later.session_id == AgendaSession.id)
        .where(
            AgendaItem.session_id == agenda_session.id,
            AgendaSession.created_at > agenda_session.created_at,
        )
    )
    return set(session.scalars(query))
