"""Who countersigns: officers above a compound, their registered keys, and the one who is named.

The branch secretary hosts, opens and closes the session (domain notes, section 2), so the second
officer stands above the compound and is not its secretary. The community or the subdistrict names
one of those whose key is registered; at each opening that key is fixed for the vote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, contains_eager

from app.ballots.models import CompoundCountersigner, OfficerKey
from app.compounds.models import Compound
from app.kit.audit import record
from app.kit.clock import local_date
from app.kit.errors import DomainError, Forbidden
from app.kit.orm import new_id
from app.people.actor import Actor
from app.people.models import Appointment, Resident, Role
from votes.bundle import officer_key_message
from votes.weak_keys import is_weak

COUNTERSIGNERS = (Role.COMMUNITY_SECRETARY, Role.SUBDISTRICT_OFFICER)


class InvalidProof(DomainError):
    status, code = 422, "invalid_proof"
    zh = "证明不是用这把密钥为您本人签的"
    en = "The proof was not signed with this key, or not for you"


class OfficerKeyTaken(DomainError):
    status, code = 409, "officer_key_taken"
    zh = "这把公钥登记过（或刚登记了另一把），请制作新的密钥"
    en = "This key was registered before, or another one just now; make a new key"


class NoOfficerKey(DomainError):
    status, code = 409, "no_officer_key"
    zh, en = "您没有登记会签公钥", "You have not registered a key"


class UnknownOfficerKey(DomainError):
    status, code = 422, "unknown_officer_key"
    zh = "没有可用于本小区的这把公钥：持有人须在社区或街道任职，且不是本小区书记"
    en = "No such key for this compound: its holder has an office above it and is not its secretary"


@dataclass(frozen=True)
class Countersigner:
    """An officer above a compound with a live key; `is_named` to countersign there."""

    key: OfficerKey
    role: Role
    is_named: bool


def register_key(
    session: Session, officer: Actor, public_key: bytes, proof: bytes, at: datetime
) -> OfficerKey:
    """Take an officer's public key (32 bytes) with the proof that the officer holds the private
    one; it replaces an earlier key. The same key again is the same registration.

    Raises InvalidProof, Forbidden for those who never countersign, OfficerKeyTaken.
    """
    if not is_signed(public_key, proof, officer_key_message(str(officer.id), public_key)):
        raise InvalidProof
    if not any(office.role in COUNTERSIGNERS for office in officer.appointments):
        raise Forbidden(
            zh="只有社区书记和街道工作人员会签",
            en="Only officers of the community and the subdistrict countersign",
        )
    earlier = _live_key(session, officer.id)
    if earlier is not None and earlier.public_key == public_key:
        return earlier
    if earlier is not None:
        _revoke(session, earlier, at)
        session.flush()  # it must leave the unique index before the new one enters it
    key = OfficerKey(
        resident=officer.resident, public_key=public_key, proof=proof, registered_at=at
    )
    try:
        with session.begin_nested():
            session.add(key)
    except IntegrityError:
        raise OfficerKeyTaken from None
    record(session, key, "register", officer.resident, at, reason=public_key.hex())
    return key


def revoke_key(session: Session, officer: Resident, at: datetime) -> OfficerKey:
    """What is signed with the key from now on counts no more. Raises NoOfficerKey."""
    key = _live_key(session, officer.id)
    if key is None:
        raise NoOfficerKey
    _revoke(session, key, at)
    return key


def is_signed(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether this is the key's Ed25519 signature over the message, and nobody's else."""
    if is_weak(public_key):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def read_countersigners(session: Session, compound: Compound, at: datetime) -> list[Countersigner]:
    """Those who may countersign in the compound now, with their keys, oldest key first."""
    above = or_(
        Appointment.community_id == compound.community_id,
        Appointment.subdistrict_id == compound.subdistrict_id,
    )
    in_office = Appointment.is_held(local_date(at))
    secretaries = select(Appointment.resident_id).where(
        or_(Appointment.compound_id == compound.id, above),
        Appointment.role == Role.BRANCH_SECRETARY,
        in_office,
    )
    named = select(CompoundCountersigner.resident_id).where(
        CompoundCountersigner.compound_id == compound.id
    )
    rows = session.execute(
        select(OfficerKey, Appointment.role, OfficerKey.resident_id == named.scalar_subquery())
        .join(OfficerKey.resident)
        .join(Appointment, Appointment.resident_id == OfficerKey.resident_id)
        .where(
            OfficerKey.revoked_at.is_(None),
            above,
            Appointment.role.in_(COUNTERSIGNERS),
            in_office,
            OfficerKey.resident_id.not_in(secretaries),
        )
        .order_by(OfficerKey.id, Appointment.role)
        .options(contains_eager(OfficerKey.resident))
    ).all()
    found: dict[UUID, Countersigner] = {}
    for key, role, is_named in rows:
        found.setdefault(key.id, Countersigner(key, role, bool(is_named)))
    return list(found.values())


def find_countersigner(session: Session, compound: Compound, at: datetime) -> Countersigner | None:
    """Who countersigns a vote that opens in the compound now, if anybody can."""
    officers = read_countersigners(session, compound, at)
    return next((officer for officer in officers if officer.is_named), None)


def name_countersigner(
    session: Session, compound: Compound, officer_key_id: UUID | None, by: Resident, at: datetime
) -> Sequence[Countersigner]:
    """The officer with this key countersigns from the next opening on, None: nobody; answers all
    who may. Votes that are open keep theirs. Raises UnknownOfficerKey.
    """
    # Its row is held, so that two who name somebody do it one after the other.
    session.scalars(
        select(Compound.id).where(Compound.id == compound.id).with_for_update(key_share=True)
    ).one()
    chosen = {officer.key.id: officer for officer in read_countersigners(session, compound, at)}
    if officer_key_id is not None and officer_key_id not in chosen:
        raise UnknownOfficerKey
    resident_id = None if officer_key_id is None else chosen[officer_key_id].key.resident_id
    row = session.scalar(
        select(CompoundCountersigner).where(CompoundCountersigner.compound_id == compound.id)
    )
    if row is None:
        row = CompoundCountersigner(id=new_id(), compound_id=compound.id)
        session.add(row)
    row.resident_id, row.named_by_id, row.named_at = resident_id, by.id, at
    session.flush()
    record(session, row, "name_countersigner", by, at, reason=str(resident_id or ""))
    return read_countersigners(session, compound, at)


def _live_key(session: Session, resident_id: UUID) -> OfficerKey | None:
    return session.scalar(
        select(OfficerKey)
        .where(OfficerKey.resident_id == resident_id, OfficerKey.revoked_at.is_(None))
        .with_for_update(key_share=True)
    )


def _revoke(session: Session, key: OfficerKey, at: datetime) -> None:
    key.revoked_at = at
    record(session, key, "revoke", key.resident_id, at)
