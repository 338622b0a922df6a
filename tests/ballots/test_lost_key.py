"""A lost key of a vote is said so to whoever asks and on the board; the vote is held again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.agenda.models import AgendaItem, AgendaSession, RollEntry, SessionState
from app.attachments.models import Attachment
from app.ballots.keys import lost as lost_keys
from app.ballots.keys.folder import FolderKeyStore
from app.ballots.keys.store import OPERATOR, KeyStore
from app.ballots.models import Ballot, BallotCommitment, BallotMark, SealedCommitment
from app.ballots.paper.slips import PaperSlip
from app.ballots.voiding import Times, times_again
from app.board.models import NoticeKind, PublicNotice
from app.config import Settings
from app.kit import clock
from app.kit.clock import ZONE
from app.kit.extensions import db
from app.kit.web.api import PREFIX
from tests.ballots.desk import Desk
from tests.ballots.test_sealing import Vote, wrong
from tests.cast import Cast, ballot, stored
from tests.checks import moves_of, refusal
from votes.verify import verify_file

Travel = Callable[[str | datetime], None]
BEGIN = "2026-03-12T10:00:00+08:00"
LATER = "2026-03-12T10:31:00+08:00"
REOPENS = "2026-03-14T00:00:00+08:00"


@pytest.fixture
def vote(cast: Cast, travel: Travel) -> Vote:
    travel(BEGIN)
    return Vote(cast)


def lose(app: Flask, session_id: str) -> bytes:
    """Take the vote's key out of the store; the key."""
    keys: KeyStore = app.extensions["keys"]
    key = keys.find(UUID(session_id))
    assert key is not None
    keys.erase(UUID(session_id))
    return key


def finalise(app: Flask, *, is_whole: bool = True) -> None:
    done = app.test_cli_runner().invoke(args=["finalise"])
    assert (done.exit_code == 0) is is_whole, done.output


def sessions(app: Flask) -> dict[SessionState, AgendaSession]:
    return {each.state: each for each in stored(app, select(AgendaSession))}


def log_in_anew(cast: Cast, vote: Vote) -> None:
    """A token lives a quarter of an hour."""
    vote.voters = [cast.logged_in_anew(voter) for voter in vote.voters]
    vote.secretary = cast.logged_in_anew(vote.secretary)


def lost(cast: Cast, vote: Vote, travel: Travel) -> AgendaSession:
    """The session that holds the vote again."""
    app = cast.app
    lose(app, vote.id)
    finalise(app)
    travel(LATER)
    finalise(app)
    log_in_anew(cast, vote)
    return sessions(app)[SessionState.LISTED]


def test_vote_stands_still_while_its_key_is_missing(
    vote: Vote, cast: Cast, app: Flask, travel: Travel
):
    key = lose(app, vote.id)
    path = f"{vote.path}/ballot"
    asked = {
        "cast": vote.voters[0].put(path, ballot(vote.matters[0])),
        "first cast": vote.voters[5].put(path, ballot(vote.matters[0])),
        "my ballot": vote.voters[0].get(path),
        "withdraw": vote.voters[0].delete(path, query_string={"expected_version": 2}),
        "close": vote.secretary.post(f"{vote.path}/close-voting"),
    }
    assert {name: refusal(answer) for name, answer in asked.items()} == dict.fromkeys(
        asked, (503, "voting_key_missing")
    )
    assert vote.secretary.get(vote.path).json["state"] == "VOTING"
    (missed,) = stored(app, select(AgendaSession.key_missing_since))
    assert missed is not None
    # It comes back in time: nothing happened.
    app.extensions["keys"].keep(UUID(vote.id), key)
    travel("2026-03-12T10:29:00+08:00")
    finalise(app)
    assert stored(app, select(AgendaSession.key_missing_since)) == [None]
    travel("2026-03-12T12:00:00+08:00")
    finalise(app)
    log_in_anew(cast, vote)
    assert vote.secretary.get(vote.path).json["state"] == "VOTING"
    verbs = [move.verb for move in moves_of(app, vote.id)]
    assert verbs[-2:] == ["miss_key", "find_key"]
    vote.close()


@pytest.mark.parametrize("who", ["finaliser", "cast", "reader"])
def test_lost_key_voids_the_vote(vote: Vote, cast: Cast, app: Flask, travel: Travel, who: str):
    lose(app, vote.id)
    vote.voters[0].put(f"{vote.path}/ballot", ballot(vote.matters[0]))
    travel(LATER)
    log_in_anew(cast, vote)
    if who == "finaliser":
        finalise(app)
    elif who == "cast":
        answer = vote.voters[0].put(f"{vote.path}/ballot", ballot(vote.matters[0]))
        assert refusal(answer) == (409, "vote_void")
    read = vote.voters[0].get(vote.path).json
    assert read["state"] == "VOID"
    again = vote.voters[0].get(f"/sessions/{read['successor_id']}").json
    assert (again["state"], again["matters"]) == ("LISTED", read["matters"])
    assert again["voting_opens_at"] == REOPENS
    assert (again["period"], again["mode"], again["place"]) == tuple(
        read[name] for name in ("period", "mode", "place")
    )


def test_whoever_asks_is_told(
    vote: Vote, cast: Cast, app: Flask, travel: Travel, client: FlaskClient
):
    successor = lost(cast, vote, travel)
    voter, path = vote.voters[0], vote.path
    receipt = vote.receipts[0]
    asked = {
        "cast": voter.put(f"{path}/ballot", ballot(vote.matters[0])),
        "cast again": voter.put(
            f"{path}/ballot", {"marks": receipt["marks"], "nonce": receipt["nonce"]}
        ),
        "my ballot": voter.get(f"{path}/ballot"),
        "withdraw": voter.delete(f"{path}/ballot", query_string={"expected_version": 2}),
        "result": voter.get(f"{path}/result"),
        "bundle": client.get(f"{PREFIX}{path}/bundle.json"),
    }
    assert {name: refusal(answer) for name, answer in asked.items()} == dict.fromkeys(
        asked, (409, "vote_void")
    )
    assert str(successor.id) in asked["cast"].json["detail"]
    english = voter.get(f"{path}/ballot", headers={"Accept-Language": "en"}).json
    assert "held again" in english["title"]
    turnout = voter.get(f"{path}/turnout").json
    assert turnout == {
        "state": "VOID",
        "roll": 6,
        "returned": 5,
        "successor_id": str(successor.id),
    }
    listed = voter.get(f"{voter_sessions(vote)}").json["items"]
    assert {each["state"] for each in listed} == {"VOID", "LISTED"}


def voter_sessions(vote: Vote) -> str:
    return f"/compounds/{vote.secretary.get(vote.path).json['compound_id']}/sessions"


def test_board_says_so(vote: Vote, cast: Cast, app: Flask, travel: Travel, client: FlaskClient):
    successor = lost(cast, vote, travel)
    notice = vote.notice("VOTE_VOID")
    data = notice["_yueyuetan"]["data"]
    assert (data["state"], data["successor_id"]) == ("VOID", str(successor.id))
    assert notice["_yueyuetan"]["session_id"] == vote.id
    for words in ("密钥丢失", "作废", "2026-03-14 00:00", "M01 "):
        assert words in notice["content_text"]
    assert "held again" in notice["_yueyuetan"]["en"]["content_text"]
    (about,) = stored(app, select(PublicNotice).where(PublicNotice.kind == NoticeKind.VOTE_VOID))
    poster = client.get(f"/board/notices/{about.id}/poster.pdf")
    assert (poster.status_code, poster.mimetype) == (200, "application/pdf")
    corrected = vote.secretary.post(f"/notices/{about.id}/correct", {"note": "没有丢"})
    assert refusal(corrected) == (409, "result_is_final")


def test_nothing_of_the_void_ballots_is_left(vote: Vote, cast: Cast, app: Flask, travel: Travel):
    voted = stored(app, select(RollEntry.resident_id).where(RollEntry.voted_on.is_not(None)))
    lost(cast, vote, travel)
    for model in (Ballot, BallotMark, BallotCommitment, SealedCommitment):
        assert stored(app, select(model)) == []
    entries = stored(app, select(RollEntry).where(RollEntry.session_id == UUID(vote.id)))
    assert {each.resident_id for each in entries if each.voted_on} == set(voted)
    participation = vote.voters[0].get("/me/participations").json
    assert [each["session_id"] for each in participation] == [vote.id]


def test_vote_is_held_again_and_counts(
    vote: Vote, app: Flask, travel: Travel, client: FlaskClient, cast: Cast
):
    successor = lost(cast, vote, travel)
    travel(REOPENS)
    voters = [cast.logged_in_anew(voter) for voter in vote.voters]
    secretary = cast.logged_in_anew(vote.secretary)
    path = f"/sessions/{successor.id}"
    receipts = [voter.put(f"{path}/ballot", ballot(*vote.matters)).json for voter in voters]
    assert [each["version"] for each in receipts] == [1] * 6
    assert secretary.post(f"{path}/close-voting").json["state"] == "TALLIED"
    raw = client.get(f"{PREFIX}{path}/bundle.json").data
    for receipt in receipts:
        named = {**receipt, "session_id": str(successor.id)}
        assert wrong(verify_file(raw, named, None)) == []
    # A receipt of the void vote names another session.
    assert wrong(verify_file(raw, {**vote.receipts[0], "session_id": vote.id})) != []


def test_story_and_figures_know_the_void_vote(vote: Vote, cast: Cast, app: Flask, travel: Travel):
    successor = lost(cast, vote, travel)
    voter = vote.voters[0]
    story = voter.get(f"/matters/{vote.matters[0]}/story").json["entries"]
    (told,) = [entry for entry in story if entry["kind"] == "VOTE_VOID"]
    assert ("作废" in told["text"], told["about"]["id"]) == (True, vote.id)
    month = {"query_string": {"month": "2026-03"}}
    figures = voter.get(f"/compounds/{cast.home.id}/figures", **month).json
    assert figures["participation"]["listed"] == 3
    own = voter.get(f"/sessions/{successor.id}/figures").json
    assert own["participation"]["listed"] == 3


def test_roster_is_the_same(cast: Cast, app: Flask, travel: Travel):
    travel(BEGIN)
    secretary, voters = cast.secretary(), [cast.resident() for _ in range(3)]
    roll = [str(voter.id) for voter in voters]
    session, _ = cast.open_session(secretary, voters[0], mode="ROSTER", roll=roll)
    lose(app, session["id"])
    finalise(app)
    travel(LATER)
    finalise(app)
    again = sessions(app)[SessionState.LISTED]
    rolls = {
        session_id: set(
            stored(app, select(RollEntry.resident_id).where(RollEntry.session_id == session_id))
        )
        for session_id in (UUID(session["id"]), again.id)
    }
    assert len(set(map(frozenset, rolls.values()))) == 1
    assert len(stored(app, select(AgendaItem))) == 6


def test_extended_vote_may_be_lost_too(vote: Vote, cast: Cast, app: Flask, travel: Travel):
    assert vote.secretary.post(f"{vote.path}/extend-voting").status_code == 200
    lost(cast, vote, travel)
    assert SessionState.VOID in sessions(app)


def test_secretary_may_call_the_vote_off_or_open_it_early(
    vote: Vote, app: Flask, travel: Travel, cast: Cast
):
    successor = lost(cast, vote, travel)
    secretary = cast.logged_in_anew(vote.secretary)
    opened = secretary.post(f"/sessions/{successor.id}/open-voting")
    assert (opened.status_code, opened.json["state"]) == (200, "VOTING")
    lose(app, str(successor.id))
    finalise(app)
    travel("2026-03-12T12:00:00+08:00")
    finalise(app)
    states = [each.state for each in stored(app, select(AgendaSession))]
    assert sorted(states) == ["LISTED", "VOID", "VOID"]
    third = sessions(app)[SessionState.LISTED]
    secretary = cast.logged_in_anew(secretary)
    cancelled = secretary.post(f"/sessions/{third.id}/cancel", {"reason": "改期"})
    assert cancelled.json["state"] == "CANCELLED"


def test_end_that_comes_while_the_key_is_missing_waits(vote: Vote, app: Flask, travel: Travel):
    end = datetime.fromisoformat(vote.closes_at)
    travel(end - timedelta(minutes=5))
    lose(app, vote.id)
    travel(end)
    finalise(app, is_whole=False)
    assert sessions(app).keys() == {SessionState.VOTING}
    travel(end + timedelta(minutes=31))
    finalise(app)
    assert sessions(app).keys() == {SessionState.VOID, SessionState.LISTED}


# What may not void a vote: ballots that were deleted never come back.


def test_store_that_is_not_ours_voids_nothing(
    vote: Vote,
    cast: Cast,
    app: Flask,
    travel: Travel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    with monkeypatch.context() as elsewhere:
        elsewhere.setitem(app.extensions, "keys", FolderKeyStore(tmp_path / "empty"))
        for at in (BEGIN, LATER, "2026-03-12T15:00:00+08:00"):
            travel(at)
            finalise(app, is_whole=False)
            log_in_anew(cast, vote)
            refused = vote.voters[0].put(f"{vote.path}/ballot", ballot(vote.matters[0]))
            assert refusal(refused) == (503, "wrong_key_store")
    assert stored(app, select(AgendaSession.key_missing_since)) == [None]
    assert sessions(app).keys() == {SessionState.VOTING}
    assert len(stored(app, select(Ballot))) == 5


def early_copy(app: Flask, tmp_path: Path) -> FolderKeyStore:
    """A copy of the store as somebody made it for another host before the vote opened."""
    copy = FolderKeyStore(tmp_path / "copy")
    copy.keep(OPERATOR, app.extensions["keys"].find(OPERATOR))
    return copy


@pytest.mark.parametrize("is_patient", [True, False], ids=["honest", "mutant"])
def test_copy_of_the_store_voids_nothing_while_the_right_one_is_in_use(
    vote: Vote,
    app: Flask,
    travel: Travel,
    tmp_path: Path,
    is_patient: bool,
    monkeypatch: pytest.MonkeyPatch,
):
    copy, right = early_copy(app, tmp_path), app.extensions["keys"]
    if not is_patient:
        monkeypatch.setattr(lost_keys, "patience", lambda: timedelta(0))
    for minute in range(0, 120, 20):
        travel(datetime.fromisoformat(BEGIN) + timedelta(minutes=minute))
        for keys in (copy, copy, right) if not is_patient else (copy, right):
            monkeypatch.setitem(app.extensions, "keys", keys)
            finalise(app)
    expected = {SessionState.VOTING} if is_patient else {SessionState.VOID, SessionState.LISTED}
    assert sessions(app).keys() == expected


def test_key_that_comes_back_too_late_is_erased(vote: Vote, app: Flask, travel: Travel):
    key = lose(app, vote.id)
    finalise(app)
    travel(LATER)
    finalise(app)
    app.extensions["keys"].keep(UUID(vote.id), key)
    finalise(app)
    assert UUID(vote.id) not in app.extensions["keys"].held()


def test_slips_of_a_void_vote(cast: Cast, app: Flask, travel: Travel):
    """None waits for anybody, none shows its marks, and photos go."""
    travel(BEGIN)
    desk = Desk(cast)
    a, b, c = desk.matters
    desk.vote(desk.voters[0], a, b, c, slip=0)
    assert desk.enter(desk.voters[1], b, slip=1).status_code == 200
    assert len(stored(app, select(Attachment))) == 2
    lose(app, desk.id)
    finalise(app)
    travel(LATER)
    finalise(app)
    slips = stored(app, select(PaperSlip).order_by(PaperSlip.serial))
    assert [slip.state for slip in slips] == ["CONFIRMED", "VOID", "ISSUED", "ISSUED"]
    assert [slip.reason for slip in slips[:2]] == [None, "投票作废"]
    assert {(slip.slot, slip.commitment) for slip in slips} == {(None, None)}
    assert {each.about for each in stored(app, select(Attachment))} == {None}
    clerk = cast.logged_in_anew(desk.clerk)
    seen = clerk.get(f"{desk.path}/paper-slips").json["items"]
    assert {len(each["attachments"]) for each in seen} == {0}
    travel("2026-03-13T12:00:00+08:00")
    finalise(app)
    assert stored(app, select(Attachment)) == []


# New times


@pytest.mark.parametrize(
    ("opens", "closes", "table", "at", "again"),
    [
        (
            *("2026-03-12T00:00", "2026-03-19T00:00", "2026-03-27T19:00"),
            "2026-03-15T10:00",
            ("2026-03-17T00:00", "2026-03-24T00:00", "2026-04-01T19:00"),
        ),
        (  # opened early by hand: whole days, rounded up
            *("2026-03-11T15:23", "2026-03-19T00:00", "2026-03-27T19:00"),
            "2026-03-15T23:59",
            ("2026-03-17T00:00", "2026-03-25T00:00", "2026-04-02T19:00"),
        ),
        (  # an hour, with its round table at once
            *("2026-03-12T09:00", "2026-03-12T10:00", "2026-03-12T10:00"),
            "2026-03-12T09:30",
            ("2026-03-14T00:00", "2026-03-15T00:00", "2026-03-15T10:00"),
        ),
    ],
)
def test_times_again(opens: str, closes: str, table: str, at: str, again: tuple[str, ...]):
    instant = lambda text: datetime.fromisoformat(text).replace(tzinfo=ZONE)  # noqa: E731
    found = times_again(Times(*map(instant, (opens, closes, table))), instant(at))
    assert found == Times(*map(instant, again))


def test_patience_is_a_setting(tmp_path: Path):
    given = Settings.from_environment(tmp_path, {"KEY_PATIENCE_MINUTES": "90"})
    assert given.key_patience_minutes == 90


@pytest.mark.parametrize("who", ["a first cast", "a replacement", "a reader"])
def test_host_that_finds_the_key_tells_so(
    vote: Vote, cast: Cast, app: Flask, travel: Travel, who: str
):
    """Another host, on a copy made too early, has missed it: that must not void a vote in which
    people cast all the time."""
    with app.app_context():
        db.session.execute(update(AgendaSession).values(key_missing_since=clock.now()))
        db.session.commit()
    path = f"{vote.path}/ballot"
    {
        "a first cast": lambda: vote.voters[5].put(path, ballot(vote.matters[0])),
        "a replacement": lambda: vote.voters[0].put(path, ballot(vote.matters[0])),
        "a reader": lambda: vote.voters[0].get(vote.path),
    }[who]()
    assert stored(app, select(AgendaSession.key_missing_since)) == [None]
