"""What nobody learns: a result before closing, another's marks, and who the people are.

Rows 14 and 20 of the list of threats, and what the rows of a ballot may hold.
"""

import io
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from flask import Flask, Response, request, request_finished
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import insert, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.ballots.paper.spreadsheet import XLSX
from app.kit.clock import local_date
from app.kit.extensions import db
from app.kit.web.api import PREFIX
from app.kit.web.problems import on_database_error
from app.people.models import Resident, Role
from tests.cast import Cast, Person, ballot
from tests.operations import furnish, made, operations, request_for
from tests.wechat_standin import StandIn

NOBODY = "nobody"
LEVELS = {
    Role.COMMUNITY_SECRETARY: "community",
    Role.SUBDISTRICT_OFFICER: "subdistrict",
    Role.DEPARTMENT: "subdistrict",
}
OFFICES = [role for role in Role if role not in (Role.RESIDENT, Role.OWNER)]
# What tells how matters stand, or a ballot apart from others.
TELLTALE = {
    *("score", "rank", "n5", "n3", "n1", "counts", "decided_by", "blank", "explanation"),
    *("marks", "weight", "commitment", "nonce", "promise", "tracker", "slot"),
}
JUDGEMENTS = {"MATTER_CLOSED", "MATTER_REOPENED", "EVALUATION_CLOSED", "CASE_PUBLISHED"}
# They describe the API and tell nothing of any session.
DESCRIPTIONS = {f"GET {PREFIX}/openapi.json", "GET /docs", "GET /docs/errors", "GET /"}


class OpenVote:
    """Voting is open and ballots are in; everyone who may look is at hand."""

    def __init__(self, cast: Cast, client: FlaskClient) -> None:
        self._client = client
        self.ids = furnish(cast, cast.home, cast.community)
        self.path = f"/sessions/{self.ids['session_id']}"
        self.own_ballot = f"{PREFIX}{self.path}/ballot"
        places = {
            "compounds": cast.home.id,
            "communities": cast.community.id,
            "subdistricts": cast.subdistrict.id,
        }
        self._places = [{"kind": kind, "place_id": place} for kind, place in places.items()]
        self.voters = {f"voter {n}": cast.resident() for n in range(3)}
        self.people: dict[str, Person] = {
            **self.voters,
            "resident": cast.resident(),
            "visitor": cast.visitor(),
            **{role: cast.officer(role, level=LEVELS.get(role, "compound")) for role in OFFICES},
        }
        first, second = self.ids["matters"]
        ballots = ((first, second), (first,), ())
        self.receipts = {
            voter: self.cast(voter, *marked)
            for voter, marked in zip(self.voters, ballots, strict=True)
        }

    def cast(self, voter: str, *marked: str) -> Any:
        """Cast a ballot, or replace it; answers the receipt."""
        return made(self.voters[voter].put(f"{self.path}/ballot", ballot(*marked)), 200)

    def everything_read(self) -> dict[tuple[str, str], Any]:
        """What everyone is answered at every address that can be read, by person and path."""
        served = operations(self._client.application) - DESCRIPTIONS
        paths = {
            request_for(operation, {**self.ids, **place})[1]
            for operation in served
            if operation.startswith("GET ")
            for place in self._places
        }
        return {
            (who, path): self._read(who, path)
            for who in (NOBODY, *self.people)
            for path in sorted(paths)
        }

    def _read(self, who: str, path: str) -> Any:
        headers = {}
        if who != NOBODY:
            headers["Authorization"] = f"Bearer {self.people[who].token}"
        answer = self._client.get(path, headers=headers, buffered=True)
        assert answer.status_code < 500, answer.text
        if answer.mimetype == XLSX:  # the file has the time in it; its cells have not
            book = load_workbook(io.BytesIO(answer.get_data()), read_only=True)
            return [list(row) for row in book.active.iter_rows(values_only=True)]
        return answer.json if answer.is_json else answer.get_data()


def without_other_sessions(value: Any, session_id: str) -> Any:
    """The same value without what says that it is of another session, which is tallied already."""
    if isinstance(value, dict):
        is_other = (
            value.get("session_id") not in (None, session_id)
            or value.get("kind") in JUDGEMENTS  # of work that was done before
        )
        kept = {} if is_other else value
        return {name: without_other_sessions(each, session_id) for name, each in kept.items()}
    if isinstance(value, list):
        return [without_other_sessions(each, session_id) for each in value]
    return value


def names_in(value: Any) -> set[str]:
    """All names of members in a JSON value."""
    if isinstance(value, Mapping):
        return set(value).union(*map(names_in, value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


def test_no_answer_tells_of_marks_while_voting_is_open(cast: Cast, client: FlaskClient):
    """No answer holds what a tally or a ballot is made of. And one voter turns the ballot round,
    and nobody but this voter is answered anything else than before."""
    vote = OpenVote(cast, client)
    before = vote.everything_read()
    assert not [key for key, answer in before.items() if tells_of_marks(vote, *key, answer)]
    vote.cast("voter 0", *reversed(vote.ids["matters"]))
    after = vote.everything_read()
    assert {key for key in before if before[key] != after[key]} == {("voter 0", vote.own_ballot)}


def tells_of_marks(vote: OpenVote, who: str, path: str, answer: Any) -> bool:
    """Whether an answer holds anything of a tally or a ballot, one's own ballot aside."""
    if path == vote.own_ballot and who in vote.voters:
        return bool(answer != vote.receipts[who])
    names = names_in(without_other_sessions(answer, vote.ids["session_id"]))
    if "scheme" in names:  # the weights that may be given, the same for all
        names -= {"weight"}
    return not names.isdisjoint(TELLTALE)


def test_result_is_refused_to_everyone_while_voting_is_open(cast: Cast, client: FlaskClient):
    vote = OpenVote(cast, client)
    for extended in (False, True):
        if extended:
            secretary = vote.people[Role.BRANCH_SECRETARY]
            made(secretary.post(f"{vote.path}/extend-voting"), 200)
        answers = {who: person.get(f"{vote.path}/result") for who, person in vote.people.items()}
        codes = {who: answer.json["code"] for who, answer in answers.items()}
        assert codes.pop("visitor") == "not_found"
        assert set(codes.values()) == {"voting_not_closed"}


def test_roll_does_not_tell_who_voted(cast: Cast, client: FlaskClient):
    vote = OpenVote(cast, client)
    roll = made(vote.people[Role.BRANCH_SECRETARY].get(f"{vote.path}/roll"), 200)
    assert {"resident_id", "masked_name"} == names_in(roll)
    assert {entry["resident_id"] for entry in roll} > {str(v.id) for v in vote.voters.values()}


# What lies in the rows

BALLOT_COLUMNS = {
    "ballots": {"compound_id", "session_id", "slot", "nonce", "commitment", "version"},
    "ballot_marks": {
        *("compound_id", "session_id", "slot"),
        *("label", "weight", "matter_id", "tracker"),
    },
    "ballot_commitments": {"compound_id", "session_id", "slot", "commitment", "version"},
    "ballot_slots": {"session_id", "label", "weight"},
}
SECRET = ("slot", "nonce", "commitment", "tracker")


def test_ballot_tables_have_no_voter_no_time_and_no_sequence(rows: Session):
    tables = inspect(rows.get_bind())
    for table, names in BALLOT_COLUMNS.items():
        columns = tables.get_columns(table)
        assert {column["name"] for column in columns} == names
        assert not any(column["type"].python_type in (datetime, date) for column in columns)
        referred = {key["referred_table"] for key in tables.get_foreign_keys(table)}
        assert "residents" not in referred


def test_roll_has_the_day_of_a_ballot_and_no_hour(rows: Session):
    columns = inspect(rows.get_bind()).get_columns("roll_entries")
    times = {column["name"]: column["type"].python_type for column in columns}
    assert times["voted_on"] is date
    assert datetime not in times.values()


def test_rows_of_voters_and_of_ballots_have_nothing_in_common(
    cast: Cast, client: FlaskClient, rows: Session
):
    vote = OpenVote(cast, client)
    dump = everything_stored(rows)
    ballots = [row for table in BALLOT_COLUMNS for row in dump.pop(table)]
    others = [row for found in dump.values() for row in found]
    secrets = {row[name].hex() for row in ballots for name in SECRET if name in row}
    voters = {voter.id.hex for voter in vote.voters.values()}
    assert len(secrets) == 3 * 3 + 3  # slot, nonce, commitment of three ballots; three trackers
    assert all(any(voter in as_text(row) for row in others) for voter in voters)
    assert not any(voter in as_text(row) for voter in voters for row in ballots)
    assert not any(secret in as_text(row) for secret in secrets for row in others)


def test_casting_leaves_no_trace_in_the_audit_log(cast: Cast, client: FlaskClient, rows: Session):
    vote = OpenVote(cast, client)
    before = everything_stored(rows)["audit_entries"]
    rows.rollback()  # ends the reading, so that the next one sees what came since
    vote.cast("voter 0", vote.ids["matters"][1])
    assert everything_stored(rows)["audit_entries"] == before


def everything_stored(session: Session) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    return {
        table.name: [dict(row._mapping) for row in session.execute(select(table))]
        for table in db.metadata.sorted_tables
    }


def as_text(row: Mapping[str, Any]) -> str:
    """The values of a row; ids and bytes in hexadecimal without hyphens."""
    values = (value.hex() if isinstance(value, bytes) else str(value) for value in row.values())
    return " ".join(values).replace("-", "")


# Who the people are

NAMES = ("欧阳镜湖", "司徒望舒", "上官云杉", "诸葛映雪")
BORN = date(1987, 11, 23)
PERSONAL = (
    *NAMES,
    *(name[1:] for name in NAMES),
    "1987-11-23",
    "19871123",
    "1987年11月",
    "o-test-",
)
# Where names and birth dates are told: to oneself, and to those who verify a residence.
TOLD_TO_ONESELF_AND_VERIFIERS = ("/me", "/residences")


def test_nothing_personal_in_answers_and_logs(
    cast: Cast, client: FlaskClient, standin: StandIn, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    standin.control.reset()
    openid = standin.control.user(unionid="u-seeded")
    with answers_of(cast.app) as answers:
        play_a_month(cast, client, standin.control.code(openid))
    statuses = {answer.status for answer in answers}
    assert {200, 201, 401, 403, 404, 409, 422} <= statuses

    seeds = (*PERSONAL, openid, "u-seeded", standin.secret)
    in_the_open = [answer for answer in answers if not answer.is_told_to_few]
    assert len(in_the_open) > 40
    for answer in in_the_open:
        assert not [seed for seed in seeds if seed in answer.text], answer
    for answer in answers:
        assert "o-test-" not in answer.text, answer
        assert openid not in answer.text, answer
    assert "HTTP Request" in caplog.text  # the login's call to WeChat was logged
    assert not [seed for seed in seeds if seed in caplog.text]


class Answer(NamedTuple):
    """One answer of the application, with the path that was asked."""

    path: str
    status: int
    text: str

    @property
    def is_told_to_few(self) -> bool:
        return self.status < 400 and any(
            part in self.path for part in TOLD_TO_ONESELF_AND_VERIFIERS
        )


@contextmanager
def answers_of(app: Flask) -> Iterator[list[Answer]]:
    """Every answer that the application gives meanwhile."""
    answers: list[Answer] = []

    def note(sender: Flask, response: Response) -> None:
        answers.append(Answer(request.path, response.status_code, response.get_data(as_text=True)))

    with request_finished.connected_to(note, app):
        yield answers


def play_a_month(cast: Cast, client: FlaskClient, code: str) -> None:
    """A session from its announcement to its tally, and the refusals on the way."""
    raiser, voter, other, _ = (cast.resident(name=name, born=BORN) for name in NAMES)
    secretary = cast.resident(name=NAMES[0], born=BORN)
    cast.appoint(secretary, Role.BRANCH_SECRETARY)
    ids = furnish(cast, cast.home, cast.community, secretary, raiser)
    session, board = f"/sessions/{ids['session_id']}", f"/board/compounds/{cast.home.id}"
    client.post(f"{PREFIX}/auth/wechat", json={"code": code})
    client.post(f"{PREFIX}/auth/wechat", json={"code": code})  # used

    for person in (voter, other):
        person.put(f"{session}/ballot", ballot(*ids["matters"]))
        person.put(f"{session}/ballot", ballot(ids["matters"][0], ids["matters"][0]))
        person.put(f"{session}/ballot", {"marks": [], "openid": person.openid})
        person.put(f"{session}/ballot", {"marks": [], "expected_version": 7})
        person.call("PATCH", "/me", {"name": NAMES[1] * 20, "birth_date": "1987-11-23x"})
        person.call("PATCH", "/me", {"birth_date": "1987-11-22"})
        person.post("/residences", {"compound_id": str(cast.home.id), **ids["unit"], "unit": "999"})
        person.post("/residences", {"compound_id": str(cast.home.id), **ids["unit"]})
        person.post("/residences", {"compound_id": str(cast.home.id), **ids["unit"]})
        person.put(f"/matters/{ids['matter_id']}/endorsement")
        person.post(f"/matters/{ids['matter_id']}/screen", {"outcome": "LISTED"})
        person.get("/me")
        person.get(session)
        person.get(f"/compounds/{cast.home.id}/matters")
        person.get(f"/sessions/{uuid4()}")
    child = cast.resident(name=NAMES[2], born=local_date(datetime.now(UTC)))
    child.put(f"{session}/ballot", ballot())
    stranger = cast.visitor(name=NAMES[3], born=BORN)
    stranger.put(f"{session}/ballot", ballot())
    client.get(PREFIX + session)

    claims = secretary.get(f"/compounds/{cast.home.id}/residences?state=CLAIMED").json["items"]
    for claim in claims:
        for verb in ("verify", "verify", "refuse"):
            secretary.post(f"/residences/{claim['id']}/{verb}", {"reason": "重复"})
            secretary.post(f"/residences/{claim['id']}/{verb}", {})
    secretary.get(f"{session}/roll")
    secretary.put(f"{session}/roll", {"roll": [str(child.id)]})
    office = {"resident_id": str(voter.id), "role": "BUILDING_HEAD", "from": "2026-01-01"}
    secretary.post(f"/compounds/{cast.home.id}/appointments", office)
    secretary.get(f"/compounds/{cast.home.id}/appointments")
    made(secretary.post(f"{session}/close-voting"), 409)  # too few ballots so far
    made(voter.get(f"{session}/result"), 409)
    made(raiser.put(f"{session}/ballot", ballot(*ids["matters"])), 200)
    made(secretary.post(f"{session}/close-voting"), 200)
    made(voter.get(f"{session}/result"), 200)
    feed = made(client.get(f"{PREFIX}{board}/feed.json"), 200)
    for notice in feed["items"]:
        path = notice["id"].removeprefix("urn:uuid:")
        secretary.post(f"/notices/{path}/correct", {"note": "地点改为社区会议室"})
        client.get(f"/board/notices/{path}")
    for place in (
        f"compounds/{cast.home.id}",
        f"communities/{cast.community.id}",
        f"subdistricts/{cast.subdistrict.id}",
    ):
        client.get(f"/board/{place}")
        client.get(f"{PREFIX}/board/{place}/feed.json")
        client.get(f"{PREFIX}/board/{place}/feed.atom")


def test_log_of_a_database_error_holds_no_values(
    cast: Cast, client: FlaskClient, caplog: pytest.LogCaptureFixture
):
    """The databases quote the row that breaks a constraint."""
    person = cast.visitor(name=NAMES[0], born=BORN)
    twin = {"openid": person.openid, "name": NAMES[0], "birth_date": BORN}
    again = insert(Resident).values(joined_at=datetime.now(UTC), **twin)
    with cast.app.test_request_context(f"{PREFIX}/me"):
        with pytest.raises(IntegrityError) as caught:
            db.session.execute(again)
        answer = on_database_error(caught.value)
    assert answer.status_code == 500
    assert "IntegrityError" in caplog.text
    told = caplog.text + answer.get_data(as_text=True)
    assert not [seed for seed in PERSONAL if seed in told]
