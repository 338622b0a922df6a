"""What can be done with people: join, claim a residence, verify or refuse it, appoint."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.compounds.models import Building, Community, Compound, Entrance, Unit
from app.compounds.names import plain_name
from app.kit.audit import record
from app.kit.clock import local_date
from app.kit.errors import Forbidden
from app.kit.moves import record_move
from app.people import refusals
from app.people.models import Appointment, Relation, Residence, ResidenceState, Resident, Role
from app.wechat.client import WeChatIdentity

COMPOUND_OFFICES = frozenset(
    {
        Role.RESIDENT_REP,
        Role.BUILDING_HEAD,
        Role.GRID_WORKER,
        Role.BRANCH_SECRETARY,
        Role.OC_DIRECTOR,
        Role.PROPERTY_MANAGER,
        Role.SEATED_MEMBER,
        Role.AUDITOR,
    }
)
COMMUNITY_OFFICES = frozenset({Role.COMMUNITY_SECRETARY, Role.GRID_WORKER, Role.AUDITOR})

# Who may hand out which office where: never one's own rank, except by the level above.
MAY_APPOINT_IN_COMPOUND: dict[Role, frozenset[Role]] = {
    Role.BRANCH_SECRETARY: frozenset(
        {
            Role.RESIDENT_REP,
            Role.BUILDING_HEAD,
            Role.OC_DIRECTOR,
            Role.PROPERTY_MANAGER,
            Role.SEATED_MEMBER,
        }
    ),
    Role.COMMUNITY_SECRETARY: COMPOUND_OFFICES,
    Role.SUBDISTRICT_OFFICER: COMPOUND_OFFICES,
}
MAY_APPOINT_IN_COMMUNITY: dict[Role, frozenset[Role]] = {
    Role.SUBDISTRICT_OFFICER: COMMUNITY_OFFICES,
}


def join(session: Session, identity: WeChatIdentity, at: datetime) -> Resident:
    """The resident with this WeChat account, made at the first login."""
    resident = _by_openid(session, identity.openid)
    if resident is None:
        resident = Resident(openid=identity.openid, joined_at=at)
        try:
            with session.begin_nested():
                session.add(resident)
        except IntegrityError:  # the same person's other login was first
            resident = _by_openid(session, identity.openid)
            if resident is None:
                raise
    # The unionid may be missing at first and come later (vendor notes, section 2).
    resident.unionid = identity.unionid or resident.unionid
    return resident


def _by_openid(session: Session, openid: str) -> Resident | None:
    return session.scalar(select(Resident).where(Resident.openid == openid))


def update_profile(
    resident: Resident,
    *,
    is_verified: bool,
    at: datetime,
    name: str | None = None,
    birth_date: date | None = None,
) -> Resident:
    """Set one's own name and birth date; a verified birth date stays as it is."""
    if name is not None:
        resident.name = name
    if birth_date is not None and birth_date != resident.birth_date:
        if is_verified:
            raise refusals.BirthDateConfirmed
        resident.birth_date = _credible(birth_date, at)
    return resident


def claim_residence(
    session: Session,
    resident: Resident,
    compound: Compound,
    *,
    building: str,
    entrance: str,
    unit: str,
    relation: Relation,
    at: datetime,
) -> Residence:
    """State that one lives in a unit of the register. Raises UnknownUnit, AlreadyClaimed."""
    found = session.scalar(
        select(Unit)
        .join(Entrance, Unit.entrance_id == Entrance.id)
        .join(Building, Entrance.building_id == Building.id)
        .where(
            Unit.compound_id == compound.id,
            Building.name == plain_name(building),
            Entrance.name == plain_name(entrance),
            Unit.name == plain_name(unit),
            Unit.until.is_(None),
        )
    )
    if found is None:
        raise refusals.UnknownUnit
    verified = _verified_residence(session, resident.id)
    if verified is not None and verified.unit_id == found.id:
        raise refusals.AlreadyClaimed
    residence = Residence(
        resident=resident,
        compound=compound,
        unit=found,
        relation=relation,
        state=ResidenceState.CLAIMED,
        claimed_at=at,
    )
    try:
        with session.begin_nested():
            session.add(residence)
    except IntegrityError:
        raise refusals.AlreadyClaimed from None
    record_move(session, residence, "claim", resident, at)
    return residence


def verify_residence(
    session: Session, residence: Residence, by: Resident, at: datetime, birth_date: date | None
) -> None:
    """Confirm a claim; a person lives in one place, so an earlier residence ends.

    The verifier sees the papers, so a birth date given here replaces what the resident wrote, also
    where the residence has been verified already.
    """
    if residence.resident_id == by.id:
        raise refusals.OwnClaim
    if birth_date is not None:
        residence.resident.birth_date = _credible(birth_date, at)
        if residence.state is ResidenceState.VERIFIED:
            record_move(session, residence, "correct_birth_date", by, at)
            return
    earlier = _verified_residence(session, residence.resident_id)
    if residence.state is ResidenceState.CLAIMED and earlier is not None:
        earlier.end()
        record_move(session, earlier, "end", by, at, reason="moved")
        session.flush()  # it must leave the unique index before the new one enters it
    residence.verify(by.id, at)
    record_move(session, residence, "verify", by, at)


def refuse_residence(
    session: Session, residence: Residence, by: Resident, at: datetime, reason: str
) -> None:
    """Turn a claim down with a reason that the claimant reads."""
    if residence.resident_id == by.id:
        raise refusals.OwnClaim
    residence.refuse(by.id, at, reason)
    record_move(session, residence, "refuse", by, at, reason=reason)


def _verified_residence(session: Session, resident_id: UUID) -> Residence | None:
    return session.scalar(
        select(Residence).where(
            Residence.resident_id == resident_id, Residence.state == ResidenceState.VERIFIED
        )
    )


def _credible(birth_date: date, at: datetime) -> date:
    if not date(1900, 1, 1) <= birth_date <= local_date(at):
        raise refusals.InvalidBirthDate
    return birth_date


def appoint(
    session: Session,
    place: Compound | Community,
    by: Resident,
    *,
    resident_id: UUID,
    role: Role,
    since: date,
    until: date | None,
    by_roles: frozenset[Role],
    at: datetime,
) -> Appointment:
    """Give somebody an office in a place. Raises Forbidden where the office is not the giver's."""
    if resident_id == by.id:
        raise Forbidden(zh="不能任命自己", en="You cannot appoint yourself")
    in_compound = isinstance(place, Compound)
    if role not in _offices_given_by(by_roles, in_compound):
        raise Forbidden(
            zh=f"您不能在这里任命{role.zh}", en=f"The office of {role.en} is not yours to give here"
        )
    if until is not None and until <= since:
        raise refusals.InvalidTerm
    if session.get(Resident, resident_id) is None:
        raise refusals.UnknownResident
    appointment = Appointment(
        resident_id=resident_id,
        role=role,
        compound_id=place.id if in_compound else None,
        community_id=None if in_compound else place.id,
        since=since,
        until=until,
        appointed_by_id=by.id,
    )
    session.add(appointment)
    session.flush()
    _record_appointment(session, appointment, "appoint", by, at)
    return appointment


def end_appointment(
    session: Session,
    appointment: Appointment,
    by: Resident,
    by_roles: frozenset[Role],
    at: datetime,
) -> None:
    """End an office at once; who may give it may end it, and its holder may lay it down."""
    allowed = _offices_given_by(by_roles, in_compound=appointment.compound_id is not None)
    if appointment.role not in allowed and appointment.resident_id != by.id:
        raise Forbidden(
            zh=f"您不能解除{appointment.role.zh}的任职",
            en=f"The office of {appointment.role.en} is not yours to end",
        )
    appointment.end(at)
    _record_appointment(session, appointment, "end", by, at)


def _offices_given_by(roles: frozenset[Role], in_compound: bool) -> frozenset[Role]:
    table = MAY_APPOINT_IN_COMPOUND if in_compound else MAY_APPOINT_IN_COMMUNITY
    return frozenset().union(*(table.get(role, frozenset()) for role in roles))


def _record_appointment(
    session: Session, appointment: Appointment, verb: str, by: Resident, at: datetime
) -> None:
    what = f"{appointment.role} {appointment.since} - {appointment.until or ''}"
    record(session, appointment, verb, by, at, reason=what)
