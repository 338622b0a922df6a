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
from app.kit.web.api import Blueprint, each, read_page
from app.people.guards import EVERYONE_THERE, act, act_by_role, allow, create, obtain
from app.people.models import Role
from app.resolutions import meeting, refusals, review, schemas, services
from app.resolutions.access import as_seen, resolutions_of
from app.resolutions.models import Resolution
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


@blp.post("/sessions/<uuid:session_id>/resolutions", schemas.ResolutionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.DraftArgs, example={"matter_id": f"{ID}a", **REVISION_EXAMPLE})
@blp.creates(
    WrongState,
    MatterNotChosen,
    refusals.InvalidCards,
    refusals.CardTaken,
    refusals.InvalidSuperseded,
    refusals.SupersededAlready,
)
def draft_resolution(body: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """起草决议 · Draft a resolution on a selected matter during the round table."""
    resolution = create(
        Resolution, services.draft_resolution, obtain(AgendaSession, session_id), **body
    )
    return as_seen(resolution)


@blp.get("/sessions/<uuid:session_id>/resolutions")
@allow(*EVERYONE_THERE)
@blp.lists(schemas.ResolutionSchema)
def list_resolutions(args: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """决议列表 · The resolutions of a session in the order of their numbers."""
    obtain(AgendaSession, session_id)
    query, show = resolutions_of(session_id), each(as_seen)
    return read_page(db.session(), query, Resolution.number, oldest_first=True, show=show, **args)


@blp.get("/resolutions/<uuid:resolution_id>", schemas.ResolutionSchema)
@allow(*EVERYONE_THERE)
def read_resolution(resolution_id: UUID) -> dict[str, Any]:
    """一项决议 · One resolution; the figures are shown when the vote is over."""
    return as_seen(obtain(Resolution, resolution_id))


@blp.put("/resolutions/<uuid:resolution_id>", schemas.ResolutionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.RevisionArgs, example=REVISION_EXAMPLE)
@blp.refuses(
    WrongState,
    refusals.ReviewPending,
    refusals.InvalidCards,
    refusals.CardTaken,
    refusals.InvalidSuperseded,
    refusals.SupersededAlready,
)
def revise_resolution(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """修改草案 · Replace the content of a draft, except for its matter."""
    return as_seen(act(services.revise_resolution, obtain(Resolution, resolution_id), **body))


@blp.post("/resolutions/<uuid:resolution_id>/review-request", schemas.ResolutionSchema)
@allow(Role.BRANCH_SECRETARY, Role.OC_DIRECTOR)
@blp.refuses(WrongState, refusals.ReviewRequestedAlready)
def request_review(resolution_id: UUID) -> dict[str, Any]:
    """提请支部先议 · Ask the branch for its opinion; the review lapses after 5 working days."""
    return as_seen(act(review.request_review, obtain(Resolution, resolution_id)))


@blp.post("/resolutions/<uuid:resolution_id>/review", schemas.ResolutionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(
    schemas.ReviewArgs, example={"opinion": "AGREED_WITH_ADVICE", "advice": "先征求一楼意见"}
)
@blp.refuses(WrongState, refusals.ReviewNotRequested, refusals.AdviceMissing)
def give_review(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """支部先议 · Give the branch's opinion on a draft; it is shown with the draft and is never a
    veto."""
    return as_seen(act(review.give_review, obtain(Resolution, resolution_id), **body))


@blp.post("/resolutions/<uuid:resolution_id>/table", schemas.ResolutionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.TableArgs, example={"method": "PHONE", "secrecy": "SECRET"})
@blp.refuses(WrongState, refusals.HandsAreNotSecret, refusals.ReviewPending, *KEY_REFUSALS)
def table_resolution(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """付表决 · Put a resolution to the vote; text, method, secrecy and rule cannot change
    afterwards."""
    resolution = act(services.table_resolution, obtain(Resolution, resolution_id), _keys(), **body)
    return as_seen(resolution)


@blp.post("/resolutions/<uuid:resolution_id>/count", schemas.ResolutionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.CountArgs, example={"yes": 18, "no": 2, "abstain": 1})
@blp.refuses(
    WrongState,
    VoteVoid,
    refusals.WrongMethod,
    refusals.MorePresentThanRoll,
    refusals.PresentDiffers,
    refusals.MoreVotesThanPresent,
)
def count_votes(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """录入票数 · Enter the count of hands or papers: the resolution becomes PASSED, FAILED or
    NO_QUORUM."""
    return as_seen(act(voting.count_votes, obtain(Resolution, resolution_id), **body))


@blp.put("/resolutions/<uuid:resolution_id>/vote", schemas.VoteSchema)
@allow(Role.RESIDENT)
@blp.arguments(schemas.VoteArgs, example={"answer": "YES"})
@blp.refuses(WrongState, refusals.WrongMethod, refusals.NotPresent, NotOnRoll, *VOTE_REFUSALS)
def cast_vote(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """手机表决 · Vote by phone, or replace your vote, until the vote is closed."""
    act_by_role(voting.cast_vote, obtain(Resolution, resolution_id), _keys(), body["answer"])
    return body


@blp.post("/resolutions/<uuid:resolution_id>/close-vote", schemas.ResolutionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState, refusals.WrongMethod, *VOTE_REFUSALS)
def close_vote(resolution_id: UUID) -> dict[str, Any]:
    """结束手机表决 · Close the vote by phone and count it: PASSED, FAILED or NO_QUORUM."""
    resolution = act(voting.close_vote, obtain(Resolution, resolution_id), _keys())
    lost_keys.erase_now(db.session(), resolution.id, _keys())
    return as_seen(resolution)


@blp.post("/resolutions/<uuid:resolution_id>/shelve", schemas.ResolutionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.ShelveArgs, example={"reason": "等电梯公司的采光实测报告"})
@blp.refuses(WrongState, *KEY_REFUSALS)
def shelve_resolution(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """暂缓 · Shelve a resolution, with a reason."""
    resolution = act(services.shelve_resolution, obtain(Resolution, resolution_id), **body)
    lost_keys.erase_now(db.session(), resolution.id, _keys())
    return as_seen(resolution)


@blp.post("/resolutions/<uuid:resolution_id>/escalate", schemas.ResolutionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.EscalateArgs, example=ESCALATE_EXAMPLE)
@blp.refuses(WrongState)
def escalate_resolution(body: dict[str, Any], resolution_id: UUID) -> dict[str, Any]:
    """提请上会 · Hand a failed or shelved resolution on to those who can decide it."""
    return as_seen(act(services.escalate_resolution, obtain(Resolution, resolution_id), **body))


@blp.post("/resolutions/<uuid:resolution_id>/publish", schemas.ResolutionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState)
def publish_resolution(resolution_id: UUID) -> dict[str, Any]:
    """公示决议 · Publish a passed resolution for 7 days; afterwards it takes effect by itself."""
    return as_seen(act(services.publish_resolution, obtain(Resolution, resolution_id)))


@blp.post("/sessions/<uuid:session_id>/conclude-meeting", SessionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState, refusals.ResolutionStillTabled)
def conclude_meeting(session_id: UUID) -> dict[str, Any]:
    """结束圆桌会 · End the round table; drafts and resolutions without a quorum are shelved."""
    return session_as_seen(act(meeting.conclude_meeting, obtain(AgendaSession, session_id)))
