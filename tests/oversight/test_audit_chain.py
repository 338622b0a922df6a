"""The chain of the audit log: it grows with every move, and tells of every change made to it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.ballots.keys.folder import FolderKeyStore
from app.kit.audit import AuditEntry, AuditLink
from app.kit.extensions import db
from app.people.models import Role
from tests import databases
from tests.cast import Cast, Person, stored
from tests.checks import counted, pages, refusal


@pytest.fixture
def auditor(cast: Cast) -> Person:
    return cast.officer(Role.AUDITOR)


def raise_matters(cast: Cast, number: int) -> Person:
    """A resident raises so many matters, each a move of its own."""
    resident = cast.resident()
    for index in range(number):
        body = {"title": f"路灯{index}", "body": "不亮", "category": "LIGHTING"}
        answer = resident.post(f"/compounds/{cast.home.id}/matters", body)
        assert answer.status_code == 201, answer.text
    return resident


def checked(cast: Cast, auditor: Person) -> dict[str, Any]:
    found: dict[str, Any] = auditor.get(f"/compounds/{cast.home.id}/audit/check").json
    return found


def tamper(app: Flask, statement: str, **values: Any) -> None:
    """Change the database as somebody who rules the server."""
    with app.app_context():
        engine = db.engine
    with engine.begin() as connection, databases.without_triggers(connection):
        connection.execute(text(statement), values)


def test_auditor_reads_who_did_what_when_and_why(cast: Cast, app: Flask, auditor: Person):
    resident, secretary = raise_matters(cast, 2), cast.secretary()
    matter = stored(app, select(AuditEntry.thing_id).order_by(AuditEntry.id))[0]
    refused = {"outcome": "REFUSED", "reason": "请先调解"}
    assert secretary.post(f"/matters/{matter}/screen", refused).status_code == 200
    page = auditor.get(f"/compounds/{cast.home.id}/audit").json
    newest = page["items"][0]
    assert [item["number"] for item in page["items"]] == [3, 2, 1]
    assert newest["actor_id"] == str(secretary.id)
    assert newest["actor"] == "B" + "○" * (len("BRANCH_SECRETARY") - 1)
    assert (newest["thing"], newest["thing_id"]) == ("matters", str(matter))
    assert (newest["verb"], newest["from_state"], newest["to_state"], newest["reason"]) == (
        "screen",
        "SUBMITTED",
        "REFUSED",
        "请先调解",
    )
    assert checked(cast, auditor) == {
        "entries": 3,
        "head": newest["hash"],
        "is_intact": True,
        "broken_at": None,
    }
    by_resident = {"actor_id": str(resident.id), "verb": "raise", "thing_id": str(matter)}
    found = auditor.get(f"/compounds/{cast.home.id}/audit", query_string=by_resident).json
    assert [item["number"] for item in found["items"]] == [1]


def test_places_have_chains_of_their_own(cast: Cast, auditor: Person):
    raise_matters(cast, 1)
    street = cast.officer(Role.SUBDISTRICT_OFFICER, level="subdistrict")
    office = {"role": "COMMUNITY_SECRETARY", "from": "2026-01-01", "until": "2027-01-01"}
    path = f"/communities/{cast.community.id}"
    body = {**office, "resident_id": str(cast.visitor().id)}
    assert street.post(f"{path}/appointments", body).status_code == 201
    of_community = cast.officer(Role.AUDITOR, level="community")
    (entry,) = of_community.get(f"{path}/audit").json["items"]
    assert (entry["number"], entry["verb"]) == (1, "appoint")
    assert of_community.get(f"{path}/audit/check").json["head"] == entry["hash"]
    assert checked(cast, of_community)["entries"] == 1
    assert refusal(auditor.get(f"{path}/audit")) == (403, "forbidden")


def test_empty_log_holds(cast: Cast, auditor: Person):
    assert checked(cast, auditor) == {
        "entries": 0,
        "head": "00" * 32,
        "is_intact": True,
        "broken_at": None,
    }


def test_log_cannot_be_changed(cast: Cast, app: Flask):
    raise_matters(cast, 1)
    with app.app_context():
        engine = db.engine
    for statement in (
        "UPDATE audit_entries SET reason = 'x'",
        "DELETE FROM audit_entries",
        "UPDATE audit_links SET number = 7",
        "DELETE FROM audit_links",
    ):
        with (
            pytest.raises(DBAPIError, match="the audit log is only added to"),
            engine.begin() as connection,
        ):
            connection.execute(text(statement))


TAMPERINGS: dict[str, tuple[str, int]] = {
    "an entry altered": (
        "UPDATE audit_entries SET verb = 'praise' WHERE id = :second",
        2,
    ),
    "a reason added": ("UPDATE audit_entries SET reason = '不属实' WHERE id = :second", 2),
    "somebody else blamed": ("UPDATE audit_entries SET actor_id = NULL WHERE id = :second", 2),
    "moved to another place": (
        "UPDATE audit_entries SET compound_id = NULL WHERE id = :second",
        2,
    ),
    "a link taken out": ("DELETE FROM audit_links WHERE number = 2", 2),
    "the newest link taken out": ("DELETE FROM audit_links WHERE number = 3", 3),
    "a hash altered": (
        "UPDATE audit_links SET hash = (SELECT hash FROM audit_links WHERE number = 1)"
        " WHERE number = 3",
        3,
    ),
    "an entry slipped in": (
        "INSERT INTO audit_entries (id, at, compound_id, thing, thing_id, verb)"
        " SELECT :new, at, compound_id, thing, thing_id, 'screen'"
        " FROM audit_entries WHERE id = :second",
        4,
    ),
}


def test_every_tampering_is_seen(cast: Cast, app: Flask, auditor: Person, engine_name: str):
    raise_matters(cast, 3)
    kept = list(stored(app, select(AuditLink).order_by(AuditLink.number)))
    second = kept[1].entry_id
    spelled = second.hex if engine_name == "sqlite" else second
    new = "0198c0de00007000800000000000000a"
    for name, (statement, broken_at) in TAMPERINGS.items():
        with app.app_context():
            entries = [
                {c.name: getattr(e, c.name) for c in AuditEntry.__table__.columns}
                for e in stored(app, select(AuditEntry).order_by(AuditEntry.id))
            ]
            links = [
                {c.name: getattr(link, c.name) for c in AuditLink.__table__.columns}
                for link in stored(app, select(AuditLink))
            ]
        values = {"second": spelled, "new": new}
        used = {key: value for key, value in values.items() if f":{key}" in statement}
        tamper(app, statement, **used)
        found = checked(cast, auditor)
        assert (found["is_intact"], found["broken_at"]) == (False, broken_at), name
        with app.app_context():
            engine = db.engine
        with engine.begin() as connection, databases.without_triggers(connection):
            for table in (AuditLink.__table__, AuditEntry.__table__):
                connection.execute(table.delete())
            connection.execute(AuditEntry.__table__.insert(), entries)
            connection.execute(AuditLink.__table__.insert(), links)
        assert checked(cast, auditor)["is_intact"], name


def test_command_recounts_every_place(
    cast: Cast, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # Keys that other tests have left would be those of votes that this database does not know.
    monkeypatch.setitem(app.extensions, "keys", FolderKeyStore(tmp_path))
    raise_matters(cast, 2)
    good = app.test_cli_runner().invoke(args=["check-audit"])
    assert good.exit_code == 0
    assert good.output.endswith("全部相符 · all hold\n")
    tamper(app, "UPDATE audit_entries SET verb = 'praise'")
    bad = app.test_cli_runner().invoke(args=["check-audit"])
    assert bad.exit_code == 1
    assert f"{cast.home.id} 第1条起不符 · broken from 1" in bad.output


def test_moves_at_once_make_one_chain(cast: Cast, app: Flask, auditor: Person):
    residents = [cast.resident() for _ in range(6)]

    def put(resident: Person) -> list[int]:
        body = {"title": "路灯", "body": "不亮", "category": "LIGHTING"}
        path = f"/compounds/{cast.home.id}/matters"
        return [resident.post(path, body).status_code for _ in range(5)]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(put, residents))
    assert answers == [[201] * 5] * 6
    found = checked(cast, auditor)
    assert (found["entries"], found["is_intact"]) == (30, True)


def test_refused_request_leaves_no_gap(cast: Cast, app: Flask, auditor: Person):
    """What a savepoint took back is not in the chain, and what follows is."""
    resident = raise_matters(cast, 1)
    path = f"/compounds/{cast.home.id}/matters"
    body = {"title": "路灯", "body": "不亮", "category": "LIGHTING"}
    once = {"Idempotency-Key": "once"}
    made = [resident.post(path, body, headers=once).json["id"] for _ in range(2)]
    assert made[0] == made[1]
    found = checked(cast, auditor)
    assert (found["entries"], found["is_intact"]) == (2, True)


def test_a_page_costs_the_same_for_30_entries_as_for_3(cast: Cast, app: Flask, auditor: Person):
    path = f"/compounds/{cast.home.id}/audit"
    raise_matters(cast, 3)
    with counted(app) as few:
        assert len(auditor.get(path).json["items"]) == 3
    raise_matters(cast, 29)
    with counted(app) as many:
        assert len(auditor.get(path).json["items"]) == 30
    assert len(many) == len(few) <= 6, many


def test_log_is_read_page_by_page(cast: Cast, auditor: Person):
    raise_matters(cast, 5)
    more: Callable[[], object] = lambda: raise_matters(cast, 1)  # noqa: E731
    found = pages(auditor, f"/compounds/{cast.home.id}/audit", "number", after_first=more, limit=2)
    assert found == [[5, 4], [3, 2], [1]]
