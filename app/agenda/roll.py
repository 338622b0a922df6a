"""Who may vote in a session (R1 of the 5-3-1 rules)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, insert, literal, or_, select
from sqlalchemy.orm import Session

from app.agenda.models import AdmissionReason, AgendaSession, RollEntry
from app.agenda.refusals import IneligibleVoter
from app.compounds.models import Compound
from app.kit.audit import record
from app.kit.clock import local_date
from app.kit.orm import enum_type, table_of
from app.people.actor import STAFF
from app.people.models import ADULT_AGE, Appointment, Residence, ResidenceState, Resident


@dataclass(frozen=True)
class Participation:
    """How many may vote and how many did."""

    roll: int
    returned: int


def adults_born_until(day: date) -> date:
    """Whoever was born on this day or before is 18 or older on `day`."""
    year = day.year - ADULT_AGE
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February of a leap year, 18 years after a common one
        return date(year, 2, 28)


def eligible_voters(
    compound: Compound, day: date, staff_since: datetime | None = None
) -> Select[UUID]:
    """Ids of verified adult residents of the compound on `day`, staff left out (R1).

    With `staff_since`, whoever was staff at any time from then on is left out too, so that laying
    an office down for a day gives no vote.
    """
    first_day = day if staff_since is None else local_date(staff_since)
    still_held: ColumnElement[bool] = Appointment.ended_at.is_(None)
    if staff_since is not None:
        still_held = or_(still_held, Appointment.ended_at > staff_since)
    holds_staff_office = (
        select(Appointment.id)
        .where(
            Appointment.resident_id == Resident.id,
            Appointment.role.in_(STAFF),
            or_(
                Appointment.compound_id == compound.id,
                Appointment.community_id == compound.community_id,
                Appointment.subdistrict_id == compound.subdistrict_id,
            ),
            Appointment.since <= day,
            or_(Appointment.until.is_(None), Appointment.until > first_day),
            still_held,
        )
        .exists()
    )
    return (
        select(Resident.id)
        .join(Residence, Residence.resident_id == Resident.id)
        .where(
            Residence.compound_id == compound.id,
            Residence.state == ResidenceState.VERIFIED,
            Resident.birth_date <= adults_born_until(day),
            ~holds_staff_office,
        )
    )


def write_roster(
    session: Session, agenda_session: AgendaSession, voters: Collection[UUID], day: date
) -> None:
    """Put these people, and nobody else, on the roll. Raises IneligibleVoter."""
    wanted = set(voters)
    query = eligible_voters(agenda_session.compound, day).where(Resident.id.in_(wanted))
    if len(session.scalars(query).all()) != len(wanted):
        raise IneligibleVoter
    session.execute(delete(table_of(RollEntry)).where(RollEntry.session_id == agenda_session.id))
    session.add_all(
        RollEntry(
            compound_id=agenda_session.compound_id,
            session_id=agenda_session.id,
            resident_id=voter,
            admitted_on=day,
            admitted_why=AdmissionReason.ROSTER,
        )
        for voter in sorted(wanted)
    )


def admit_eligible(
    session: Session,
    agenda_session: AgendaSession,
    at: datetime,
    why: AdmissionReason,
    only: UUID | None = None,
) -> None:
    """Add all who are eligible at `at` (or only this one) and not on the roll yet."""
    day = local_date(at)
    opened_at = min(at, agenda_session.voting_opens_at)
    voters = eligible_voters(agenda_session.compound, day, opened_at).where(
        Residence.decided_at <= at
    )
    already = select(RollEntry.resident_id).where(
        RollEntry.compound_id == agenda_session.compound_id,
        RollEntry.session_id == agenda_session.id,
    )
    if only is not None:
        voters = voters.where(Resident.id == only)
    table = table_of(RollEntry)
    rows = voters.where(Resident.id.not_in(already)).with_only_columns(
        literal(agenda_session.compound_id, table.c.compound_id.type),
        literal(agenda_session.id, table.c.session_id.type),
        Resident.id,
        literal(day, table.c.admitted_on.type),
        literal(why, enum_type(AdmissionReason, "admitted_why")),
    )
    columns = ["compound_id", "session_id", "resident_id", "admitted_on", "admitted_why"]
    session.execute(insert(table).from_select(columns, rows))


def strike_ineligible(session: Session, agenda_session: AgendaSession, at: datetime) -> None:
    """Take off a roster whoever may not vote on the day voting opens: who came of age later than
    planned for, moved away, or became staff since the roll was written. Each one is logged."""
    eligible = set(session.scalars(eligible_voters(agenda_session.compound, local_date(at))))
    entries = session.scalars(select(RollEntry).where(RollEntry.session_id == agenda_session.id))
    for entry in entries.all():
        if entry.resident_id not in eligible:
            session.delete(entry)
            struck = str(entry.resident_id)
            record(session, agenda_session, "strike_from_roll", None, at, reason=struck)


def participation(session: Session, session_ids: Collection[UUID]) -> dict[UUID, Participation]:
    """Roll and returned ballots of each of these sessions, from one index."""
    rows = session.execute(
        select(
            RollEntry.session_id,
            func.count(RollEntry.resident_id),
            func.count(RollEntry.voted_on),
        )
        .where(RollEntry.session_id.in_(session_ids))
        .group_by(RollEntry.session_id)
    )
    found = {session_id: Participation(roll, returned) for session_id, roll, returned in rows}
    return {each: found.get(each, Participation(0, 0)) for each in session_ids}
