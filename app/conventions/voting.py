"""The votes behind pacts, covenants, and the clauses and matters that only the owners decide.

None of them is taken here: the record of one that passed is entered. A vote that did not pass is
refused and moves nothing; the version may be withdrawn, or returned and put to another vote.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.board.posting import post
from app.conventions import notices, refusals
from app.conventions.models import OPEN, TEXT_IS_FINAL, ConventionVersion, LegalType, VersionState
from app.conventions.schemas import OfficialVoteSchema
from app.conventions.texts.clauses import Clause, OfficialOwnerVote
from app.kit import locks
from app.kit.audit import record
from app.kit.clock import read_database_clock
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id
from app.matters.models import Matter, MatterState
from app.matters.services import hold_matter
from app.people.models import Resident
from votes.civil_code import OWNERS_ITEMS
from votes.errors import VotingError
from votes.joint_decision import JointOutcome, OwnersFigures, decide_jointly, explain_joint_decision
from votes.majority import MajorityOutcome, MajorityRule, ResolutionVote, decide, explain_majority

COVENANT_ITEM = 2  # making and amending the management covenant


def record_vote(
    session: Session,
    version: ConventionVersion,
    by: Resident,
    *,
    minutes_ref: str,
    roll: int,
    present: int,
    yes: int,
    no: int,
    abstain: int,
) -> None:
    """Enter the vote of the residents' meeting on a pact (L5-9: more than half of those present,
    and more than half of the roll present).

    Raises WrongLegalType, WrongState, NotApproved, FiguresDisagree, VoteNotPassed.
    """
    at = _begin_vote(session, version, LegalType.RESIDENT_PACT)
    try:
        vote = ResolutionVote(roll, present, yes, no, abstain)
    except VotingError as error:
        raise refusals.FiguresDisagree(en=error.message) from None
    why = explain_majority(MajorityRule(), vote)
    if decide(MajorityRule(), vote) is not MajorityOutcome.PASSED:
        raise refusals.VoteNotPassed(zh=why.zh, en=why.en)
    version.record_vote(vote, minutes_ref, at)
    record_move(session, version, "record_vote", by, at, reason=why.zh)


def record_owner_vote(
    session: Session,
    version: ConventionVersion,
    by: Resident,
    /,
    *,
    official_ref: str,
    **figures: int,
) -> None:
    """Enter the official result of the owners' vote on a covenant, Civil Code 278(1)(2).

    Raises WrongLegalType, WrongState, NotApproved, FiguresDisagree, VoteNotPassed.
    """
    at = _begin_vote(session, version, LegalType.OWNER_COVENANT)
    vote = _passed(session, version.compound_id, COVENANT_ITEM, by, at, official_ref, figures)
    version.record_owner_vote(vote, at)
    why = f"{official_ref} {vote.explanation_zh}"
    record_move(session, version, "record_owner_vote", by, at, reason=why)


def record_matter_vote(
    session: Session,
    matter: Matter,
    by: Resident,
    /,
    *,
    item: int,
    official_ref: str,
    **figures: int,
) -> OfficialOwnerVote:
    """Enter the official result of the owners' vote on a matter that the round table left to them:
    it may be carried out now.

    Raises WrongState, FiguresDisagree, VoteNotPassed.
    """
    locks.hold_alone(session, matter.id)
    matter = hold_matter(session, matter.id)
    matter.require_state(MatterState.OWNER_VOTE)
    at = read_database_clock(session)
    vote = _passed(session, matter.compound_id, item, by, at, official_ref, figures)
    vote.matter_id = matter.id
    matter.resolve()
    reason = f"{official_ref} {vote.explanation_zh}"
    record_move(session, matter, "record_owner_vote", by, at, reason=reason)
    post(
        session,
        notices.OWNERS_DECIDED,
        matter,
        at,
        about_id=vote.id,
        vote=vote,
        data={"vote": OfficialVoteSchema().dump(vote)},
    )
    return vote


def attach_owner_vote(
    session: Session,
    version: ConventionVersion,
    by: Resident,
    clause: Clause,
    /,
    *,
    official_ref: str,
    **figures: int,
) -> None:
    """Enter the official result of the owners' vote on a clause: from now on it is active.

    If the clause stands on the board already, a notice says so. Raises NeedsNoOwnerVote,
    WrongState, FiguresDisagree, VoteNotPassed.
    """
    at = begin_move(session, version)
    session.refresh(clause)
    if clause.owner_vote_item is None:
        raise refusals.NeedsNoOwnerVote
    version.require_state(*TEXT_IS_FINAL)
    item, compound_id = clause.owner_vote_item, version.compound_id
    vote = _passed(session, compound_id, item, by, at, official_ref, figures)
    clause.activate(vote)
    _activate_in_draft(version, clause, vote)
    record(
        session,
        clause,
        "attach_owner_vote",
        by,
        at,
        compound_id=version.compound_id,
        from_state="INACTIVE",
        to_state="ACTIVE",
        reason=f"{official_ref} {vote.explanation_zh}",
    )
    if version.state is not VersionState.VOTED:
        post(
            session,
            notices.CONVENTION_CLAUSE_ACTIVE,
            version,
            at,
            about_id=clause.id,
            clause=clause,
            data={"clause": notices.ClauseData().dump(clause)},
        )


def _activate_in_draft(version: ConventionVersion, clause: Clause, vote: OfficialOwnerVote) -> None:
    """An amendment that is on its way, and keeps the clause as it is, keeps the vote too."""
    amendments = (
        other
        for other in version.convention.versions
        if other.amends_id == version.id and other.state in OPEN
    )
    for other in amendments:
        for same in other.clauses:
            words = (same.text, same.owner_vote_item)
            if words == (clause.text, clause.owner_vote_item) and not same.is_active:
                same.activate(vote)


def _begin_vote(session: Session, version: ConventionVersion, legal_type: LegalType) -> datetime:
    if version.legal_type is not legal_type:
        raise refusals.WrongLegalType
    at = begin_move(session, version)
    version.require_state(VersionState.REVIEW)
    if not version.is_approved:
        raise refusals.NotApproved
    return at


def _passed(
    session: Session,
    compound_id: UUID,
    item: int,
    by: Resident,
    at: datetime,
    official_ref: str,
    figures: dict[str, int],
) -> OfficialOwnerVote:
    """The record of a vote that passed, stored; the rule follows from the item."""
    try:
        counted = OwnersFigures(**figures)
    except VotingError as error:
        raise refusals.FiguresDisagree(en=error.message) from None
    why = explain_joint_decision(item, counted)
    if decide_jointly(item, counted) is not JointOutcome.PASSED:
        basis = OWNERS_ITEMS[item]
        raise refusals.VoteNotPassed(zh=f"{basis.zh}。{why.zh}", en=f"{basis.en}. {why.en}")
    vote = OfficialOwnerVote(
        id=new_id(),
        compound_id=compound_id,
        item=item,
        official_ref=official_ref,
        explanation_zh=why.zh,
        explanation_en=why.en,
        entered_by_id=by.id,
        entered_at=at,
        **figures,
    )
    session.add(vote)
    session.flush()
    return vote
