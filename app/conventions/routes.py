"""URLs of conventions: draft, review, vote, publish, file, amend, repeal, and what changed."""

from typing import Any
from uuid import UUID

from app.conventions import drafting, publishing, refusals, review, schemas, voting
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
from app.conventions.models import Convention, ConventionVersion, difference_between
from app.conventions.texts.clauses import Clause, ConventionFlag, FlagDecision, OfficialOwnerVote
from app.kit.errors import NotFound, WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, each, read_page
from app.matters.models import Matter
from app.people.guards import (
    EVERYONE_THERE,
    act,
    act_by_role,
    allow,
    create,
    obtain,
    obtain_compound,
    result_of,
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
FIGURES_REFUSED = (refusals.FiguresDisagree, refusals.VoteNotPassed)
LINKING = (
    refusals.InvalidResolutions,
    refusals.ResolutionMissing,
    refusals.InvalidClauseResolution,
    refusals.OwnersItemMissing,
)


@blp.post("/compounds/<uuid:compound_id>/conventions", schemas.VersionSchema)
@allow(*DRAFTING)
@blp.arguments(
    schemas.ConventionDraftArgs, example={"legal_type": "SELF_DISCIPLINE", **REVISION_EXAMPLE}
)
@blp.creates(*LINKING)
def draft_convention(body: dict[str, Any], compound_id: UUID) -> ConventionVersion:
    """起草规约 · Draft a convention: its first version."""
    require_role(compound_id, body["legal_type"], DRAFTERS)
    return create(
        ConventionVersion, drafting.draft_convention, obtain_compound(compound_id), **body
    )


@blp.get("/compounds/<uuid:compound_id>/conventions")
@allow(*EVERYONE_THERE)
@blp.lists(schemas.ConventionBriefSchema, schemas.ConventionListArgs)
def list_conventions(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """规约列表 · Conventions of a compound, newest first; optionally only those due for review."""
    obtain_compound(compound_id)
    query = current_versions(compound_id, args.pop("in_force"), args.pop("review_due_by"))
    return read_page(
        db.session(), query, ConventionVersion.convention_id, show=each(as_listed), **args
    )


@blp.get("/conventions/<uuid:convention_id>", schemas.ConventionSchema)
@allow(*EVERYONE_THERE)
def read_convention(convention_id: UUID) -> Convention:
    """一份规约 · One convention with all its versions."""
    return obtain_convention(convention_id)


@blp.get("/conventions/<uuid:convention_id>/difference", schemas.DifferenceSchema)
@allow(*EVERYONE_THERE)
@blp.arguments(schemas.DifferenceArgs, location="query")
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


@blp.post("/conventions/<uuid:convention_id>/amend", schemas.VersionSchema)
@allow(*DRAFTING)
@blp.arguments(schemas.AmendmentArgs, example={"resolution_ids": [ID]})
@blp.creates(
    WrongState,
    refusals.VersionOpen,
    refusals.RepealPending,
    refusals.InvalidResolutions,
    refusals.ResolutionMissing,
)
def amend_convention(body: dict[str, Any], convention_id: UUID) -> ConventionVersion:
    """修订规约 · Start the next version: a draft with the text of the one in force."""
    return create(
        ConventionVersion,
        drafting.amend_convention,
        obtain_convention(convention_id, DRAFTERS),
        **body,
    )


@blp.post("/conventions/<uuid:convention_id>/repeal", schemas.VersionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(
    schemas.RepealArgs, example={"resolution_id": ID, "reason": "充电棚和车位已由新规约统一规定"}
)
@blp.refuses(
    WrongState,
    refusals.WrongLegalType,
    refusals.VersionOpen,
    refusals.RepealPending,
    refusals.InvalidResolutions,
)
def repeal_convention(body: dict[str, Any], convention_id: UUID) -> ConventionVersion:
    """废止规约 · Announce a repeal; the convention stays in force until the 7 days of notice have
    ended."""
    return result_of(publishing.repeal_convention, obtain_convention(convention_id), **body)


@blp.post("/conventions/<uuid:convention_id>/withdraw-repeal", schemas.VersionSchema)
@allow(Role.COMMUNITY_SECRETARY)
@blp.arguments(schemas.VersionReasonArgs, example={"reason": "要求废止的决议已被代替"})
@blp.refuses(WrongState)
def withdraw_repeal(body: dict[str, Any], convention_id: UUID) -> ConventionVersion:
    """不再废止 · Withdraw a repeal that stands on the board; the convention stays in force."""
    return result_of(publishing.withdraw_repeal, obtain_convention(convention_id), body["reason"])


@blp.get("/convention-versions/<uuid:version_id>", schemas.VersionSchema)
@allow(*EVERYONE_THERE)
def read_version(version_id: UUID) -> ConventionVersion:
    """一版规约 · One version with its clauses, flags and changes."""
    return obtain_version(version_id)


@blp.put("/convention-versions/<uuid:version_id>", schemas.VersionSchema)
@allow(*DRAFTING)
@blp.arguments(schemas.ConventionTextArgs, example=REVISION_EXAMPLE)
@blp.refuses(WrongState, *LINKING)
def revise_version(body: dict[str, Any], version_id: UUID) -> ConventionVersion:
    """修改草案 · Replace the content of a draft."""
    return act(drafting.revise_version, obtain_version(version_id, DRAFTERS), **body)


@blp.post("/convention-versions/<uuid:version_id>/submit", schemas.VersionSchema)
@allow(*DRAFTING)
@blp.refuses(WrongState)
def submit_version(version_id: UUID) -> ConventionVersion:
    """提请审核 · Submit a draft for review; words that a convention may not contain are flagged."""
    return act(drafting.submit_version, obtain_version(version_id, DRAFTERS))


@blp.post("/convention-versions/<uuid:version_id>/withdraw", schemas.VersionSchema)
@allow(*DRAFTING, *REVIEWING)
@blp.arguments(schemas.VersionReasonArgs, example={"reason": "并入下月的规约一起商议"})
@blp.refuses(WrongState)
def withdraw_version(body: dict[str, Any], version_id: UUID) -> ConventionVersion:
    """撤回 · Withdraw a version that is not in force; once it was voted, only its reviewers may."""
    return act_by_role(drafting.withdraw_version, obtain_version(version_id, WITHDRAWERS), **body)


FLAG = "/convention-versions/<uuid:version_id>/flags/<uuid:flag_id>"


@blp.post(f"{FLAG}/clear", schemas.VersionSchema)
@allow(*REVIEWING)
@blp.arguments(schemas.VersionReasonArgs, example={"reason": "该条声明不设罚款，不是设定处罚"})
@blp.refuses(WrongState, refusals.OwnDraft)
def clear_flag(body: dict[str, Any], version_id: UUID, flag_id: UUID) -> ConventionVersion:
    """词语可以保留 · Decide that a flagged word may stay, with a reason."""
    return _decide_flag(version_id, flag_id, FlagDecision.CLEARED, body["reason"])


@blp.post(f"{FLAG}/uphold", schemas.VersionSchema)
@allow(*REVIEWING)
@blp.arguments(schemas.VersionReasonArgs, example={"reason": "小区无权罚款，请改为劝导"})
@blp.refuses(WrongState, refusals.OwnDraft)
def uphold_flag(body: dict[str, Any], version_id: UUID, flag_id: UUID) -> ConventionVersion:
    """词语须改写 · Decide that the text must change; the version is then returned."""
    return _decide_flag(version_id, flag_id, FlagDecision.UPHELD, body["reason"])


def _decide_flag(
    version_id: UUID, flag_id: UUID, decision: FlagDecision, reason: str
) -> ConventionVersion:
    version = obtain_version(version_id, REVIEWERS)
    flag = db.session.get(ConventionFlag, flag_id)
    if flag is None or flag not in version.flags:
        raise NotFound
    return act(review.decide_flag, version, flag, decision, reason)


@blp.post("/convention-versions/<uuid:version_id>/review", schemas.VersionSchema)
@allow(*REVIEWING)
@blp.arguments(
    schemas.VersionReviewArgs, example={"opinion": "RETURNED", "advice": "第四条写明通知的期限"}
)
@blp.refuses(
    WrongState,
    refusals.OwnDraft,
    refusals.ReturnNeedsAdvice,
    refusals.FlagsOpen,
    refusals.ResolutionMissing,
    refusals.ResolutionSuperseded,
)
def review_version(body: dict[str, Any], version_id: UUID) -> ConventionVersion:
    """审核 · Approve a version, or return it: the community's secretary or the street office."""
    return act(review.review_version, obtain_version(version_id, REVIEWERS), **body)


@blp.post("/convention-versions/<uuid:version_id>/record-vote", schemas.VersionSchema)
@allow(Role.COMMUNITY_SECRETARY)
@blp.arguments(
    schemas.MeetingVoteArgs,
    example={
        "minutes_ref": "居民会议纪要 2026-03 第2号",
        "roll": 60,
        "present": 41,
        "yes": 36,
        "no": 3,
        "abstain": 2,
    },
)
@blp.refuses(WrongState, refusals.WrongLegalType, refusals.NotApproved, *FIGURES_REFUSED)
def record_vote(body: dict[str, Any], version_id: UUID) -> ConventionVersion:
    """居民会议表决 · Record the vote of the residents' meeting that passed a pact."""
    return act(voting.record_vote, obtain_version(version_id), **body)


@blp.post("/convention-versions/<uuid:version_id>/record-owner-vote", schemas.VersionSchema)
@allow(*ENTERS_OWNER_VOTES)
@blp.arguments(schemas.OwnerVoteArgs, example=OWNER_VOTE_EXAMPLE)
@blp.refuses(WrongState, refusals.WrongLegalType, refusals.NotApproved, *FIGURES_REFUSED)
def record_owner_vote(body: dict[str, Any], version_id: UUID) -> ConventionVersion:
    """业主表决管理规约 · Record the official owners' vote that passed a covenant."""
    return act(voting.record_owner_vote, obtain_version(version_id), **body)


@blp.post("/convention-versions/<uuid:version_id>/publish", schemas.VersionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState, refusals.FlagsOpen)
def publish_version(version_id: UUID) -> ConventionVersion:
    """公示规约 · Publish a voted version for 7 days; afterwards it comes into force by itself."""
    return act(publishing.publish_version, obtain_version(version_id))


@blp.post("/convention-versions/<uuid:version_id>/file", schemas.VersionSchema)
@allow(Role.SUBDISTRICT_OFFICER)
@blp.arguments(schemas.FilingArgs, example={"filing_ref": "云桥街备〔2026〕3号"})
@blp.refuses(WrongState, refusals.WrongLegalType)
def file_version(body: dict[str, Any], version_id: UUID) -> ConventionVersion:
    """备案 · File a residents' pact, as the street office."""
    return act(publishing.file_version, obtain_version(version_id), **body)


@blp.post("/matters/<uuid:matter_id>/owner-vote", schemas.OfficialVoteSchema)
@allow(*ENTERS_OWNER_VOTES)
@blp.arguments(schemas.MatterVoteArgs, example={"item": 8, **OWNER_VOTE_EXAMPLE})
@blp.refuses(WrongState, *FIGURES_REFUSED)
def record_matter_vote(body: dict[str, Any], matter_id: UUID) -> OfficialOwnerVote:
    """事项业主表决 · Record the official owners' vote that passed a matter left to the owners."""
    return result_of(voting.record_matter_vote, obtain(Matter, matter_id), **body)


@blp.post("/clauses/<uuid:clause_id>/owner-vote", schemas.ClauseSchema)
@allow(*ENTERS_OWNER_VOTES)
@blp.arguments(schemas.OwnerVoteArgs, example=OWNER_VOTE_EXAMPLE)
@blp.refuses(WrongState, refusals.NeedsNoOwnerVote, *FIGURES_REFUSED)
def attach_owner_vote(body: dict[str, Any], clause_id: UUID) -> Clause:
    """条文业主表决 · Record the official owners' vote that passed a clause; the clause is then in
    effect."""
    version, clause = obtain_clause(clause_id)
    act(voting.attach_owner_vote, version, clause, **body)
    return clause
