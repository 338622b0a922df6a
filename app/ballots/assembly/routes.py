"""URLs of assemblies that are counted: choose the method, enter, confirm, conclude, read."""

from collections import Counter
from typing import Any
from uuid import UUID

from app.agenda.access import as_seen
from app.agenda.models import AgendaSession
from app.agenda.schemas import SessionSchema
from app.attachments.refusals import TooManyAttachments, UnknownAttachment
from app.attachments.services import attachments_of
from app.ballots.assembly import count as manual_count
from app.ballots.assembly import schemas
from app.ballots.assembly.models import ManualCount
from app.ballots.paper.entry import PhotoMissing, SecretaryTouchesNoBallot, refuse_secretary
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint
from app.people.guards import EVERYONE_THERE, act, allow, current_actor, obtain, result_of
from app.people.models import Role
from votes.ballot import Mark

blp = Blueprint("manual", __name__, description="现场清点 · Assemblies that are counted by hand")

CLERKS = (Role.BUILDING_HEAD, Role.GRID_WORKER)
COUNT_EXAMPLE = {
    "participants": 32,
    "totals": [
        {"weight": 5, "matter_id": "0198c0de-0000-7000-8000-00000000000a", "marks": 18},
        {"weight": 3, "matter_id": "0198c0de-0000-7000-8000-00000000000b", "marks": 20},
    ],
    "witness_ids": [
        "0198c0de-0000-7000-8000-00000000000c",
        "0198c0de-0000-7000-8000-00000000000d",
    ],
    "attachment_ids": ["0198c0de-0000-7000-8000-00000000000e"],
}


@blp.put("/sessions/<uuid:session_id>/manual-method", SessionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.ManualMethodArgs, example={"method": "HANDS"})
@blp.refuses(WrongState)
def choose_method(body: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """现场清点 · Count an assembly by hand instead of casting ballots. `null` undoes this, and
    discards totals that both witnesses have not confirmed."""
    agenda_session = obtain(AgendaSession, session_id)
    return as_seen(act(manual_count.choose_method, agenda_session, body["method"]))


@blp.put("/sessions/<uuid:session_id>/manual-count", schemas.ManualCountSchema)
@allow(*CLERKS)
@blp.arguments(schemas.ManualCountArgs, example=COUNT_EXAMPLE)
@blp.refuses(
    WrongState,
    manual_count.WitnessesUnfit,
    manual_count.TotalsDisagree,
    PhotoMissing,
    SecretaryTouchesNoBallot,
    TooManyAttachments,
    UnknownAttachment,
)
def enter_count(body: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """录入总数 · Enter the totals of the assembly with a photo; two witnesses confirm them."""
    agenda_session = obtain(AgendaSession, session_id)
    refuse_secretary(agenda_session, current_actor())
    marks: Counter[Mark] = Counter()
    for total in body["totals"]:
        marks[Mark(total["weight"], str(total["matter_id"]))] += total["marks"]
    entered = manual_count.Totals(
        participants=body["participants"],
        marks=marks,
        witness_ids=body["witness_ids"],
        attachment_ids=body["attachment_ids"],
    )
    count = result_of(manual_count.enter_count, agenda_session, entered)
    return _as_seen(agenda_session, count)


@blp.post("/sessions/<uuid:session_id>/manual-count/confirm", schemas.ManualCountSchema)
@allow(*EVERYONE_THERE)
@blp.arguments(schemas.ManualConfirmArgs, example={"totals_hash": "5e" * 32})
@blp.refuses(WrongState, manual_count.NotAWitness, manual_count.TotalsChanged)
def confirm_count(body: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """见证确认 · Confirm the totals as a witness who has seen them."""
    agenda_session = obtain(AgendaSession, session_id)
    count = result_of(manual_count.confirm_count, agenda_session, body["totals_hash"])
    return _as_seen(agenda_session, count)


@blp.get("/sessions/<uuid:session_id>/manual-count", schemas.ManualCountSchema)
@allow(*EVERYONE_THERE)
def read_count(session_id: UUID) -> dict[str, Any]:
    """清点总数 · The totals; before they are published only the clerk and the witnesses see
    them."""
    agenda_session = obtain(AgendaSession, session_id)
    count = manual_count.read_count(db.session(), agenda_session, current_actor().id)
    return _as_seen(agenda_session, count)


@blp.post("/sessions/<uuid:session_id>/conclude-count", SessionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(
    WrongState,
    manual_count.ConcluderTookPart,
    manual_count.CountNotConfirmed,
    manual_count.TotalsDisagree,
)
def conclude_count(session_id: UUID) -> dict[str, Any]:
    """公布清点结果 · Publish the confirmed totals as the session's result, marked MANUAL."""
    return as_seen(act(manual_count.conclude_count, obtain(AgendaSession, session_id)))


def _as_seen(agenda_session: AgendaSession, count: ManualCount) -> dict[str, Any]:
    found = attachments_of(db.session(), [count.id]).get(count.id, [])
    return {
        "session_id": agenda_session.id,
        "method": agenda_session.manual_method,
        "participants": count.participants,
        "totals": count.totals,
        "witness_ids": [count.first_witness_id, count.second_witness_id],
        "totals_hash": count.totals_hash,
        "confirmations": sum(
            at is not None for at in (count.first_confirmed_at, count.second_confirmed_at)
        ),
        "attachments": found,
    }
