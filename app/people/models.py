"""Residents, residences, appointments, and the families of tokens they log in with."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    and_,
    or_,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.compounds.models import Community, Compound, Subdistrict, Unit
from app.kit.errors import WrongState
from app.kit.moves import HasMoves
from app.kit.orm import Base, HasId, enum_type, unique_where
from app.kit.words import Worded

ADULT_AGE = 18  # Organic Law of Urban Residents' Committees, article 9


class Role(Worded):
    """Who somebody is in a place. RESIDENT and OWNER follow from a residence, the rest from an
    appointment (domain notes, section 2)."""

    RESIDENT = "RESIDENT", "居民", "resident"
    OWNER = "OWNER", "业主", "owner"
    RESIDENT_REP = "RESIDENT_REP", "居民代表", "resident representative"
    BUILDING_HEAD = "BUILDING_HEAD", "楼栋长", "building head"
    GRID_WORKER = "GRID_WORKER", "网格员", "grid worker"
    BRANCH_SECRETARY = "BRANCH_SECRETARY", "小区党支部书记", "branch secretary"
    OC_DIRECTOR = "OC_DIRECTOR", "业委会主任", "director of the owners' committee"
    PROPERTY_MANAGER = "PROPERTY_MANAGER", "物业经理", "property manager"
    SEATED_MEMBER = "SEATED_MEMBER", "下沉党员", "seated party member"
    COMMUNITY_SECRETARY = "COMMUNITY_SECRETARY", "社区党委书记", "community secretary"
    SUBDISTRICT_OFFICER = "SUBDISTRICT_OFFICER", "街道工作人员", "subdistrict officer"
    DEPARTMENT = "DEPARTMENT", "部门人员", "department officer"
    AUDITOR = "AUDITOR", "监督员", "auditor"


class Relation(Worded):
    """How a resident belongs to the unit."""

    OWNER = "owner", "业主", "owner"
    TENANT = "tenant", "租户", "tenant"
    FAMILY = "family", "家属", "family"


class ResidenceState(Worded):
    CLAIMED = "CLAIMED", "待核实", "waiting for verification"
    VERIFIED = "VERIFIED", "已核实", "verified"
    REFUSED = "REFUSED", "核实未通过", "refused"
    ENDED = "ENDED", "已结束", "ended"


RESIDENCE_MOVES: dict[ResidenceState, frozenset[ResidenceState]] = {
    ResidenceState.CLAIMED: frozenset({ResidenceState.VERIFIED, ResidenceState.REFUSED}),
    ResidenceState.VERIFIED: frozenset({ResidenceState.ENDED}),
    ResidenceState.REFUSED: frozenset(),
    ResidenceState.ENDED: frozenset(),
}


class Resident(HasId, Base):
    """A person with a WeChat account. What others see of the name is `masked_name`."""

    __tablename__ = "residents"

    openid: Mapped[str] = mapped_column(String(64), unique=True)
    unionid: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(String(40))
    birth_date: Mapped[date | None]
    joined_at: Mapped[datetime]

    @property
    def masked_name(self) -> str:
        """The family name and a circle for each further character, e.g. `王○○`."""
        return self.name[0] + "○" * (len(self.name) - 1) if self.name else "居民"

    def is_adult_on(self, day: date) -> bool:
        """Whether the 18th birthday has come by `day`; False while no birth date is known.

        Who was born on 29 February comes of age on 1 March of a common year.
        """
        born = self.birth_date
        if born is None:
            return False
        had_birthday = (day.month, day.day) >= (born.month, born.day)
        return day.year - born.year - (not had_birthday) >= ADULT_AGE


class Residence(HasMoves):
    """That a resident lives in a unit: claimed, then verified or refused by somebody else."""

    MOVES = RESIDENCE_MOVES
    CALLED = ("这条居住登记", "This residence")

    __tablename__ = "residences"
    __table_args__ = (
        unique_where("uq_residences_one_verified", "resident_id", where="state = 'VERIFIED'"),
        unique_where(
            "uq_residences_one_claim", "resident_id", "unit_id", where="state = 'CLAIMED'"
        ),
        Index(None, "compound_id", "state"),
        CheckConstraint("decided_by_id <> resident_id", name="decided_by_somebody_else"),
        CheckConstraint("(state = 'CLAIMED') = (decided_at IS NULL)", name="decision_has_its_time"),
    )

    resident_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    relation: Mapped[Relation] = mapped_column(enum_type(Relation, "relation"))
    state: Mapped[ResidenceState] = mapped_column(enum_type(ResidenceState, "state"))
    claimed_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    reason: Mapped[str | None] = mapped_column(Text)

    resident: Mapped[Resident] = relationship(foreign_keys=resident_id)
    compound: Mapped[Compound] = relationship()
    unit: Mapped[Unit] = relationship()

    def verify(self, by: UUID, at: datetime) -> None:
        """A verifier found that the claim is true."""
        self._move(ResidenceState.VERIFIED)
        self.decided_by_id, self.decided_at = by, at

    def refuse(self, by: UUID, at: datetime, reason: str) -> None:
        """A verifier found that the claim does not hold, and says why."""
        self._move(ResidenceState.REFUSED)
        self.decided_by_id, self.decided_at, self.reason = by, at, reason

    def end(self) -> None:
        """The resident lives elsewhere now."""
        self._move(ResidenceState.ENDED)


class Appointment(HasId, Base):
    """An office held in one place, from a day (inclusive) until a day (exclusive)."""

    __tablename__ = "appointments"
    __table_args__ = (
        Index(None, "resident_id"),
        Index(None, "compound_id"),
        CheckConstraint(
            "(compound_id IS NOT NULL AND community_id IS NULL AND subdistrict_id IS NULL)"
            " OR (compound_id IS NULL AND community_id IS NOT NULL AND subdistrict_id IS NULL)"
            " OR (compound_id IS NULL AND community_id IS NULL AND subdistrict_id IS NOT NULL)",
            name="one_place",
        ),
        CheckConstraint("role NOT IN ('RESIDENT', 'OWNER')", name="role_is_an_office"),
        CheckConstraint("until IS NULL OR until >= since", name="ends_after_it_begins"),
    )

    resident_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    role: Mapped[Role] = mapped_column(enum_type(Role, "role"))
    compound_id: Mapped[UUID | None] = mapped_column(ForeignKey("compounds.id"))
    community_id: Mapped[UUID | None] = mapped_column(ForeignKey("communities.id"))
    subdistrict_id: Mapped[UUID | None] = mapped_column(ForeignKey("subdistricts.id"))
    since: Mapped[date]
    until: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    appointed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))

    resident: Mapped[Resident] = relationship(foreign_keys=resident_id)
    compound: Mapped[Compound | None] = relationship()
    community: Mapped[Community | None] = relationship()
    subdistrict: Mapped[Subdistrict | None] = relationship()

    @property
    def place_name(self) -> str:
        """What the place is called in which it is held."""
        place = self.compound or self.community or self.subdistrict
        return "" if place is None else place.name

    @classmethod
    def is_held(cls, day: date | ColumnElement[date]) -> ColumnElement[bool]:
        """The condition that an office is held on this day and was not ended."""
        return and_(
            cls.since <= day, or_(cls.until.is_(None), cls.until > day), cls.ended_at.is_(None)
        )

    def covers(self, compound: Compound) -> bool:
        """Whether the compound lies in the subtree of the appointment's place."""
        return (
            self.compound_id == compound.id
            or self.community_id == compound.community_id
            or self.subdistrict_id == compound.subdistrict_id
        )

    def end(self, at: datetime) -> None:
        """The office is laid down, from this moment on."""
        if self.ended_at is not None:
            raise WrongState(zh="这项任职已经结束", en="This appointment has ended already")
        self.ended_at = at


class OfficeCode(HasId, Base):
    """An office that waits for whoever brings the code; of the code only the SHA-256 is kept.

    The operator hands it over in person, before anybody at that place can appoint anybody.
    """

    __tablename__ = "office_codes"
    __table_args__ = (
        CheckConstraint(
            "(compound_id IS NOT NULL AND community_id IS NULL AND subdistrict_id IS NULL)"
            " OR (compound_id IS NULL AND community_id IS NOT NULL AND subdistrict_id IS NULL)"
            " OR (compound_id IS NULL AND community_id IS NULL AND subdistrict_id IS NOT NULL)",
            name="one_place",
        ),
        CheckConstraint(
            "(used_at IS NULL) = (appointment_id IS NULL)", name="use_has_its_appointment"
        ),
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    role: Mapped[Role] = mapped_column(enum_type(Role, "role"))
    compound_id: Mapped[UUID | None] = mapped_column(ForeignKey("compounds.id"))
    community_id: Mapped[UUID | None] = mapped_column(ForeignKey("communities.id"))
    subdistrict_id: Mapped[UUID | None] = mapped_column(ForeignKey("subdistricts.id"))
    office_until: Mapped[date | None]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))

    appointment: Mapped[Appointment | None] = relationship()

    def use(self, appointment: Appointment, at: datetime) -> None:
        """Somebody took the office, once."""
        self.appointment, self.used_at = appointment, at


class TokenFamily(HasId, Base):
    """All tokens that came from one login. Revoking it ends them at once."""

    __tablename__ = "token_families"

    resident_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"), index=True)
    started_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_why: Mapped[str | None] = mapped_column(String(20))


class RefreshToken(HasId, Base):
    """A refresh token by its `jti`. It may be used once; a second use revokes its family."""

    __tablename__ = "refresh_tokens"

    family_id: Mapped[UUID] = mapped_column(ForeignKey("token_families.id"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
