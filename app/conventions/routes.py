"""URLs of conventions: draft, review, vote, publish, file, amend, repeal, and what changed."""

from typing import Any
from uuid import UUID

from app.conventions import drafting, publishing, review, voting
from app.conventions.access import (
    DRAFTERS,
    REVIEWERS,
    WITHDRAWERS,
    as_listed,
    current_versions,
    obtain_clause,
    obtain_convention,
    obtain_version,
    require_role,
)
from app.conventions.models import (
    Convention,
    ConventionVersion,
    difference_between,
)
from app.conventions.refusals import (
    FiguresDisagree,
    FlagsOpen,
    InvalidClauseResolution,
    InvalidResolutions,
    NeedsNoOwnerVote,
    NotApproved,
    OwnDraft,
    RepealPending,
    ResolutionMissing,
    ResolutionSuperseded,
    ReturnNeedsAdvice,
    VersionOpen,
    VoteNotPassed,
    WrongLegalType,
)
from app.conventions.schemas import (
    AmendmentArgs,
    ClauseSchema,
    ConventionBriefSchema,
    ConventionDraftArgs,
    ConventionListArgs,
    ConventionSchema,
    ConventionTextArgs,
    DifferenceArgs,
    DifferenceSchema,
    FilingArgs,
    MatterVoteArgs,
    MeetingVoteArgs,
    OfficialVoteSchema,
    OwnerVoteArgs,
    RepealArgs,
    VersionReasonArgs,
    VersionReviewArgs,
    VersionSchema,
)
from app.conventions.texts.clauses import (
    Clause,
    ConventionFlag,
    FlagDecision,
    OfficialOwnerVote,
)
from app.kit.errors import NotFound, WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, read_page
from app.matters.models import Matter
from app.people.guards import (
    EVERYONE_THERE,
    act,
    act_by_role,
    allow,
    create_once,
    current_actor,
    obtain,
    obtain_compound,
)
from app.people.models import Role

blp = Blueprint("conventions", __name__, description="规约 · Conventions, versions and clauses")

ID = "0198c0de-0000-7000-8000-000000000001"
REVISION_EXAMPLE = {
    "title": "香樟苑小区停车与电动车充电解题规约",
    "is_trial": True,
    "clauses": [
        {"text": "消防通道、单元门口和黄线内不停车。", "resolution_id": ID},
        {"text": "花坛改车位属业主共同决定事项。", "owner_vote_item": 8},
    ],
    "resolution_ids": [ID],
}
OWNER_VOTE_EXAMPLE = {
    "official_ref": "武汉业主决策电子投票系统 2026-0415",
    "area_all": 147200,
    "area_part": 128800,
    "area_yes": 100850,
    "heads_all": 15,
    "heads_part": 13,
    "heads_yes": 10,
}
DRAFTING = (Role.BRANCH_SECRETARY, Role.OC_DIRECTOR)
REVIEWING = (Role.COMMUNITY_SECRETARY, Role.SUBDISTRICT_OFFICER)
ENTERS_OWNER_VOTES = (Role.OC_DIRECTOR, Role.COMMUNITY_SECRETARY)
LINKING = (
    InvalidResolutions,
    ResolutionMissing,
    InvalidClauseResolution,
)


@blp.route("/compounds/<uuid:compound_id>/conventions", methods=["POST"])
@allow(*DRAFTING)
@blp.arguments(ConventionDraftArgs, example={"legal_type": "SELF_DISCIPLINE", **REVISION_EXAMPLE})
@blp.response(201, VersionSchema)
@blp.creates(*LINKING)
def draft_convention(body: dict[str, Any], compound_id: UUID) -> ConventionVersion:
    """起草规约 · Draft a convention: its first version."""
    require_role(compound_id, body["legal_type"], DRAFTERS)
    compound = obtain_compound(compound_id)
    by = current_actor().resident
    return create_once(
        ConventionVersion, lambda: drafting.draft_convention(db.session(), compound, by, **body)
    )


@blp.route("/compounds/<uuid:compound_id>/conventions", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.lists(ConventionBriefSchema, ConventionListArgs)
def list_conventions(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """规约列表 · Conventions of a compound, newest first; by choice those due for review."""
    obtain_compound(compound_id)
    query = current_versions(compound_id, args.pop("in_force"), args.pop("review_due_by"))
    page = read_page(db.session(), query, ConventionVersion.convention_id, **args)
    return {**page, "items": [as_listed(version) for version in page["items"]]}


@blp.route("/conventions/<uuid:convention_id>", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.response(200, ConventionSchema)
def read_convention(convention_id: UUID) -> Convention:
    """一份规约 · One convention with all its versions."""
    return obtain_convention(convention_id)


@blp.route("/conventions/<uuid:convention_id>/difference", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.arguments(DifferenceArgs, location="query")
@blp.response(200, DifferenceSchema)
def read_difference(args: dict[str, Any], convention_id: UUID) -> dict[str, Any]:
    """两版对照 · What changed from one version to another, clause by clause."""
    versions = {each.number: each for each in obtain_convention(convention_id).versions}
    old, new = versions.get(args["from_"]), versions.get(args["to"] or max(versions))
    if old is None or new is None:
        raise NotFound
    return {
        "convention_id": convention_id,
        "from_": old.number,
        "to": new.number,
        "changes": difference_between(old, new),
    }


@blp.route("/conventions/<uuid:convention_id>/amend", methods=["POST"])
@allow(*DRAFTING)
@blp.arguments(AmendmentArgs, example={"resolution_ids": [ID]})
@blp.response(201, VersionSchema)
@blp.creates(
    WrongState,
    VersionOpen,
    RepealPending,
    InvalidResolutions,
    ResolutionMissing,
)
def amend_convention(body: dict[str, Any], convention_id: UUID) -> ConventionVersion:
    """修订规约 · Begin the next version: a draft with the words of the one in force."""
    convention = obtain_convention(convention_id, DRAFTERS)
    by = current_actor().resident
    return create_once(
        ConventionVersion, lambda: drafting.amend_convention(db.session(), convention, by, **body)
    )


@blp.route("/conventions/<uuid:convention_id>/repeal", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(
    RepealArgs, example={"resolution_id": ID, "reason": "充电棚和车位已由新规约统一规定"}
)
@blp.response(200, VersionSchema)
@blp.refuses(
    WrongState,
    WrongLegalType,
    VersionOpen,
    RepealPending,
    InvalidResolutions,
)
def repeal_convention(body: dict[str, Any], convention_id: UUID) -> ConventionVersion:
    """废止规约 · Announce a repeal; it stays in force until the notice of 7 days has ended."""
    convention = obtain_convention(convention_id)
    by = current_actor().resident
    version = publishing.repeal_convention(db.session(), convention, by, **body)
    db.session.commit()
    return version


@blp.route("/conventions/<uuid:convention_id>/withdraw-repeal", methods=["POST"])
@allow(Role.COMMUNITY_SECRETARY)
@blp.arguments(VersionReasonArgs, example={"reason": "要求废止的决议已被代替"})
@blp.response(200, VersionSchema)
@blp.refuses(WrongState)
def withdraw_repeal(body: dict[str, Any], convention_id: UUID) -> ConventionVersion:
    """不再废止 · Let a repeal that stands on the board go no further."""
    convention = obtain_convention(convention_id)
    by = current_actor().resident
    version = publishing.withdraw_repeal(db.session(), convention, by, body["reason"])
    db.session.commit()
    return version


@blp.route("/convention-versions/<uuid:version_id>", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.response(200, VersionSchema)
def read_version(version_id: UUID) -> ConventionVersion:
    """一版规约 · One version with its clauses, flags and changes."""
    return obtain_version(version_id)


@blp.route("/convention-versions/<uuid:version_id>", methods=["PUT"])
@allow(*DRAFTING)
@blp.arguments(ConventionTextArgs, example=REVISION_EXAMPLE)
@blp.response(200, VersionSchema)
@blp.refuses(WrongState, *LINKING)
def revise_version(body: dict[str, Any], version_id: UUID) -> ConventionVersion:
    """修改草案 · Write a draft anew."""
    return act(drafting.revise_version, obtain_version(version_id, DRAFTERS), **body)


@blp.route("/convention-versions/<uuid:version_id>/submit", methods=["POST"])
@allow(*DRAFTING)
@blp.response(200, VersionSchema)
@blp.refuses(WrongState)
def submit_version(version_id: UUID) -> ConventionVersion:
    """提请审核 · Put a draft to review; words that it may not have are flagged."""
    return act(drafting.submit_version, obtain_version(version_id, DRAFTERS))


@blp.route("/convention-versions/<uuid:version_id>/withdraw", methods=["POST"])
@allow(*DRAFTING, *REVIEWING)
@blp.arguments(VersionReasonArgs, example={"reason": "并入下月的规约一起商议"})
@blp.response(200, VersionSchema)
@blp.refuses(WrongState)
def withdraw_version(body: dict[str, Any], version_id: UUID) -> ConventionVersion:
    """撤回 · Let a version go no further; once it was voted, only those who reviewed it may."""
    return act_by_role(drafting.withdraw_version, obtain_version(version_id, WITHDRAWERS), **body)


FLAG = "/convention-versions/<uuid:version_id>/flags/<uuid:flag_id>"


@blp.route(f"{FLAG}/clear", methods=["POST"])
@allow(*REVIEWING)
@blp.arguments(VersionReasonArgs, example={"reason": "该条声明不设罚款，不是设定处罚"})
@blp.response(200, VersionSchema)
@blp.refuses(WrongState, OwnDraft)
def clear_flag(body: dict[str, Any], version_id: UUID, flag_id: UUID) -> ConventionVersion:
    """词语可以保留 · Decide that a flagged word may stand, with a reason."""
    return _decide_flag(version_id, flag_id, FlagDecision.CLEARED, body["reason"])


@blp.route(f"{FLAG}/uphold", methods=["POST"])
@allow(*REVIEWING)
@blp.arguments(VersionReasonArgs, example={"reason": "小区无权罚款，请改为劝导"})
@blp.response(200, VersionSchema)
@blp.refuses(WrongState, OwnDraft)
def uphold_flag(body: dict[str, Any], version_id: UUID, flag_id: UUID) -> ConventionVersion:
    """词语须改写 · Decide that the text must change; the version is then returned for it."""
    return _decide_flag(version_id, flag_id, FlagDecision.UPHELD, body["reason"])


def _decide_flag(
    version_id: UUID, flag_id: UUID, decision: FlagDecision, reason: str
) -> ConventionVersion:
    version = obtain_version(version_id, REVIEWERS)
    flag = db.session.get(ConventionFlag, flag_id)
    if flag is None or flag not in version.flags:
        raise NotFound
    by = current_actor().resident
    review.decide_flag(db.session(), version, flag, by, decision, reason)
    db.session.commit()
    return version


@blp.route("/convention-versions/<uuid:version_id>/review", methods=["POST"])
@allow(*REVIEWING)
@blp.arguments(VersionReviewArgs, example={"opinion": "RETURNED", "advice": "第四条写明通知的期限"})
@blp.response(200, VersionSchema)
@blp.refuses(
    WrongState,
    OwnDraft,
    ReturnNeedsAdvice,
    FlagsOpen,
    ResolutionMissing,
    ResolutionSuperseded,
)
def review_version(body: dict[str, Any], version_id: UUID) -> ConventionVersion:
    """审核 · Approve of a version, or return it: by the community's secretary or the street."""
    return act(review.review_version, obtain_version(version_id, REVIEWERS), **body)


@blp.route("/convention-versions/<uuid:version_id>/record-vote", methods=["POST"])
@allow(Role.COMMUNITY_SECRETARY)
@blp.arguments(
    MeetingVoteArgs,
    example={
        "minutes_ref": "居民会议纪要 2026-03 第2号",
        "roll": 60,
        "present": 41,
        "yes": 36,
        "no": 3,
        "abstain": 2,
    },
)
@blp.response(200, VersionSchema)
@blp.refuses(
    WrongState,
    WrongLegalType,
    NotApproved,
    FiguresDisagree,
    VoteNotPassed,
)
def record_vote(body: dict[str, Any], version_id: UUID) -> ConventionVersion:
    """居民会议表决 · Enter the vote of the residents' meeting that passed a pact."""
    return act(voting.record_vote, obtain_version(version_id), **body)


@blp.route("/convention-versions/<uuid:version_id>/record-owner-vote", methods=["POST"])
@allow(*ENTERS_OWNER_VOTES)
@blp.arguments(OwnerVoteArgs, example=OWNER_VOTE_EXAMPLE)
@blp.response(200, VersionSchema)
@blp.refuses(
    WrongState,
    WrongLegalType,
    NotApproved,
    FiguresDisagree,
    VoteNotPassed,
)
def record_owner_vote(body: dict[str, Any], version_id: UUID) -> ConventionVersion:
    """业主表决管理规约 · Enter the official owners' vote that passed a covenant."""
    return act(voting.record_owner_vote, obtain_version(version_id), **body)


@blp.route("/convention-versions/<uuid:version_id>/publish", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.response(200, VersionSchema)
@blp.refuses(WrongState, FlagsOpen)
def publish_version(version_id: UUID) -> ConventionVersion:
    """公示规约 · Post a voted version for 7 days; it comes into force by itself."""
    return act(publishing.publish_version, obtain_version(version_id))


@blp.route("/convention-versions/<uuid:version_id>/file", methods=["POST"])
@allow(Role.SUBDISTRICT_OFFICER)
@blp.arguments(FilingArgs, example={"filing_ref": "云桥街备〔2026〕3号"})
@blp.response(200, VersionSchema)
@blp.refuses(WrongState, WrongLegalType)
def file_version(body: dict[str, Any], version_id: UUID) -> ConventionVersion:
    """备案 · The street office files a residents' pact."""
    return act(publishing.file_version, obtain_version(version_id), **body)


@blp.route("/matters/<uuid:matter_id>/owner-vote", methods=["POST"])
@allow(*ENTERS_OWNER_VOTES)
@blp.arguments(MatterVoteArgs, example={"item": 8, **OWNER_VOTE_EXAMPLE})
@blp.response(200, OfficialVoteSchema)
@blp.refuses(
    WrongState,
    FiguresDisagree,
    VoteNotPassed,
)
def record_matter_vote(body: dict[str, Any], matter_id: UUID) -> OfficialOwnerVote:
    """事项业主表决 · Enter the official owners' vote that passed a matter left to the owners."""
    matter, by = obtain(Matter, matter_id), current_actor().resident
    vote = voting.record_matter_vote(db.session(), matter, by, **body)
    db.session.commit()
    return vote


@blp.route("/clauses/<uuid:clause_id>/owner-vote", methods=["POST"])
@allow(*ENTERS_OWNER_VOTES)
@blp.arguments(OwnerVoteArgs, example=OWNER_VOTE_EXAMPLE)
@blp.response(200, ClauseSchema)
@blp.refuses(
    WrongState,
    NeedsNoOwnerVote,
    FiguresDisagree,
    VoteNotPassed,
)
def attach_owner_vote(body: dict[str, Any], clause_id: UUID) -> Clause:
    """条文业主表决 · Enter the official owners' vote that passed a clause: it is active then."""
    version, clause = obtain_clause(clause_id)
    voting.attach_owner_vote(db.session(), version, clause, current_actor().resident, **body)
    db.session.commit()
    return clause
