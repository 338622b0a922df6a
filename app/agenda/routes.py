"""URLs of the host list and of sessions before voting."""

from typing import Any
from uuid import UUID

from app.agenda import raisers, refusals, rotation, schemas, services
from app.agenda.access import all_as_seen, as_seen
from app.agenda.models import AgendaSession, RollEntry
from app.compounds.models import Community
from app.kit import clock
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, read_page
from app.matters.access import RAISERS, matters_as_seen
from app.matters.models import Matter, MatterVersion, Words
from app.matters.refusals import NotTheRaiser, OnAList, OthersMerged
from app.matters.schemas import CorrectMatterArgs, MatterSchema, MatterVersionSchema
from app.people.guards import (
    EVERYONE_THERE,
    act,
    allow,
    create,
    current_actor,
    obtain,
    obtain_community,
    obtain_compound,
)
from app.people.models import Resident, Role

blp = Blueprint("agenda", __name__, description="月月谈 · Sessions and the host list")

CREATE_EXAMPLE = {
    "period": "2026-03",
    "mode": "OPEN",
    "place": "小区党群服务站",
    "voting_opens_at": "2026-03-12T00:00:00+08:00",
    "voting_closes_at": "2026-03-19T00:00:00+08:00",
    "round_table_at": "2026-03-27T19:00:00+08:00",
}
CORRECT_EXAMPLE = {
    "title": "夜间停车难、消防通道被占",
    "body": "晚上八点以后车停到消防通道上，救护车进不来；3栋和5栋最严重。",
    "category": "PARKING",
}
CHANGE_EXAMPLE = {
    "compound_id": "0198c0de-0000-7000-8000-000000000001",
    "reason": "该小区正在改造，经社区党委会商定调换",
}


@blp.get("/communities/<uuid:community_id>/rotation", schemas.RotationSchema)
@allow(*EVERYONE_THERE)
def read_rotation(community_id: UUID) -> dict[str, Any]:
    """轮值表 · The host list of a community, the next host first."""
    return _rotation(obtain_community(community_id))


@blp.post("/communities/<uuid:community_id>/rotation/skip", schemas.RotationSchema)
@allow(Role.COMMUNITY_SECRETARY)
@blp.arguments(schemas.RotationChangeArgs, example=CHANGE_EXAMPLE)
@blp.refuses(refusals.NotInRotation)
def skip_host(body: dict[str, Any], community_id: UUID) -> dict[str, Any]:
    """跳过 · Move a compound to the end of the host list, with a reason."""
    return _rotation(act(rotation.skip, obtain_community(community_id), at=clock.now(), **body))


@blp.post("/communities/<uuid:community_id>/rotation/swap", schemas.RotationSchema)
@allow(Role.COMMUNITY_SECRETARY)
@blp.arguments(schemas.RotationChangeArgs, example=CHANGE_EXAMPLE)
@blp.refuses(refusals.NotInRotation, refusals.AlreadyNext)
def swap_host(body: dict[str, Any], community_id: UUID) -> dict[str, Any]:
    """调换 · Let a compound change places with the next host, with a reason."""
    return _rotation(act(rotation.swap, obtain_community(community_id), at=clock.now(), **body))


def _rotation(community: Community) -> dict[str, Any]:
    return {
        "order": rotation.host_order(db.session(), community),
        "changes": rotation.changes(db.session(), community),
    }


@blp.post("/compounds/<uuid:compound_id>/sessions", schemas.SessionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.CreateSessionArgs, example=CREATE_EXAMPLE)
@blp.creates(
    refusals.TimesOutOfOrder,
    refusals.RollMissing,
    refusals.RollNotAllowed,
    refusals.PeriodTaken,
    refusals.NotTheHost,
    refusals.IneligibleVoter,
)
def create_session(body: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """开设一期 · Create a month's session; the compound takes its turn as host."""
    compound, at = obtain_compound(compound_id), clock.now()
    return as_seen(create(AgendaSession, services.create_session, compound, **body, at=at))


@blp.get("/compounds/<uuid:compound_id>/sessions")
@allow(*EVERYONE_THERE)
@blp.lists(schemas.SessionBriefSchema, schemas.SessionsArgs)
def list_sessions(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """各期列表 · Sessions of a compound, newest first, without their matters; read one for its
    list."""
    obtain_compound(compound_id)
    query = (
        db.select(AgendaSession)
        .where(AgendaSession.compound_id == compound_id)
        .options(db.joinedload(AgendaSession.compound))
    )
    return read_page(db.session(), query, AgendaSession.id, show=all_as_seen, **args)


@blp.get("/sessions/<uuid:session_id>", schemas.SessionSchema)
@allow(*EVERYONE_THERE)
def read_session(session_id: UUID) -> dict[str, Any]:
    """一期月月谈 · One session with its list and turnout."""
    return as_seen(obtain(AgendaSession, session_id))


@blp.get("/sessions/<uuid:session_id>/roll", schemas.RollEntrySchema(many=True))
@allow(Role.BRANCH_SECRETARY, Role.AUDITOR)
def read_roll(session_id: UUID) -> list[dict[str, Any]]:
    """投票人名单 · Who may vote, as ids of residents."""
    agenda_session = obtain(AgendaSession, session_id)
    query = (
        db.select(RollEntry.resident_id, Resident)
        .join(Resident, RollEntry.resident_id == Resident.id)
        .where(
            RollEntry.compound_id == agenda_session.compound_id,
            RollEntry.session_id == session_id,
        )
        .order_by(RollEntry.resident_id)
    )
    return [
        {"resident_id": resident_id, "masked_name": resident.masked_name}
        for resident_id, resident in db.session.execute(query)
    ]


@blp.put("/sessions/<uuid:session_id>/roll", schemas.SessionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.RollArgs, example={"roll": ["0198c0de-0000-7000-8000-000000000002"]})
@blp.refuses(WrongState, refusals.RollMissing, refusals.RollNotAllowed, refusals.IneligibleVoter)
def replace_roll(body: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """更换名单 · Replace the roll of a ROSTER session, before voting opens."""
    return as_seen(act(services.replace_roll, obtain(AgendaSession, session_id), body["roll"]))


@blp.post("/sessions/<uuid:session_id>/start-collecting", schemas.SessionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState, refusals.OpeningTimePassed)
def start_collecting(session_id: UUID) -> dict[str, Any]:
    """开始征集 · Announce the session and start collecting matters."""
    return as_seen(act(services.start_collecting, obtain(AgendaSession, session_id)))


@blp.post("/sessions/<uuid:session_id>/freeze-list", schemas.SessionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState)
def freeze_list(session_id: UUID) -> dict[str, Any]:
    """定题单 · Freeze the list: number the listed matters; it cannot change afterwards."""
    return as_seen(act(services.freeze_list, obtain(AgendaSession, session_id)))


@blp.post("/sessions/<uuid:session_id>/cancel", schemas.SessionSchema)
@allow(Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY)
@blp.arguments(schemas.CancelArgs, required=False, example={"reason": "与防汛值守冲突"})
@blp.refuses(WrongState)
def cancel_session(body: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """取消 · Cancel a session; only before voting opens."""
    return as_seen(act(services.cancel_session, obtain(AgendaSession, session_id), body["reason"]))


@blp.post("/matters/<uuid:matter_id>/correct", MatterSchema)
@allow(*RAISERS)
@blp.arguments(CorrectMatterArgs, example=CORRECT_EXAMPLE)
@blp.refuses(WrongState, NotTheRaiser, OnAList)
def correct_matter(body: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """更正 · Correct the words of your matter, until a list with it is frozen.

    Once others support it the earlier words stay readable as a version, and those who support it
    may withdraw their support.
    """
    matter = obtain(Matter, matter_id, lock=True)
    act(raisers.correct_matter, matter, Words(**body), clock.now())
    return matters_as_seen(current_actor(), [matter])[0]


@blp.post("/matters/<uuid:matter_id>/withdraw", MatterSchema)
@allow(*RAISERS)
@blp.refuses(WrongState, NotTheRaiser, OnAList, OthersMerged)
def withdraw_matter(matter_id: UUID) -> dict[str, Any]:
    """撤回 · Withdraw your matter, until a list with it is frozen."""
    matter = act(raisers.withdraw_matter, obtain(Matter, matter_id, lock=True), clock.now())
    return matters_as_seen(current_actor(), [matter])[0]


@blp.get("/matters/<uuid:matter_id>/versions")
@allow(*EVERYONE_THERE)
@blp.lists(MatterVersionSchema)
def list_matter_versions(args: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """以前的写法 · Earlier words of a matter that others supported, newest first."""
    obtain(Matter, matter_id)
    query = db.select(MatterVersion).where(MatterVersion.matter_id == matter_id)
    return read_page(db.session(), query, MatterVersion.number, **args)
