"""URLs of paper ballots: issue and print slips, enter, confirm, withdraw, void them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from flask import Response, current_app, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from app.agenda.models import BEFORE_TALLY, OPEN_STATES, AgendaSession, SessionState
from app.attachments.refusals import TooManyAttachments, UnknownAttachment
from app.attachments.services import attachments_of
from app.ballots import storing
from app.ballots.cast import casting, withdrawing
from app.ballots.keys.store import KeyStore
from app.ballots.paper import entry as paper_entry
from app.ballots.paper import printing as paper_sheet
from app.ballots.paper import schemas
from app.ballots.paper import spreadsheet as paper_file
from app.ballots.paper.slips import PaperBatch, PaperSlip, SlipState
from app.ballots.refusals import VOTE_REFUSALS, VoteVoid
from app.confined.calls import Confined
from app.confined.refusals import REFUSALS as CONFINED
from app.kit.errors import WrongState, found
from app.kit.extensions import db
from app.kit.web.api import Blueprint, read_page
from app.people.actor import Actor
from app.people.guards import act, allow, ask_again, create, current_actor, obtain, result_of
from app.people.models import Resident, Role
from votes.ballot import Mark

P = ParamSpec("P")

blp = Blueprint("paper", __name__, description="纸质选票 · Ballots on paper")

# Section 2 of the domain notes: they enter paper ballots on behalf; the branch secretary, who
# hosts the session, touches no ballot.
CLERKS = (Role.BUILDING_HEAD, Role.GRID_WORKER)
READERS = (*CLERKS, Role.BRANCH_SECRETARY, Role.AUDITOR)
MAX_SHEET_BYTES = 1024 * 1024
ENTRY_EXAMPLE = {
    "resident_id": "0198c0de-0000-7000-8000-00000000000d",
    "marks": [{"weight": 5, "matter_id": "0198c0de-0000-7000-8000-00000000000a"}],
    "attachment_ids": ["0198c0de-0000-7000-8000-00000000000e"],
}
WITHDRAWAL_EXAMPLE = {
    "resident_id": "0198c0de-0000-7000-8000-00000000000d",
    "reason": "投票人要求改用手机投票",
}
ENTRY_REFUSALS = (
    WrongState,
    storing.NotOnRoll,
    storing.UnderAge,
    storing.InvalidBallot,
    storing.PaperBallotExists,
    paper_entry.UnknownSerial,
    paper_entry.OwnPaperBallot,
    paper_entry.PhoneBallotExists,
    TooManyAttachments,
    UnknownAttachment,
    paper_entry.SecretaryTouchesNoBallot,
    *VOTE_REFUSALS,
)
SHEET_REFUSALS = (
    WrongState,
    paper_file.UnreadableSheet,
    paper_file.SheetRefused,
    paper_entry.SecretaryTouchesNoBallot,
    *VOTE_REFUSALS,
    *CONFINED,
)


@blp.before_request
def allow_larger_sheets() -> None:
    """A sheet may be larger than any other body."""
    if request.endpoint in (f"{blp.name}.enter_sheet", f"{blp.name}.confirm_sheet"):
        request.max_content_length = MAX_SHEET_BYTES


@blp.post("/sessions/<uuid:session_id>/paper-batches", schemas.PaperBatchSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.IssueSlipsArgs, example={"count": 40})
@blp.creates(WrongState)
def issue_slips(body: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """发放纸票 · Issue slips to be printed, each with its own serial, while voting is open."""
    batch = create(
        PaperBatch, paper_entry.issue_slips, obtain(AgendaSession, session_id), body["count"]
    )
    return {**_plain(batch), "serials": [slip.serial for slip in batch.slips]}


@blp.get("/paper-batches/<uuid:batch_id>/slips.pdf")
@allow(Role.BRANCH_SECRETARY)
@blp.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
@blp.refuses(WrongState, *VOTE_REFUSALS)
def print_slips(batch_id: UUID) -> Response:
    """打印纸票 · The slips as an A4 PDF, each with the voter's stub; while voting is open."""
    batch = found(db.session.get(PaperBatch, batch_id))
    agenda_session = obtain(AgendaSession, batch.session_id)
    sheet = paper_sheet.sheet_of(agenda_session, batch, _keys())
    answer = Response(paper_sheet.draw(sheet), mimetype="application/pdf")
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Content-Disposition"] = "inline; filename=slips.pdf"
    return answer


@blp.get("/sessions/<uuid:session_id>/paper-slips")
@allow(*READERS)
@blp.lists(schemas.PaperSlipSchema, schemas.SlipsArgs)
def list_slips(args: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """纸票列表 · The slips of a session with the state of each, newest first."""
    agenda_session, actor = obtain(AgendaSession, session_id), current_actor()
    query = db.select(PaperSlip).where(PaperSlip.session_id == session_id)
    show = partial(_as_seen, agenda_session, actor)
    return read_page(db.session(), query, PaperSlip.id, show=show, **args)


@blp.post("/sessions/<uuid:session_id>/paper-slips/<string:serial>/enter", schemas.PaperSlipSchema)
@allow(*CLERKS)
@blp.arguments(schemas.SlipEntryArgs, example=ENTRY_EXAMPLE)
@blp.refuses(*ENTRY_REFUSALS, paper_entry.AnotherSlipEntered)
def enter_slip(body: dict[str, Any], session_id: UUID, serial: str) -> dict[str, Any]:
    """录入纸票 · Enter what is on a slip; another person has to confirm it."""
    return _written(session_id, paper_entry.enter_slip, _keys(), _entered(serial, body))


@blp.post(
    "/sessions/<uuid:session_id>/paper-slips/<string:serial>/confirm", schemas.PaperSlipSchema
)
@allow(*CLERKS)
@blp.arguments(schemas.SlipEntryArgs, example=ENTRY_EXAMPLE)
@blp.refuses(
    *ENTRY_REFUSALS,
    storing.NonceReused,
    paper_entry.EnteredByTheSame,
    paper_entry.EntriesDiffer,
    paper_entry.PhotoMissing,
)
def confirm_slip(body: dict[str, Any], session_id: UUID, serial: str) -> dict[str, Any]:
    """确认纸票 · Enter the slip a second time, as another person; then it is the voter's ballot."""
    return _written(session_id, paper_entry.confirm_slip, _keys(), _entered(serial, body))


@blp.post(
    "/sessions/<uuid:session_id>/paper-slips/<string:serial>/withdraw", schemas.PaperSlipSchema
)
@allow(*CLERKS)
@blp.arguments(schemas.SlipWithdrawalArgs, example=WITHDRAWAL_EXAMPLE)
@blp.refuses(
    WrongState,
    storing.NotOnRoll,
    storing.UnderAge,
    paper_entry.UnknownSerial,
    withdrawing.NotTheirSlip,
    paper_entry.SecretaryTouchesNoBallot,
    *VOTE_REFUSALS,
)
def withdraw_slip(body: dict[str, Any], session_id: UUID, serial: str) -> dict[str, Any]:
    """撤回纸票 · Withdraw a confirmed paper ballot at the voter's request."""
    asked = {"serial": serial, "voter_id": body["resident_id"], "reason": body["reason"]}
    return _written(session_id, withdrawing.withdraw_slip, _keys(), **asked)


@blp.post("/sessions/<uuid:session_id>/paper-slips/<string:serial>/void", schemas.PaperSlipSchema)
@allow(*CLERKS)
@blp.arguments(schemas.SlipVoidArgs, example={"reason": "写坏了，已换一张"})
@blp.refuses(WrongState, VoteVoid, paper_entry.UnknownSerial, paper_entry.SecretaryTouchesNoBallot)
def void_slip(body: dict[str, Any], session_id: UUID, serial: str) -> dict[str, Any]:
    """作废纸票 · Void a slip that was spoiled or lost and is not a ballot yet."""
    return _written(session_id, paper_entry.void_slip, serial, body["reason"])


@blp.post("/sessions/<uuid:session_id>/paper-slips/<string:serial>/photos", schemas.PaperSlipSchema)
@allow(*CLERKS)
@blp.arguments(
    schemas.SlipPhotosArgs, example={"attachment_ids": ["0198c0de-0000-7000-8000-00000000000e"]}
)
@blp.refuses(
    WrongState,
    paper_entry.UnknownSerial,
    paper_entry.SecretaryTouchesNoBallot,
    TooManyAttachments,
    UnknownAttachment,
)
def add_photos(body: dict[str, Any], session_id: UUID, serial: str) -> dict[str, Any]:
    """补照片 · Add photos to a slip that was entered from a sheet and is not confirmed yet."""
    return _written(session_id, paper_entry.add_photos, serial, body["attachment_ids"])


@blp.post("/sessions/<uuid:session_id>/paper-voter", schemas.PaperVoterSchema)
@allow(*CLERKS)
@blp.arguments(schemas.PaperVoterArgs)
def find_voter(args: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """查投票人 · Find the resident named on a signed strip by unit and name; 404 if there is none.

    It changes nothing. It is a POST because a name in an address would end up in access logs.
    """
    agenda_session = obtain(AgendaSession, session_id)
    resident_id = paper_file.find_voter(db.session(), agenda_session, **args)
    resident = db.session.get_one(Resident, resident_id)
    return {"resident_id": resident_id, "masked_name": resident.masked_name}


@blp.get("/sessions/<uuid:session_id>/paper-sheet.xlsx")
@allow(*CLERKS)
@blp.response(200, {"type": "string", "format": "binary"}, content_type=paper_file.XLSX)
@blp.refuses(WrongState)
def read_sheet_template(session_id: UUID) -> Response:
    """纸票登记表模板 · An XLSX sheet to fill in, with the serials that have not come back."""
    agenda_session = obtain(AgendaSession, session_id)
    agenda_session.require_state(*OPEN_STATES)
    answer = Response(paper_file.template(db.session(), agenda_session), mimetype=paper_file.XLSX)
    answer.headers["Content-Disposition"] = "attachment; filename=slips.xlsx"
    return answer


@blp.post("/sessions/<uuid:session_id>/paper-sheet/enter", schemas.PaperFileSchema)
@allow(*CLERKS)
@blp.arguments(schemas.PaperFileArgs, location="files")
@blp.refuses(*SHEET_REFUSALS)
def enter_sheet(files: dict[str, FileStorage], session_id: UUID) -> dict[str, Any]:
    """导入纸票 · Enter the slips of a sheet (XLSX or CSV): all of its rows, or none."""
    return _take_in(session_id, files["file"], paper_entry.enter_slip)


@blp.post("/sessions/<uuid:session_id>/paper-sheet/confirm", schemas.PaperFileSchema)
@allow(*CLERKS)
@blp.arguments(schemas.PaperFileArgs, location="files")
@blp.refuses(*SHEET_REFUSALS)
def confirm_sheet(files: dict[str, FileStorage], session_id: UUID) -> dict[str, Any]:
    """导入确认 · Confirm slips with a sheet that a second person filled in: all of its rows, or
    none."""
    return _take_in(session_id, files["file"], paper_entry.confirm_slip)


@blp.delete("/sessions/<uuid:session_id>/ballot")
@allow(Role.RESIDENT)
@blp.arguments(schemas.WithdrawBallotArgs, location="query")
@blp.response(204)
@blp.refuses(WrongState, storing.UnderAge, casting.VersionConflict, *VOTE_REFUSALS)
def withdraw_ballot(args: dict[str, Any], session_id: UUID) -> None:
    """撤回选票 · Withdraw your own ballot, cast by phone or on paper, until voting closes."""
    act(withdrawing.withdraw_ballot, obtain(AgendaSession, session_id), _keys(), **args)


def _written(
    session_id: UUID,
    write: Callable[Concatenate[Session, AgendaSession, Resident, P], PaperSlip],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> dict[str, Any]:
    """The slip that a clerk wrote to by a service, as he sees it."""
    agenda_session, actor = _obtain_as_clerk(session_id)
    slip = result_of(write, agenda_session, *args, **kwargs)
    return _as_seen(agenda_session, actor, [slip])[0]


def _take_in(session_id: UUID, file: FileStorage, write: paper_file.Write) -> dict[str, Any]:
    agenda_session, _ = _obtain_as_clerk(session_id)
    agenda_session.require_state(*OPEN_STATES)
    # A sheet may take seconds to read, and on SQLite nobody could vote meanwhile: this transaction
    # ends here, and the one that takes the slips in asks for everything again.
    db.session.rollback()
    confined: Confined = current_app.extensions["confined"]
    with confined.slot():
        table = paper_file.read_sheet(confined, file.read(), file.filename or "")
        ask_again()
        agenda_session, actor = _obtain_as_clerk(session_id)
        slips = paper_file.take_in_sheet(
            db.session(), agenda_session, actor.resident, _keys(), write, table
        )
        db.session.commit()
    return {"serials": [slip.serial for slip in slips]}


def _obtain_as_clerk(session_id: UUID) -> tuple[AgendaSession, Actor]:
    agenda_session, actor = obtain(AgendaSession, session_id), current_actor()
    paper_entry.refuse_secretary(agenda_session, actor)
    return agenda_session, actor


def _keys() -> KeyStore:
    keys: KeyStore = current_app.extensions["keys"]
    return keys


def _entered(serial: str, body: dict[str, Any]) -> paper_entry.PaperBallot:
    return paper_entry.PaperBallot(
        serial=serial,
        voter_id=body["resident_id"],
        marks=[Mark(mark["weight"], str(mark["matter_id"])) for mark in body["marks"]],
        attachment_ids=body["attachment_ids"],
    )


def _as_seen(
    agenda_session: AgendaSession, actor: Actor, slips: Sequence[PaperSlip]
) -> list[dict[str, Any]]:
    """Slips as this person sees them, with their photos found in one query."""
    photos = attachments_of(db.session(), _with_photos(agenda_session, actor, slips))
    return [
        {
            **_plain(slip),
            "entered_by_me": slip.entered_by_id == actor.id,
            "attachments": photos.get(slip.id, []),
        }
        for slip in slips
    ]


def _with_photos(
    agenda_session: AgendaSession, actor: Actor, slips: Sequence[PaperSlip]
) -> list[UUID]:
    """The slips whose photos this person may see. Until the votes are counted, ballots are seen by
    those alone who entered or confirmed them: all of them together are a running result."""
    roles = actor.roles_in(agenda_session.compound)
    is_clerk = not roles.isdisjoint(CLERKS)
    if agenda_session.state is SessionState.VOID:
        return []  # the same people vote again
    if agenda_session.state not in BEFORE_TALLY:
        return [slip.id for slip in slips if is_clerk or Role.AUDITOR in roles]
    if not is_clerk or Role.BRANCH_SECRETARY in roles:
        return []
    return [
        slip.id
        for slip in slips
        if slip.state is SlipState.ENTERED or actor.id in (slip.entered_by_id, slip.confirmed_by_id)
    ]


def _plain(row: PaperBatch | PaperSlip) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}
