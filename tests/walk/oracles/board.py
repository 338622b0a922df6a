"""Whether the board's words are so: each notice against the rows of what it tells of."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaItem, AgendaSession
from app.ballots.models import ResultRow
from app.board.models import Objection, PublicNotice
from app.cases.models import Case
from app.conventions.models import ConventionVersion
from app.evaluations.models import MatterEvaluation
from app.evaluations.rounds.models import EvaluationRound
from app.kit.audit import AuditEntry
from app.kit.clock import spoken, spoken_end
from app.kit.extensions import db
from app.kit.words import spoken_term
from app.matters.models import Matter
from app.messages.models import InboxMessage
from app.rating_lists.models import RatingEntry
from app.resolutions.models import Resolution
from app.works.orders.models import WorkOrder
from app.works.whistles.models import Whistle
from tests.walk.walking import CODE, Fault
from tests.walk.world import World

Claims = Callable[[Session, PublicNotice, Any, datetime], Iterator[str]]
CLAIMS: dict[str, tuple[type[Any], Claims]] = {}
PASSED = ("PASSED", "NOTICED", "EFFECTIVE", "SUPERSEDED")
DONE = ("VERIFIED", "RATED", "CLOSED")


def tells_of(model: type[Any], *kinds: str) -> Callable[[Claims], Claims]:
    """What notices of these kinds, which are about rows of this model, claim."""

    def register(claims: Claims) -> Claims:
        CLAIMS.update(dict.fromkeys(kinds, (model, claims)))
        return claims

    return register


def board_faults(session: Session, at: datetime) -> Iterator[Fault]:
    """All that the notices on the board say and that is not so, by `at`."""
    for message in session.scalars(
        select(InboxMessage).where(InboxMessage.title.is_not(None)).order_by(InboxMessage.id)
    ):
        yield from _bad_words(message, f"{message.title}\n{message.text}")
    for notice in session.scalars(select(PublicNotice).order_by(PublicNotice.id)):
        yield from _bad_words(notice, f"{notice.title}\n{notice.text}")
        if notice.withdrawn_at is not None:
            continue
        about = CLAIMS.get(notice.kind)
        thing = None if about is None else session.get(about[0], notice.about_id)
        if about is not None and thing is not None:
            for said in about[1](session, notice, thing, at):
                state = getattr(thing, "state", "")
                where = f"{notice.kind} {notice.id} 「{notice.title}」 {newest(notice)!r} ({state})"
                yield Fault(f"board: {notice.kind}: {said}", where)
        yield from _term(notice)


def _bad_words(notice: PublicNotice | InboxMessage, text: str) -> Iterator[Fault]:
    for code in CODE.findall(text):
        yield Fault(f"board: code in {notice.kind}", f"{code} in {text!r}")
    if re.search(r"\bNone\b", text):
        yield Fault(f"board: None in {notice.kind}", text)


def _term(notice: PublicNotice) -> Iterator[Fault]:
    said = last(r"公示期至 (\S+ 24:00)", notice.text)
    if said is not None and notice.term_ends_at is not None:
        ends = spoken_end(notice.term_ends_at)
        if said != ends:
            yield Fault(f"board: {notice.kind} names another term", f"{said}, not {ends}")


def newest(notice: PublicNotice) -> str:
    """What was said last."""
    return str(notice.text.rpartition("\n\n更正（")[2])


def last(pattern: str, text: str) -> str | None:
    """What the pattern found last."""
    found = re.findall(pattern, text)
    return None if not found else str(found[-1])


def _unanswered(session: Session, notice_id: UUID | None) -> int:
    query = select(func.count()).where(
        Objection.notice_id == notice_id, Objection.answered_at.is_(None)
    )
    return session.scalar(query) or 0


# Work


@tells_of(WorkOrder, "ORDER_ASSIGNED", "ORDER_OVERDUE", "ORDER_VERIFIED")
def order_claims(session: Session, n: PublicNotice, o: Any, at: datetime) -> Iterator[str]:
    if (o.state == "WITHDRAWN") != ("撤销" in n.title):
        yield "a withdrawn order and the title do not agree"
    if "办结" in n.title and "未办结" not in n.title:
        if o.finished_at is None or o.state not in DONE:
            yield "the title says that it is done"
        elif ("按期" in n.title) != bool(o.is_in_time):
            yield "the title is wrong about the term"
    if "逾期未办结" in n.title and not o.is_overdue(at):
        yield "the title says that it is overdue"
    if "已派单" in n.title and o.state in ("REQUESTED", "DECLINED", "WITHDRAWN"):
        yield "the title says that it is assigned"
    if n.kind == "ORDER_VERIFIED" or o.state not in ("ASSIGNED", "ACCEPTED", "RETURNED"):
        return
    doer = last(r"(?:承办：|现由|已派给)([^（，。]+)", n.text)
    if doer is not None and doer != o.doer_name:
        yield "it names another doer"
    due = last(r"期限：([^，。\n]+)", n.text)
    if due is not None and due != spoken_term(o.due_at):
        yield "it names another day"


@tells_of(Whistle, "WHISTLE_ESCALATED", "WHISTLE_CLOSED")
def whistle_claims(session: Session, n: PublicNotice, w: Any, at: datetime) -> Iterator[str]:
    if (w.state == "WITHDRAWN") != ("撤销" in n.title):
        yield "a withdrawn whistle and the title do not agree"
    if "办结" in n.title:
        if w.closed_at is None:
            yield "the title says that it is done"
        elif ("按期" in n.title) != bool(w.is_in_time):
            yield "the title is wrong about the term"
    step = w.next_step
    if "逾期未" in n.title and (
        step is None or not w.is_overdue(at) or f"逾期未{step[0].zh}" not in n.title
    ):
        yield "the title says that it is overdue"
    named = last(r"(区\S{1,3}局)", n.text)
    if w.state in ("BLOWN", "SIGNED", "REPORTED") and named not in (None, w.department):
        yield "it names another department"


# Resolutions and round tables


@tells_of(Resolution, "RESOLUTION_NOTICED", "RESOLUTION_EFFECTIVE")
def resolution_claims(session: Session, n: PublicNotice, r: Any, at: datetime) -> Iterator[str]:
    if (r.state == "SUPERSEDED") != ("取代" in n.title):
        yield "a superseded resolution and the title do not agree"
    if "生效" in n.title and r.state != "EFFECTIVE":
        yield "the title says that it is in force"
    if "没有未答复的异议，" in newest(n) and _unanswered(session, r.notice_id):
        yield "it says that all objections are answered"


@tells_of(Resolution, "RESOLUTION_ESCALATED")
def escalation_claims(session: Session, n: PublicNotice, r: Any, at: datetime) -> Iterator[str]:
    if r.state == "ESCALATED" and r.escalated_to.zh not in n.title:
        yield "it names another forum"


@tells_of(AgendaSession, "MEETING_CONCLUDED")
def meeting_claims(session: Session, n: PublicNotice, s: Any, at: datetime) -> Iterator[str]:
    resolutions = session.scalars(select(Resolution).where(Resolution.session_id == s.id)).all()
    for r in resolutions:
        said = last(rf"{r.label}「[^」]*」(通过|未通过|暂缓|未决[^：]*|失败)", n.text)
        if said is None:
            yield "a resolution is not told of"
        elif (said == "通过") != (r.state in PASSED):
            yield "it is wrong about what passed"
    counted = sum(map(int, re.findall(r"(\d+)项", n.title)))
    if counted != len(resolutions):
        yield "the title counts otherwise"
    for row in session.scalars(
        select(ResultRow).where(ResultRow.session_id == s.id, ResultRow.outcome == "SELECTED")
    ):
        matter = session.get_one(Matter, row.matter_id)
        said = last(rf"{re.escape(matter.name)}：(\S+)", n.text)
        passed = any(r.matter_id == matter.id and r.state in PASSED for r in resolutions)
        only_owners = any(r.matter_id == matter.id and r.needs_owners_only for r in resolutions)
        if said == "已作出决议" and not passed:
            yield "it says that a matter was decided"
        if said == "暂缓" and passed and not only_owners:
            yield "it says that a decided matter was shelved"


# Sessions


@tells_of(AgendaSession, "SESSION_ANNOUNCED", "LIST_FROZEN", "VOTING_OPENED", "VOTING_EXTENDED")
def session_claims(session: Session, n: PublicNotice, s: Any, at: datetime) -> Iterator[str]:
    if (s.state == "CANCELLED") != ("取消" in n.title):
        yield "a cancelled session and the title do not agree"
    if s.state == "VOID" and "作废" not in n.title:
        yield "nothing says that the vote is void"
    if s.state not in ("COLLECTING", "LISTED", "VOTING", "EXTENDED"):
        return
    table = last(r"圆桌会：(\S+ \S+?)[，。]", n.text)
    if table is not None and table != spoken(s.round_table_at):
        yield "it names another hour of the round table"
    ends = last(r"(?:至|延长到) (\S+ \d\d:\d\d)", n.text)
    if ends is not None and ends != spoken_term(s.voting_closes_at):
        yield "it names another end of voting"


@tells_of(AgendaSession, "SESSION_CANCELLED")
def cancel_claims(session: Session, n: PublicNotice, s: Any, at: datetime) -> Iterator[str]:
    if s.state != "CANCELLED":
        yield "the session was not cancelled"


@tells_of(AgendaSession, "TALLIED")
def tally_claims(session: Session, n: PublicNotice, s: Any, at: datetime) -> Iterator[str]:
    rows = session.scalars(select(ResultRow).where(ResultRow.session_id == s.id)).all()
    numbers = {
        item.matter_id: item.label
        for item in session.scalars(select(AgendaItem).where(AgendaItem.session_id == s.id))
    }
    chosen = {numbers[row.matter_id] for row in rows if row.outcome == "SELECTED"}
    if set(re.findall(r"M\d\d", n.title)) != chosen:
        yield "the title names other matters"
    if chosen and ("供参考" in n.title) != (s.outcome == "CONSULTATIVE"):
        yield "the title is wrong about its worth"
    told = {row["matter_id"]: (row["rank"], row["score"]) for row in n.data["rows"]}
    if told != {str(row.matter_id): (row.rank, row.score) for row in rows}:
        yield "its data are not the result"
    decided = s.countersigned_at or s.countersign_refused_at
    if decided is not None and "等待第二人会签" in newest(n):
        yield "it waits for a countersignature that was given or refused"


@tells_of(AgendaSession, "COUNTERSIGNED", "COUNTERSIGNATURE_REFUSED")
def countersign_claims(session: Session, n: PublicNotice, s: Any, at: datetime) -> Iterator[str]:
    given = s.countersigned_at if n.kind == "COUNTERSIGNED" else s.countersign_refused_at
    if given is None:
        yield "nobody did so"


@tells_of(AgendaSession, "SESSION_CLOSED")
def close_claims(session: Session, n: PublicNotice, s: Any, at: datetime) -> Iterator[str]:
    if s.state != "CLOSED":
        yield "the session is not closed"
    query = select(Resolution).where(Resolution.session_id == s.id, Resolution.state == "PASSED")
    if session.scalars(query).first() is not None:
        yield "a passed resolution was never published"


# Judgements


@tells_of(MatterEvaluation, "MATTER_CLOSED")
def closing_claims(session: Session, n: PublicNotice, e: Any, at: datetime) -> Iterator[str]:
    if e.verdict != "CLOSED" or e.matter.state != "CLOSED":
        yield "the matter is not closed"
    if "没有人作答" in n.text and e.figures.answers:
        yield "it says that nobody answered"
    before = session.scalar(
        select(func.max(MatterEvaluation.concluded_at, type_=n.__table__.c.published_at.type))
        .where(MatterEvaluation.matter_id == e.matter_id, MatterEvaluation.id != e.id)
        .where(MatterEvaluation.concluded_at < e.concluded_at)
    )
    orders = session.scalars(select(WorkOrder).where(WorkOrder.matter_id == e.matter_id)).all()
    whistles = session.scalars(select(Whistle).where(Whistle.matter_id == e.matter_id)).all()
    done = [o.verified_at for o in orders if o.verified_at] + [
        w.closed_at for w in whistles if w.closed_at
    ]
    if not any(before is None or each > before for each in done):
        yield "nothing was done for it since it was opened again"


@tells_of(MatterEvaluation, "MATTER_REOPENED")
def reopening_claims(session: Session, n: PublicNotice, e: Any, at: datetime) -> Iterator[str]:
    offered = set(re.findall(r"W\d+", last(r"可将([^退]+)退回", newest(n)) or ""))
    for order in session.scalars(select(WorkOrder).where(WorkOrder.matter_id == e.matter_id)):
        can_be_given_back = order.state in ("VERIFIED", "RATED")
        if order.label in offered and e.matter.state == "REOPENED" and not can_be_given_back:
            yield "it offers an order that cannot be given back"
    later = session.scalar(
        select(MatterEvaluation.id).where(
            MatterEvaluation.matter_id == e.matter_id,
            MatterEvaluation.concluded_at > e.concluded_at,
        )
    )
    if later is None and e.matter.state in ("CLOSED",) and "可另派" in newest(n):
        yield "it offers work on a closed matter"


@tells_of(EvaluationRound, "EVALUATION_OPENED")
def round_claims(session: Session, n: PublicNotice, r: Any, at: datetime) -> Iterator[str]:
    said = last(r"每人一票，(\S+ \S+) 前", n.text)
    if said is not None and said != spoken_term(r.closes_at):
        yield "it names another end"


@tells_of(EvaluationRound, "EVALUATION_CLOSED")
def counted_claims(session: Session, n: PublicNotice, r: Any, at: datetime) -> Iterator[str]:
    said = last(r"(?:收回|收到) (\d+) 份", n.text)
    if said is not None and int(said) != r.satisfied + r.mostly + r.not_satisfied:
        yield "it names another number of answers"
    grades = re.findall(r"满意 (\d+)，基本满意 (\d+)，不满意 (\d+)", n.text)
    if grades and tuple(map(int, grades[-1])) != (r.satisfied, r.mostly, r.not_satisfied):
        yield "it names other grades"


# Conventions


ENDS = {"AMENDED": "失效", "REPEALED": "废止", "WITHDRAWN": "不再施行"}


@tells_of(ConventionVersion, "CONVENTION_NOTICED", "CONVENTION_IN_FORCE")
def version_claims(session: Session, n: PublicNotice, v: Any, at: datetime) -> Iterator[str]:
    if v.state in ENDS and ENDS[v.state] not in n.title:
        yield "the title does not say that it has ended"
    if n.kind == "CONVENTION_IN_FORCE" and v.state not in ("IN_FORCE", *ENDS):
        yield "it is not in force"
    if "没有未答复的异议，自" in newest(n) and _unanswered(session, v.notice_id):
        yield "it says that all objections are answered"
    if v.state == "IN_FORCE":
        for resolution in v.resolutions:
            if resolution.state in ("PASSED", "NOTICED") and resolution.state != "SUPERSEDED":
                yield "in force on a resolution that is not in force"


@tells_of(ConventionVersion, "CONVENTION_REPEAL_NOTICED", "CONVENTION_REPEALED")
def repeal_claims(session: Session, n: PublicNotice, v: Any, at: datetime) -> Iterator[str]:
    if n.kind == "CONVENTION_REPEALED":
        if v.state != "REPEALED":
            yield "it is not repealed"
        if v.repeal_resolution is not None and v.repeal_resolution.state not in (
            "EFFECTIVE",
            "SUPERSEDED",
        ):
            yield "repealed by a resolution that is not in force"
        if _unanswered(session, v.repeal_notice_id):
            yield "it says that all objections are answered"


# Cases and ratings


@tells_of(Case, "CASE_PUBLISHED")
def case_claims(session: Session, n: PublicNotice, c: Any, at: datetime) -> Iterator[str]:
    if (c.state == "WITHDRAWN") != ("撤出" in n.title):
        yield "a withdrawn case and the title do not agree"


@tells_of(RatingEntry, "RATING_NOTICED", "RATING_FINAL")
def rating_claims(session: Session, n: PublicNotice, e: Any, at: datetime) -> Iterator[str]:
    if (e.struck_at is not None) != ("撤下" in n.title):
        yield "a struck entry and the title do not agree"
    elif e.struck_at is None and e.colour.zh not in n.title:
        yield "the title has another colour"
    if e.changed_why is not None and e.changed_why != e.reason and f"：{e.reason}\n" in n.text:
        yield "the former reason still stands there"
    if "没有未答复的异议" in n.text and _unanswered(session, e.notice_id):
        yield "it says that all objections are answered"


# Stories


def story_faults(world: World) -> Iterator[Fault]:
    """What stories tell of matters and is not so, as a resident reads them."""
    for ground in world.grounds.values():
        residents = world.residents(ground.compound)
        if not residents:
            continue
        with world.app.app_context():
            matters = db.session.scalars(
                select(Matter.id).where(Matter.compound_id == ground.compound.id)
            ).all()
            db.session.rollback()
        for matter in matters:
            answer = world.logged_in(residents[0]).get(f"/matters/{matter}/story")
            if answer.status_code != 200:
                yield Fault(f"story: {answer.status_code}", f"of {matter}")
                continue
            yield from _story(world, matter, answer.json["entries"])


def _story(world: World, matter_id: UUID, entries: list[dict[str, Any]]) -> Iterator[Fault]:
    for entry in entries:
        for code in CODE.findall(entry["text"]):
            yield Fault(f"story: code in {entry['kind']}", f"{code} in {entry['text']}")
        if re.search(r"\bNone\b", entry["text"] + entry["text_en"]):
            yield Fault(f"story: None in {entry['kind']}", entry["text"])
    with world.app.app_context():
        state = db.session.get_one(Matter, matter_id).state
        blown = db.session.execute(
            select(AuditEntry.at, AuditEntry.reason)
            .join(Whistle, Whistle.id == AuditEntry.thing_id)
            .where(Whistle.matter_id == matter_id, AuditEntry.verb == "blow")
        ).all()
        db.session.rollback()
    told = {entry["at"]: entry["text"] for entry in entries if entry["kind"] == "WHISTLE_BLOWN"}
    for at, reason in blown:
        department = (reason or "").partition(", ")[2]
        words = [text for when, text in told.items() if datetime.fromisoformat(when) == at]
        if words and department not in words[0]:
            yield Fault("story: another department", f"{words[0]}, and it was {department}")
    last_verdict = [entry["kind"] for entry in entries if entry["step"] == "EVALUATE"]
    ends = [kind for kind in last_verdict if kind in ("CLOSED", "REOPENED")]
    if state == "CLOSED" and ends[-1:] != ["CLOSED"]:
        yield Fault("story: does not tell the end", f"{matter_id}: {ends}")
