"""URLs of the host list and of sessions before voting."""

from typing import Any
from uuid import UUID

from app.agenda import raisers, roll, rotation, services
from app.agenda.access import as_seen
from app.agenda.models import AgendaSession, RollEntry
from app.agenda.refusals import (
    AlreadyNext,
    IneligibleVoter,
    NotInRotation,
    NotTheHost,
    OpeningTimePassed,
    PeriodTaken,
    RollMissing,
    RollNotAllowed,
    TimesOutOfOrder,
)
from app.agenda.schemas import (
    CancelArgs,
    CreateSessionArgs,
    RollArgs,
    RollEntrySchema,
    RotationChangeArgs,
    RotationSchema,
    SessionBriefSchema,
    SessionsArgs,
    SessionSchema,
)
from app.compounds.models import Community
from app.kit import clock
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, narrowed, read_page
from app.matters.access import RAISERS, matters_as_seen
from app.matters.models import Matter, MatterVersion, Words
from app.matters.refusals import NotTheRaiser, OnAList, OthersMerged
from app.matters.schemas import CorrectMatterArgs, MatterSchema, MatterVersionSchema
from app.people.guards import (
    EVERYONE_THERE,
    act,
    allow,
    create_once,
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


@blp.route("/communities/<uuid:community_id>/rotation", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.response(200, RotationSchema)
def read_rotation(community_id: UUID) -> dict[str, Any]:
    """轮值表 · The host list of a community, next host first."""
    return _rotation(obtain_community(community_id))


@blp.route("/communities/<uuid:community_id>/rotation/skip", methods=["POST"])
@allow(Role.COMMUNITY_SECRETARY)
@blp.arguments(RotationChangeArgs, example=CHANGE_EXAMPLE)
@blp.response(200, RotationSchema)
@blp.refuses(NotInRotation)
def skip_host(body: dict[str, Any], community_id: UUID) -> dict[str, Any]:
    """跳过 · Send a compound to the end of the list, with a reason."""
    community = obtain_community(community_id)
    by = current_actor().resident
    rotation.skip(db.session(), community, by=by, at=clock.now(), **body)
    db.session.commit()
    return _rotation(community)


@blp.route("/communities/<uuid:community_id>/rotation/swap", methods=["POST"])
@allow(Role.COMMUNITY_SECRETARY)
@blp.arguments(RotationChangeArgs, example=CHANGE_EXAMPLE)
@blp.response(200, RotationSchema)
@blp.refuses(NotInRotation, AlreadyNext)
def swap_host(body: dict[str, Any], community_id: UUID) -> dict[str, Any]:
    """调换 · Let a compound change places with the next host, with a reason."""
    community = obtain_community(community_id)
    by = current_actor().resident
    rotation.swap(db.session(), community, by=by, at=clock.now(), **body)
    db.session.commit()
    return _rotation(community)


def _rotation(community: Community) -> dict[str, Any]:
    return {
        "order": rotation.host_order(db.session(), community),
        "changes": rotation.changes(db.session(), community),
    }


@blp.route("/compounds/<uuid:compound_id>/sessions", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(CreateSessionArgs, example=CREATE_EXAMPLE)
@blp.response(201, SessionSchema)
@blp.creates(
    TimesOutOfOrder,
    RollMissing,
    RollNotAllowed,
    PeriodTaken,
    NotTheHost,
    IneligibleVoter,
)
def create_session(body: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """开设一期 · Plan a month's session; the compound takes its turn as host."""
    compound = obtain_compound(compound_id)
    actor, at = current_actor(), clock.now()
    voters = body.pop("roll")
    agenda_session = create_once(
        AgendaSession,
        lambda: services.create_session(
            db.session(), compound, actor.resident, **body, voters=voters, at=at
        ),
    )
    return as_seen(agenda_session)


@blp.route("/compounds/<uuid:compound_id>/sessions", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.lists(SessionBriefSchema, SessionsArgs)
def list_sessions(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """各期列表 · Sessions of a compound, newest first; what was on their lists stands in each."""
    obtain_compound(compound_id)
    query = (
        db.select(AgendaSession)
        .where(AgendaSession.compound_id == compound_id)
        .options(db.joinedload(AgendaSession.compound))
    )
    query = narrowed(query, args, state=AgendaSession.state)
    page = read_page(db.session(), query, AgendaSession.id, **args)
    turnouts = roll.participation(db.session(), [each.id for each in page["items"]])
    items = [{"session": each, "turnout": turnouts[each.id]} for each in page["items"]]
    return {**page, "items": items}


@blp.route("/sessions/<uuid:session_id>", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.response(200, SessionSchema)
def read_session(session_id: UUID) -> dict[str, Any]:
    """一期月月谈 · One session with its list and turnout."""
    return as_seen(obtain(AgendaSession, session_id))


@blp.route("/sessions/<uuid:session_id>/roll", methods=["GET"])
@allow(Role.BRANCH_SECRETARY, Role.AUDITOR)
@blp.response(200, RollEntrySchema(many=True))
def read_roll(session_id: UUID) -> list[dict[str, Any]]:
    """投票人名单 · Who may vote, by resident id."""
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


@blp.route("/sessions/<uuid:session_id>/roll", methods=["PUT"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(RollArgs, example={"roll": ["0198c0de-0000-7000-8000-000000000002"]})
@blp.response(200, SessionSchema)
@blp.refuses(WrongState, RollMissing, RollNotAllowed, IneligibleVoter)
def replace_roll(body: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """更换名单 · Write the roll of a ROSTER session anew, before voting opens."""
    agenda_session = act(services.replace_roll, obtain(AgendaSession, session_id), body["roll"])
    return as_seen(agenda_session)


@blp.route("/sessions/<uuid:session_id>/start-collecting", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.response(200, SessionSchema)
@blp.refuses(WrongState, OpeningTimePassed)
def start_collecting(session_id: UUID) -> dict[str, Any]:
    """开始征集 · Announce the session."""
    agenda_session = act(services.start_collecting, obtain(AgendaSession, session_id))
    return as_seen(agenda_session)


@blp.route("/sessions/<uuid:session_id>/freeze-list", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.response(200, SessionSchema)
@blp.refuses(WrongState)
def freeze_list(session_id: UUID) -> dict[str, Any]:
    """定题单 · Number the listed matters; the list changes no more."""
    agenda_session = act(services.freeze_list, obtain(AgendaSession, session_id))
    return as_seen(agenda_session)


@blp.route("/sessions/<uuid:session_id>/cancel", methods=["POST"])
@allow(Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY)
@blp.arguments(CancelArgs, required=False, example={"reason": "与防汛值守冲突"})
@blp.response(200, SessionSchema)
@blp.refuses(WrongState)
def cancel_session(body: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """取消 · Call the session off, before voting only."""
    agenda_session = act(services.cancel_session, obtain(AgendaSession, session_id), body["reason"])
    return as_seen(agenda_session)


@blp.route("/matters/<uuid:matter_id>/correct", methods=["POST"])
@allow(*RAISERS)
@blp.arguments(CorrectMatterArgs, example=CORRECT_EXAMPLE)
@blp.response(200, MatterSchema)
@blp.refuses(WrongState, NotTheRaiser, OnAList)
def correct_matter(body: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """更正 · Put one's matter in other words, until a list with it is frozen.

    Once others support it the earlier words stay readable as a version, and those who support it
    may take their support back.
    """
    matter, actor = obtain(Matter, matter_id, lock=True), current_actor()
    raisers.correct_matter(db.session(), matter, actor.resident, Words(**body), clock.now())
    db.session.commit()
    return matters_as_seen(actor, [matter])[0]


@blp.route("/matters/<uuid:matter_id>/withdraw", methods=["POST"])
@allow(*RAISERS)
@blp.response(200, MatterSchema)
@blp.refuses(WrongState, NotTheRaiser, OnAList, OthersMerged)
def withdraw_matter(matter_id: UUID) -> dict[str, Any]:
    """撤回 · Take one's matter back, until a list with it is frozen."""
    matter, actor = obtain(Matter, matter_id, lock=True), current_actor()
    raisers.withdraw_matter(db.session(), matter, actor.resident, clock.now())
    db.session.commit()
    return matters_as_seen(actor, [matter])[0]


@blp.route("/matters/<uuid:matter_id>/versions", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.lists(MatterVersionSchema)
def list_matter_versions(args: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """以前的写法 · Earlier words of a matter that others supported, newest first."""
    obtain(Matter, matter_id)
    query = db.select(MatterVersion).where(MatterVersion.matter_id == matter_id)
    return read_page(db.session(), query, MatterVersion.number, **args)
