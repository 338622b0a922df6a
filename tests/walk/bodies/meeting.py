"""The round table: invitations, arrivals, cards, resolutions and their votes; conventions."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.ballots.models import ResultRow
from app.cases.models import Case
from app.conventions.models import ConventionVersion
from app.deliberation.models import Attendance, Invitation, SolutionCard
from app.matters.models import Matter
from app.resolutions.models import Resolution, ResolutionCard
from tests.cast import Person
from tests.walk.turn import NotNow, Turn, column, json, people, says

CHECKLIST = ("OWNERS", "TENANTS", "AFFECTED", "DEPARTMENT")
KINDS = (*CHECKLIST, "PROPERTY_FIRM", "OWNERS_COMMITTEE", "EXPERT", "OTHER")
CLAUSES = (
    "消防通道不停车。",
    "车位统一编号，先到先停。",
    "楼道不堆物，不设罚款。",
    "电动车不进楼道。",
)
BINDING = ("PASSED", "NOTICED", "EFFECTIVE")


@says("POST /sessions/{session_id}/start-meeting")
def start_meeting(turn: Turn) -> dict[str, Any]:
    """Whoever is forgotten on the checklist is invited first."""
    for kind in _missing(turn):
        path = f"/sessions/{turn.about.id}/invitations"
        turn.world.logged_in(turn.by).post(path, {"kind": kind, "name": "代表"})
    return {}


def _missing(turn: Turn) -> list[str]:
    invited = turn.rows(select(Invitation.kind).where(Invitation.session_id == turn.about.id))
    return [kind for kind in CHECKLIST if kind not in invited]


@says("POST /sessions/{session_id}/invitations")
def invite(turn: Turn) -> dict[str, Any]:
    kind = turn.pick(_missing(turn) or KINDS)
    if turn.happens(0.15):
        return json(kind=kind, not_needed_why=turn.words())
    return json(kind=kind, name=f"代表{turn.world.memory.next()}")


def those_who_come(turn: Turn) -> list[Person]:
    others = turn.world.holders("RESIDENT_REP", turn.ground.compound)
    return list(dict.fromkeys([*turn.world.residents(turn.ground.compound), *others]))


@says("POST /sessions/{session_id}/attendance", who=those_who_come, crowd=0.85)
def arrive(turn: Turn) -> dict[str, Any]:
    host = turn.pick(turn.world.holders("BRANCH_SECRETARY", turn.ground.compound))
    code = turn.get(f"/sessions/{turn.about.id}/attendance-code", host)["code"]
    return json(code=code)


@says("POST /sessions/{session_id}/remarks")
def remark(turn: Turn) -> dict[str, Any]:
    return json(speaker="租户代表", text=turn.words(), attachment_ids=turn.photo(0.2))


def chosen(turn: Turn, *states: str) -> list[UUID]:
    """Matters that the session chose, in one of these states."""
    query = (
        select(ResultRow.matter_id)
        .join(Matter, Matter.id == ResultRow.matter_id)
        .where(
            ResultRow.session_id == UUID(str(turn.ids["session_id"])),
            ResultRow.outcome == "SELECTED",
            Matter.state.in_(states or ("SELECTED", "DELIBERATED")),
        )
    )
    return list(turn.rows(query.order_by(ResultRow.rank)))


@says("POST /sessions/{session_id}/cards")
def put_card(turn: Turn) -> dict[str, Any]:
    return json(
        matter_id=str(turn.pick(chosen(turn))),
        text=turn.words(),
        is_anonymous=turn.happens(0.3),
        owner_vote_item=turn.pick((5, 7, 8)) if turn.happens(0.25) else ...,
        attachment_ids=turn.photo(0.1),
    )


@says("PUT /cards/{card_id}/support", "DELETE /cards/{card_id}/support", crowd=0.4)
def support(turn: Turn) -> dict[str, Any]:
    return {}


@says("POST /cards/{card_id}/tag")
def tag(turn: Turn) -> dict[str, Any]:
    return json(item=turn.pick((None, 5, 7, 8)))


@says("POST /cards/{card_id}/merge")
def merge(turn: Turn) -> dict[str, Any]:
    matter_id = column(turn, SolutionCard.matter_id)
    query = select(SolutionCard.id).where(
        SolutionCard.session_id == turn.about.of,
        SolutionCard.matter_id == matter_id,
        SolutionCard.state == "OPEN",
        SolutionCard.id != turn.about.id,
    )
    return json(into=str(turn.pick(turn.rows(query.order_by(SolutionCard.id)))))


@says("POST /cards/{card_id}/drop")
def drop(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words())


# Resolutions


def _cards(turn: Turn, session_id: Any, matter_id: Any) -> list[str]:
    taken = (
        select(ResolutionCard.card_id)
        .join(Resolution, Resolution.id == ResolutionCard.resolution_id)
        .where(Resolution.state.not_in(["FAILED", "SHELVED", "ESCALATED"]))
    )
    query = select(SolutionCard.id).where(
        SolutionCard.session_id == session_id,
        SolutionCard.matter_id == matter_id,
        SolutionCard.state == "ADOPTED",
        SolutionCard.id.not_in(taken),
    )
    return [str(each) for each in turn.rows(query.order_by(SolutionCard.id))]


def _superseded(turn: Turn) -> Any:
    older = turn.here("resolution_id", "EFFECTIVE")
    return str(turn.pick(older).id) if older and turn.happens(0.35) else ...


@says("POST /sessions/{session_id}/resolutions")
def draft(turn: Turn) -> dict[str, Any]:
    matter_id = turn.pick(chosen(turn))
    return json(
        matter_id=str(matter_id),
        title=turn.words()[:40],
        text=turn.words(),
        card_ids=_cards(turn, turn.about.id, matter_id),
        supersedes_id=_superseded(turn),
    )


@says("PUT /resolutions/{resolution_id}")
def revise(turn: Turn) -> dict[str, Any]:
    matter_id = column(turn, Resolution.matter_id)
    cards = _cards(turn, turn.about.of, matter_id)
    body = {"title": turn.words(), "text": turn.words(), "card_ids": cards}
    return json(**body, supersedes_id=_superseded(turn))


@says("POST /resolutions/{resolution_id}/review")
def review(turn: Turn) -> dict[str, Any]:
    opinion = turn.pick(("AGREED", "AGREED_WITH_ADVICE", "RETURNED"))
    return json(opinion=opinion, advice=... if opinion == "AGREED" else turn.words())


@says("POST /resolutions/{resolution_id}/table")
def table(turn: Turn) -> dict[str, Any]:
    """Put to the vote when enough people are there, and now and then before."""
    if len(present(turn)) < 2 and not turn.happens(0.2):
        raise NotNow
    method, secrecy = turn.pick(
        (("HANDS", "NAMED"), ("PAPER", "SECRET"), ("PHONE", "SECRET"), ("PHONE", "NAMED"))
    )
    return json(method=method, secrecy=secrecy)


def present(turn: Turn) -> list[Person]:
    """Voters who came to the round table of the resolution."""
    query = select(Attendance.resident_id).where(
        Attendance.session_id == turn.about.of, Attendance.is_on_roll
    )
    return people(turn, turn.rows(query.order_by(Attendance.id)))


@says("PUT /resolutions/{resolution_id}/vote", who=present, crowd=0.9)
def answer(turn: Turn) -> dict[str, Any]:
    if turn.about.name != "PHONE":
        raise NotNow
    return json(answer=turn.pick(("YES", "YES", "YES", "YES", "NO", "ABSTAIN")))


@says("POST /resolutions/{resolution_id}/count")
def count(turn: Turn) -> dict[str, Any]:
    if turn.about.name not in ("HANDS", "PAPER"):
        raise NotNow
    came = len(present(turn))
    yes = came - turn.chance.randint(0, max(0, came // 2 - 1)) if turn.happens(0.75) else came // 3
    no = turn.chance.randint(0, came - yes)
    return json(yes=yes, no=no, abstain=came - yes - no)


@says("POST /resolutions/{resolution_id}/close-vote")
def close_vote(turn: Turn) -> dict[str, Any]:
    if turn.about.name != "PHONE":
        raise NotNow
    return {}


@says("POST /resolutions/{resolution_id}/shelve")
def shelve(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words())


@says("POST /resolutions/{resolution_id}/escalate")
def escalate(turn: Turn) -> dict[str, Any]:
    forum = turn.pick(("RESIDENTS_MEETING", "OWNERS_ASSEMBLY", "COMMUNITY"))
    return json(forum=forum, reason=turn.words())


# Conventions


def _text(turn: Turn, resolutions: list[str]) -> dict[str, Any]:
    number = turn.chance.randint(1, 3)
    clauses = [
        {
            "text": turn.pick(CLAUSES) + turn.words(),
            "owner_vote_item": turn.pick((5, 8)) if turn.happens(0.25) else None,
            "resolution_id": turn.pick(resolutions) if resolutions and turn.happens(0.4) else None,
        }
        for _ in range(number)
    ]
    return {
        "title": f"停车规约{turn.world.memory.next()}",
        "is_trial": turn.happens(0.4),
        "review_months": turn.chance.randint(1, 12),
        "clauses": clauses,
        "resolution_ids": resolutions,
    }


def _resolutions(turn: Turn) -> list[str]:
    binding = turn.here("resolution_id", *BINDING)
    return [str(each.id) for each in turn.chance.sample(binding, min(len(binding), 1))]


@says("POST /compounds/{compound_id}/conventions")
def convention(turn: Turn) -> dict[str, Any]:
    resolutions = _resolutions(turn)
    kinds = ["RESIDENT_PACT", "OWNER_COVENANT"] + ["SELF_DISCIPLINE"] * (4 if resolutions else 0)
    return json(legal_type=turn.pick(kinds), **_text(turn, resolutions))


@says("PUT /convention-versions/{version_id}")
def rewrite(turn: Turn) -> dict[str, Any]:
    return json(**_text(turn, _resolutions(turn)))


@says("POST /conventions/{convention_id}/amend")
def amend(turn: Turn) -> dict[str, Any]:
    return json(resolution_ids=_resolutions(turn))


@says("POST /conventions/{convention_id}/repeal")
def repeal(turn: Turn) -> dict[str, Any]:
    if turn.about.name != "SELF_DISCIPLINE":
        raise NotNow
    return json(resolution_id=turn.pick(_resolutions(turn)), reason=turn.words())


def reviewers(turn: Turn) -> list[Person]:
    kind = turn.about.name
    if "flags" in turn.operation:
        (kind,) = [each.name for each in turn.things["version_id"] if each.id == turn.about.of]
    role = "COMMUNITY_SECRETARY" if kind == "SELF_DISCIPLINE" else "SUBDISTRICT_OFFICER"
    return turn.world.holders(role, turn.ground.compound)


@says(
    "POST /convention-versions/{version_id}/flags/{flag_id}/clear",
    "POST /convention-versions/{version_id}/flags/{flag_id}/uphold",
    who=reviewers,
)
def decide_flag(turn: Turn) -> dict[str, Any]:
    if turn.about.name != "REVIEW":
        raise NotNow
    return json(reason=turn.words())


@says("POST /convention-versions/{version_id}/review", who=reviewers)
def review_version(turn: Turn) -> dict[str, Any]:
    opinion = "RETURNED" if turn.happens(0.2) else "APPROVED"
    return json(opinion=opinion, advice=turn.words() if opinion == "RETURNED" else ...)


@says("POST /convention-versions/{version_id}/record-vote")
def record_vote(turn: Turn) -> dict[str, Any]:
    if turn.about.name != "RESIDENT_PACT":
        raise NotNow
    figures = {"roll": 60, "present": 41, "yes": 36, "no": 3, "abstain": 2}
    return json(minutes_ref=f"纪要{turn.world.memory.next()}号", **figures)


def owners_figures(turn: Turn) -> dict[str, Any]:
    areas = {"area_all": 147200, "area_part": 128800, "area_yes": 100850}
    heads = {"heads_all": 15, "heads_part": 13, "heads_yes": 10}
    return {"official_ref": f"系统2026-{turn.world.memory.next()}", **areas, **heads}


@says("POST /convention-versions/{version_id}/record-owner-vote")
def record_owner_vote(turn: Turn) -> dict[str, Any]:
    if turn.about.name != "OWNER_COVENANT":
        raise NotNow
    return json(**owners_figures(turn))


@says("POST /clauses/{clause_id}/owner-vote")
def clause_vote(turn: Turn) -> dict[str, Any]:
    if turn.about.name not in ("VOTED", "NOTICED", "FILED", "IN_FORCE"):
        raise NotNow
    return json(**owners_figures(turn))


@says("POST /convention-versions/{version_id}/file")
def file_pact(turn: Turn) -> dict[str, Any]:
    if turn.about.name != "RESIDENT_PACT":
        raise NotNow
    return json(filing_ref=f"备{turn.world.memory.next()}号")


@says("POST /convention-versions/{version_id}/withdraw")
def withdraw_version(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words())


@says("POST /compounds/{compound_id}/conventions/from-case")
def from_case(turn: Turn) -> dict[str, Any]:
    query = select(Case.id).where(
        Case.state == "PUBLISHED",
        Case.version_id.is_not(None),
        Case.compound_id != turn.ground.compound.id,
    )
    return json(case_id=str(turn.pick(turn.rows(query.order_by(Case.id)))))


def in_force(turn: Turn) -> list[UUID]:
    """Conventions in force in the compound."""
    query = (
        select(ConventionVersion.convention_id)
        .where(
            ConventionVersion.compound_id == turn.ground.compound.id,
            ConventionVersion.state == "IN_FORCE",
        )
        .group_by(ConventionVersion.convention_id)
        .order_by(func.min(ConventionVersion.id))
    )
    return list(turn.rows(query))
