"""URLs of resolutions: draft, review, table, vote, publish; and the end of a round table."""

from typing import Any
from uuid import UUID

from flask import current_app

from app.agenda.access import as_seen as session_as_seen
from app.agenda.models import AgendaSession
from app.agenda.schemas import SessionSchema
from app.ballots.keys.store import KEY_REFUSALS, KeyStore
from app.ballots.refusals import VOTE_REFUSALS, VoteVoid
from app.ballots.storing import NotOnRoll
from app.deliberation.refusals import MatterNotChosen
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, read_page
from app.people.guards import (
    EVERYONE_THERE,
    act,
    act_by_role,
    allow,
    create_once,
    current_actor,
    obtain,
)
from app.people.models import Role
from app.resolutions import meeting, review, services
from app.resolutions.access import as_seen, resolutions_of
from app.resolutions.models import Resolution
from app.resolutions.refusals import (
    AdviceMissing,
    CardTaken,
    HandsAreNotSecret,
    InvalidCards,
    InvalidSuperseded,
    MorePresentThanRoll,
    MoreVotesThanPresent,
    NotPresent,
    PresentDiffers,
    ResolutionStillTabled,
    ReviewNotRequested,
    ReviewPending,
    ReviewRequestedAlready,
    SupersededAlready,
    WrongMethod,
)
from app.resolutions.schemas import (
    CountArgs,
    DraftArgs,
    EscalateArgs,
    ResolutionSchema,
    ReviewArgs,
    RevisionArgs,
    ShelveArgs,
    TableArgs,
    VoteArgs,
    VoteSchema,
)
from app.resolutions.vote import lost_keys, voting

blp = Blueprint("resolutions", __name__, description="民决 · Resolutions of the round table")

ID = "0198c0de-0000-7000-8000-00000000000"
REVISION_EXAMPLE = {
    "title": "夜间停车与消防通道",
    "text": "采纳卡片C1至C4，由党支部和物业于四月底前办完；C5另行提请业主表决。",
    "card_ids": [f"{ID}1", f"{ID}2"],
}

ESCALATE_EXAMPLE = {"forum": "RESIDENTS_MEETING", "reason": "两次圆桌会意见相持"}


def _keys() -> KeyStore:
    keys: KeyStore = current_app.extensions["keys"]
    return keys


@blp.route("/sessions/<uuid:session_id>/resolutions", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(DraftArgs, example={"matter_id": f"{ID}a", **REVISION_EXAMPLE})
@blp.response(201, ResolutionSchema)
@blp.creates(
    WrongState,
    MatterNotChosen,
    InvalidCards,
    CardTaken,
    InvalidSuperseded,
    SupersededAlready,
)
def draft_resolution(body: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """起草决议 · Draft a resolution on a selected matter during the round table."""
    agenda_session = obtain(AgendaSession, session_id)
    by = current_actor().resident
    resolution = create_once(
        Resolution, lambda: services.draft_resolution(db.session(), agenda_session, by, **body)
    )
    return as_seen(resolution)


@blp.route("/sessions/<uuid:session_id>/resolutions", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.lists(ResolutionSchema)
def list_resolutions(args: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """决议列表 · The resolutions of a session in the order of their numbers."""
    obtain(AgendaSession, session_id)
    page = read_page(
        db.session(), resolutions_of(session_id), Resolution.number, oldest_first=True, **args
    )
    return {**page, "items": [as_seen(resolution) for resolution in page["items"]]}


@blp.route("/resolutions/<uuid:resolution_id>", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.response(200, ResolutionSchema)
def read_resolution(resolution_id: UUID) -> dict[str, Any]:
    """一项决议 · One resolution; the figures are shown when the vote is over."""
    return as_seen(obtain(Resolution, resolution_id))


@blp.route("/resolutions/<uuid:resolution_id>", methods=["PUT"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(RevisionArgs, example=REVISION_EXAMPLE)
@blp.response(200, ResolutionSchema)
@blp.refuses(
    WrongState,
    ReviewPending,
    InvalidCards,
    CardTaken,
    InvalidSuperseded,
    SupersededAlready,
)
def revise_resolution(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """修改草案 · Replace the content of a draft, except for its matter."""
    resolution = act(services.revise_resolution, obtain(Resolution, resolution_id), **body)
    return as_seen(resolution)


@blp.route("/resolutions/<uuid:resolution_id>/review-request", methods=["POST"])
@allow(Role.BRANCH_SECRETARY, Role.OC_DIRECTOR)
@blp.response(200, ResolutionSchema)
@blp.refuses(WrongState, ReviewRequestedAlready)
def request_review(resolution_id: UUID) -> dict[str, Any]:
    """提请支部先议 · Ask the branch for its opinion; the review lapses after 5 working days."""
    resolution = act(review.request_review, obtain(Resolution, resolution_id))
    return as_seen(resolution)


@blp.route("/resolutions/<uuid:resolution_id>/review", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(ReviewArgs, example={"opinion": "AGREED_WITH_ADVICE", "advice": "先征求一楼意见"})
@blp.response(200, ResolutionSchema)
@blp.refuses(WrongState, ReviewNotRequested, AdviceMissing)
def give_review(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """支部先议 · Give the branch's opinion on a draft; it is shown with the draft and is never a
    veto."""
    resolution = act(review.give_review, obtain(Resolution, resolution_id), **body)
    return as_seen(resolution)


@blp.route("/resolutions/<uuid:resolution_id>/table", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(TableArgs, example={"method": "PHONE", "secrecy": "SECRET"})
@blp.response(200, ResolutionSchema)
@blp.refuses(WrongState, HandsAreNotSecret, ReviewPending, *KEY_REFUSALS)
def table_resolution(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """付表决 · Put a resolution to the vote; text, method, secrecy and rule cannot change
    afterwards."""
    resolution = act(services.table_resolution, obtain(Resolution, resolution_id), _keys(), **body)
    return as_seen(resolution)


@blp.route("/resolutions/<uuid:resolution_id>/count", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(CountArgs, example={"yes": 18, "no": 2, "abstain": 1})
@blp.response(200, ResolutionSchema)
@blp.refuses(
    WrongState,
    VoteVoid,
    WrongMethod,
    MorePresentThanRoll,
    PresentDiffers,
    MoreVotesThanPresent,
)
def count_votes(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """录入票数 · Enter the count of hands or papers: the resolution becomes PASSED, FAILED or
    NO_QUORUM."""
    resolution = act(voting.count_votes, obtain(Resolution, resolution_id), **body)
    return as_seen(resolution)


@blp.route("/resolutions/<uuid:resolution_id>/vote", methods=["PUT"])
@allow(Role.RESIDENT)
@blp.arguments(VoteArgs, example={"answer": "YES"})
@blp.response(200, VoteSchema)
@blp.refuses(WrongState, WrongMethod, NotPresent, NotOnRoll, *VOTE_REFUSALS)
def cast_vote(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """手机表决 · Vote by phone, or replace your vote, until the vote is closed."""
    act_by_role(voting.cast_vote, obtain(Resolution, resolution_id), _keys(), body["answer"])
    return body


@blp.route("/resolutions/<uuid:resolution_id>/close-vote", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.response(200, ResolutionSchema)
@blp.refuses(WrongState, WrongMethod, *VOTE_REFUSALS)
def close_vote(resolution_id: UUID) -> dict[str, Any]:
    """结束手机表决 · Close the vote by phone and count it: PASSED, FAILED or NO_QUORUM."""
    resolution = obtain(Resolution, resolution_id)
    voting.close_vote(db.session(), resolution, current_actor().resident, _keys())
    db.session.commit()
    lost_keys.erase_now(db.session(), resolution.id, _keys())
    return as_seen(resolution)


@blp.route("/resolutions/<uuid:resolution_id>/shelve", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(ShelveArgs, example={"reason": "等电梯公司的采光实测报告"})
@blp.response(200, ResolutionSchema)
@blp.refuses(WrongState, *KEY_REFUSALS)
def shelve_resolution(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """暂缓 · Shelve a resolution, with a reason."""
    resolution = obtain(Resolution, resolution_id)
    by = current_actor().resident
    services.shelve_resolution(db.session(), resolution, by, body["reason"])
    db.session.commit()
    lost_keys.erase_now(db.session(), resolution.id, _keys())
    return as_seen(resolution)


@blp.route("/resolutions/<uuid:resolution_id>/escalate", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(EscalateArgs, example=ESCALATE_EXAMPLE)
@blp.response(200, ResolutionSchema)
@blp.refuses(WrongState)
def escalate_resolution(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """提请上会 · Hand a failed or shelved resolution on to those who can decide it."""
    resolution = act(
        services.escalate_resolution,
        obtain(Resolution, resolution_id),
        body["forum"],
        body["reason"],
    )
    return as_seen(resolution)


@blp.route("/resolutions/<uuid:resolution_id>/publish", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.response(200, ResolutionSchema)
@blp.refuses(WrongState)
def publish_resolution(resolution_id: UUID) -> dict[str, Any]:
    """公示决议 · Publish a passed resolution for 7 days; afterwards it takes effect by itself."""
    resolution = act(services.publish_resolution, obtain(Resolution, resolution_id))
    return as_seen(resolution)


@blp.route("/sessions/<uuid:session_id>/conclude-meeting", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.response(200, SessionSchema)
@blp.refuses(WrongState, ResolutionStillTabled)
def conclude_meeting(session_id: UUID) -> dict[str, Any]:
    """结束圆桌会 · End the round table; drafts and resolutions without a quorum are shelved."""
    agenda_session = act(meeting.conclude_meeting, obtain(AgendaSession, session_id))
    return session_as_seen(agenda_session)
