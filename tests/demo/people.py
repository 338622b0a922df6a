"""The demo's places and people, all of them invented.

香樟苑小区 has the 6 buildings, 14 entrances and 412 units of the worked example, and the 24 voters
of its roll (V01 to V24). Around them are those who may not vote, and some with offices.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.compounds.models import Community, Compound, Subdistrict
from app.compounds.services import import_register, read_units
from app.config import UnsafeSettings
from app.confined.calls import Confined
from app.kit import clock
from app.kit.extensions import db
from app.people.models import Appointment, Relation, Resident, Role
from app.people.services import claim_residence, verify_residence

SUBDISTRICT = "云桥街道"
COMMUNITY = "云桥社区"
HOME = "香樟苑小区"
NEIGHBOUR = "桂花苑小区"
LONG_AGO = date(2020, 1, 1)
FOUNDED_AT = datetime(2026, 1, 5, 10, tzinfo=clock.ZONE)
WANTED = "take-wanted"  # beside run.json: the number of the take that a tour asks for

# Building -> its entrances, and the floors of each; every floor has the flats 01 and 02.
Houses = dict[str, tuple[int, int]]
FLATS = (("01", "88.50"), ("02", "95.50"))
HOME_HOUSES: Houses = {
    "1栋": (3, 16),
    "2栋": (3, 16),
    "3栋": (2, 8),
    "4栋": (2, 16),
    "5栋": (2, 16),
    "6栋": (2, 15),
}
SMALL_HOUSES: Houses = {"1栋": (2, 6), "2栋": (2, 6)}
# The host list keeps this order: who joined first has waited longest.
COMPOUNDS: dict[str, Houses] = {
    HOME: HOME_HOUSES,
    NEIGHBOUR: SMALL_HOUSES,
    "梅园小区": SMALL_HOUSES,
    "竹园小区": SMALL_HOUSES,
    "兰亭小区": SMALL_HOUSES,
}

Door = tuple[str, str, str]  # building, entrance, unit
Places = dict[type, Compound | Community | Subdistrict]


@dataclass(frozen=True)
class Figure:
    """Somebody of the demo. Without an office and a door it is a stranger, made at first login."""

    name: str = ""
    born: date | None = None
    office: Role | None = None
    office_in: type[Compound] | type[Community] | type[Subdistrict] = Compound
    lives_in: str | None = None
    door: Door | None = None
    relation: Relation = Relation.OWNER

    @property
    def role(self) -> str:
        """The office, else RESIDENT; VISITOR for whoever has no standing anywhere."""
        if self.office is not None:
            return self.office.value
        return "VISITOR" if self.lives_in is None else Role.RESIDENT.value


@dataclass(frozen=True)
class DemoPlaces:
    """Where the demo is."""

    community_id: UUID
    compound_id: UUID


# The roll of the worked example in its order: branch secretary, owners' committee director, four
# building heads, fourteen representatives, two tenants, two seated members.
VOTERS: tuple[tuple[str, Role | None], ...] = (
    ("陈建国", Role.BRANCH_SECRETARY),
    ("周慧敏", Role.OC_DIRECTOR),
    ("李卫东", Role.BUILDING_HEAD),
    ("王秀兰", Role.BUILDING_HEAD),
    ("张志强", Role.BUILDING_HEAD),
    ("刘玉梅", Role.BUILDING_HEAD),
    ("赵德明", Role.RESIDENT_REP),
    ("孙丽华", Role.RESIDENT_REP),
    ("吴国庆", Role.RESIDENT_REP),
    ("郑晓燕", Role.RESIDENT_REP),
    ("冯永康", Role.RESIDENT_REP),
    ("蒋春梅", Role.RESIDENT_REP),
    ("沈文斌", Role.RESIDENT_REP),
    ("韩雪", Role.RESIDENT_REP),
    ("杨立新", Role.RESIDENT_REP),
    ("朱桂芳", Role.RESIDENT_REP),
    ("秦海波", Role.RESIDENT_REP),
    ("许静", Role.RESIDENT_REP),
    ("何家宝", Role.RESIDENT_REP),
    ("吕红霞", Role.RESIDENT_REP),
    ("施磊", None),
    ("曹颖", None),
    ("严正", Role.SEATED_MEMBER),
    ("华琳", Role.SEATED_MEMBER),
)
TENANTS = ("施磊", "曹颖")


def doors(houses: Houses) -> list[tuple[Door, str]]:
    """All units with their areas in square metres, in the order of the register."""
    return [
        ((building, f"{entrance}单元", f"{floor}{flat}"), area)
        for building, (entrances, floors) in houses.items()
        for entrance in range(1, entrances + 1)
        for floor in range(1, floors + 1)
        for flat, area in FLATS
    ]


def register_csv(houses: Houses) -> bytes:
    """The register of a compound, as its secretary would upload it."""
    lines = ["楼栋,单元,房号,面积", *(",".join((*door, area)) for door, area in doors(houses))]
    return "\r\n".join(lines).encode("utf-8-sig")


def figures(today: date) -> dict[str, Figure]:
    """Everybody by key; the minor is seventeen on `today`."""
    home = [door for door, _ in doors(HOME_HOUSES)]
    voters = {
        f"V{number:02d}": Figure(
            name,
            date(1946 + 2 * number, 1 + number % 12, 10),
            office,
            lives_in=HOME,
            door=home[17 * number],
            relation=Relation.TENANT if name in TENANTS else Relation.OWNER,
        )
        for number, (name, office) in enumerate(VOTERS, start=1)
    }
    return {
        **voters,
        "grid_worker": Figure("金小峰", date(1992, 4, 2), Role.GRID_WORKER),
        # Lives here, so that it is the office that keeps this ballot out.
        "property_manager": Figure(
            "魏东升", date(1979, 9, 21), Role.PROPERTY_MANAGER, lives_in=HOME, door=home[1]
        ),
        "community_secretary": Figure(
            "陶雅琴", date(1975, 6, 8), Role.COMMUNITY_SECRETARY, office_in=Community
        ),
        "subdistrict_officer": Figure(
            "姜海涛", date(1985, 11, 30), Role.SUBDISTRICT_OFFICER, office_in=Subdistrict
        ),
        "department": Figure("梁志远", date(1983, 3, 3), Role.DEPARTMENT, office_in=Subdistrict),
        "auditor": Figure("戚桂珍", date(1961, 2, 14), Role.AUDITOR),
        "minor": Figure(
            "谢子涵",
            date(today.year - 17, today.month, 1),
            lives_in=HOME,
            door=home[2],
            relation=Relation.FAMILY,
        ),
        "neighbour": Figure(
            "邹明", date(1988, 7, 19), lives_in=NEIGHBOUR, door=doors(SMALL_HOUSES)[0][0]
        ),
        "newcomer": Figure(),
    }


def openid(key: str, take: int = 1) -> str:
    """The WeChat identity of a figure, the same in every demo; each take has people of its own."""
    return f"o-demo-{key}" if take == 1 else f"o-demo-{key}-{take}"


def community_of(take: int) -> str:
    """The community's name: each take of the tour after the first has one of its own."""
    return COMMUNITY if take == 1 else f"{COMMUNITY}（第{take}次演示）"


def personas(take: int = 1) -> dict[str, dict[str, str]]:
    """For `run.json`: key -> openid and role."""
    everybody = figures(clock.local_date(clock.now()))
    return {
        key: {"openid": openid(key, take), "role": each.role} for key, each in everybody.items()
    }


def count_takes(session: Session) -> int:
    """How many takes the database holds."""
    query = select(func.count()).select_from(Community)
    return session.scalar(query.where(Community.name.startswith(COMMUNITY))) or 0


def load_demo(app: Flask, take: int = 1) -> DemoPlaces:
    """Put the demo into a migrated database; one that has it already stays as it is.

    Raises UnsafeSettings in production.
    """
    if app.extensions["settings"].production:
        raise UnsafeSettings("demo data has no place in production")
    with app.app_context():
        session = db.session()
        name = community_of(take)
        if session.scalar(select(Community).where(Community.name == name)) is None:
            _load(session, app.extensions["confined"], take, FOUNDED_AT)
            session.commit()
        compound = session.scalars(
            select(Compound)
            .join(Community)
            .join(Subdistrict)
            .where(Subdistrict.name == SUBDISTRICT, Community.name == name, Compound.name == HOME)
        ).one()
        return DemoPlaces(compound.community_id, compound.id)


def _load(session: Session, confined: Confined, take: int, at: datetime) -> None:
    query = select(Subdistrict).where(Subdistrict.name == SUBDISTRICT)
    subdistrict = session.scalar(query) or Subdistrict(name=SUBDISTRICT, since=LONG_AGO)
    community = Community(name=community_of(take), subdistrict=subdistrict, since=LONG_AGO)
    compounds = {
        name: Compound(name=name, community=community, since=LONG_AGO.replace(day=day))
        for day, name in enumerate(COMPOUNDS, start=1)
    }
    session.add_all(compounds.values())
    session.flush()
    for name, houses in COMPOUNDS.items():
        register = read_units(confined, register_csv(houses), f"{name}.csv")
        import_register(session, compounds[name], register, by_id=None, at=at)
    everybody = {
        key: each
        for key, each in figures(clock.local_date(clock.now())).items()
        if each.role != "VISITOR"
    }
    residents = {
        key: Resident(openid=openid(key, take), name=each.name, birth_date=each.born, joined_at=at)
        for key, each in everybody.items()
    }
    session.add_all(residents.values())
    session.flush()
    places: Places = {
        Compound: compounds[HOME],
        Community: community,
        Subdistrict: subdistrict,
    }
    session.add_all(_appointments(everybody, residents, places))
    for key, each in everybody.items():
        if each.lives_in is not None and each.door is not None:
            building, entrance, unit = each.door
            residence = claim_residence(
                session,
                residents[key],
                compounds[each.lives_in],
                building=building,
                entrance=entrance,
                unit=unit,
                relation=each.relation,
                at=at,
            )
            verify_residence(session, residence, residents["grid_worker"], at, birth_date=each.born)


def _appointments(
    everybody: dict[str, Figure],
    residents: dict[str, Resident],
    places: Places,
) -> Iterable[Appointment]:
    columns = {Compound: "compound_id", Community: "community_id", Subdistrict: "subdistrict_id"}
    for key, each in everybody.items():
        if each.office is not None:
            place = {columns[each.office_in]: places[each.office_in].id}
            yield Appointment(
                resident_id=residents[key].id, role=each.office, since=LONG_AGO, **place
            )
