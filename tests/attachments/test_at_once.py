"""Many requests at once: an upload is claimed once, a person's unused uploads are counted, and
nobody waits while an image is decoded."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.attachments import services
from app.attachments.models import Attachment
from app.deliberation.models import SolutionCard
from app.kit.audit import AuditEntry
from app.kit.extensions import db
from app.kit.orm import Base
from app.kit.web.idempotency import IdempotencyKey
from app.matters.models import Matter
from app.people.models import Appointment, Role, TokenFamily
from tests.attachments.conftest import files_in
from tests.attachments.files import image, upload, uploaded
from tests.cast import Cast, stored
from tests.checks import refusal
from tests.deliberation.steps import RoundTable, made

REQUESTS = 4
WORDS = {"title": "停车", "body": "说明", "category": "PARKING"}
CREATED, UNKNOWN = (201, ""), (422, "unknown_attachment")


def at_once(calls: Sequence[Callable[[], TestResponse]]) -> Counter[tuple[int, str]]:
    """Make all calls at once; how often each status was answered, with which code."""
    with ThreadPoolExecutor(len(calls)) as threads:
        answers = list(threads.map(lambda call: call(), calls))
    return Counter(
        refusal(answer) if answer.status_code >= 400 else (answer.status_code, "")
        for answer in answers
    )


def when_free(call: Callable[[], TestResponse]) -> TestResponse:
    """The answer once no other upload is looked at, as a phone asks again after 503."""
    while True:
        answer = call()
        if answer.status_code != 503:
            return answer
        assert refusal(answer) == (503, "busy")
        time.sleep(0.05)


def keep(app: Flask, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Let nobody leave more uploads unused than this."""
    settings = replace(app.extensions["settings"], attachment_max_unused=most)
    monkeypatch.setitem(app.extensions, "settings", settings)


@pytest.fixture
def slow_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause between finding an upload unclaimed and claiming it."""
    claim = Attachment.claim

    def wait_and_claim(attachment: Attachment, thing: Base, at: datetime) -> None:
        time.sleep(0.2)
        claim(attachment, thing, at)

    monkeypatch.setattr(Attachment, "claim", wait_and_claim)


@pytest.mark.usefixtures("slow_claim")
def test_one_upload_goes_to_one_thing(cast: Cast, folder: Path):
    table = RoundTable(cast, ["停车"]).start()
    person = table.voters[0]
    own = select(Matter.id).where(Matter.raised_by_id == person.id)
    others = set(stored(cast.app, own))
    photo, second = (uploaded(person, cast.home)["id"] for _ in range(2))
    matters = f"/compounds/{cast.home.id}/matters"
    matter = {**WORDS, "attachment_ids": [photo, second]}

    def put_matter(key: str) -> Callable[[], TestResponse]:
        return lambda: person.post(matters, matter, headers={"Idempotency-Key": key})

    calls = [
        put_matter("1"),
        lambda: table.put(person, attachment_ids=[photo]),
        put_matter("2"),
        lambda: table.put(person, attachment_ids=[second, photo], is_anonymous=True),
    ]
    assert at_once(calls) == {CREATED: 1, UNKNOWN: REQUESTS - 1}
    new_matters = set(stored(cast.app, own)) - others
    cards = set(stored(cast.app, select(SolutionCard.id)))
    (winner,) = new_matters | cards
    query = select(Attachment.about_id).where(Attachment.about_id.is_not(None))
    assert set(stored(cast.app, query)) == {winner}
    # Of those that were too late nothing is left: no row, no key, no entry in the log.
    assert len(stored(cast.app, select(IdempotencyKey))) == len(new_matters)
    written = select(AuditEntry.thing_id).where(AuditEntry.verb.in_(["raise", "put"]))
    assert set(stored(cast.app, written)) - others == {winner}
    claims = select(AuditEntry.thing_id).where(AuditEntry.verb == "attach")
    claimed = select(Attachment.id).where(Attachment.about_id == winner)
    assert set(stored(cast.app, claims)) == set(stored(cast.app, claimed))


def test_unused_uploads_are_limited_until_they_are_used(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    keep(cast.app, monkeypatch, 2)
    person, once = cast.resident(), {"Idempotency-Key": "photo"}
    cast.appoint(person, Role.GRID_WORKER, cast.neighbour)
    first = uploaded(person, cast.home)["id"]
    second = uploaded(person, cast.neighbour, headers=once)["id"]
    files = files_in(folder)
    look_at = services.look_at
    monkeypatch.setattr(services, "look_at", lambda *args: pytest.fail("was decoded"))
    for place in (cast.home, cast.neighbour):  # counted together
        assert refusal(upload(person, place)) == (409, "too_many_unused_uploads")
    monkeypatch.setattr(services, "look_at", look_at)
    assert len(stored(cast.app, select(Attachment))) == 2
    assert files_in(folder) == files
    assert uploaded(person, cast.neighbour, headers=once)["id"] == second  # the same as before
    assert upload(cast.resident(), cast.home).status_code == 201

    matter = {**WORDS, "attachment_ids": [first]}
    made(person.post(f"/compounds/{cast.home.id}/matters", matter))
    assert upload(person, cast.home).status_code == 201
    assert refusal(upload(person, cast.home)) == (409, "too_many_unused_uploads")


def test_uploads_at_once_are_limited_too(cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch):
    keep(cast.app, monkeypatch, 1)
    has_room = services.has_room

    def count_and_wait(*args: Any) -> bool:
        found = has_room(*args)
        time.sleep(0.1)
        return found

    monkeypatch.setattr(services, "has_room", count_and_wait)
    person = cast.resident()
    calls = [lambda: when_free(lambda: upload(person, cast.home))] * REQUESTS
    wanted = {CREATED: 1, (409, "too_many_unused_uploads"): REQUESTS - 1}
    assert at_once(calls) == wanted
    assert len(stored(cast.app, select(Attachment))) == 1


def while_decoding(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let this happen, in a thread of its own, while an image is decoded."""
    look_at = services.look_at

    def act_and_look(*args: Any) -> Any:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(act).result()
        return look_at(*args)

    monkeypatch.setattr(services, "look_at", act_and_look)


def test_others_write_while_an_image_is_decoded(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """On SQLite a writing transaction keeps all others out: for ten seconds they wait, then they
    are refused."""
    person, neighbour, taken = cast.resident(), cast.resident(), []

    def raise_matter() -> None:
        begin = time.monotonic()
        made(neighbour.post(f"/compounds/{cast.home.id}/matters", WORDS))
        taken.append(time.monotonic() - begin)

    while_decoding(monkeypatch, raise_matter)
    assert upload(person, cast.home).status_code == 201
    assert len(taken) == 1
    assert taken[0] < 5
    assert len(stored(cast.app, select(Matter))) == 1
    assert len(stored(cast.app, select(Attachment))) == 1


def test_upload_is_dated_by_its_folder(
    cast: Cast, folder: Path, travel: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
):
    """Midnight (UTC) passes while it is decoded; the purge looks for it on the day of its row."""
    travel("2026-03-12T23:59:58+00:00")
    person = cast.resident()
    while_decoding(monkeypatch, lambda: time.sleep(2.1))
    made_there = uploaded(person, cast.home)
    (row,) = stored(cast.app, select(Attachment))
    assert f"{row.uploaded_at.astimezone(UTC):%Y-%m-%d}" == "2026-03-12"
    assert {name.partition("/")[0] for name in files_in(folder)} == {"2026-03-12"}
    assert person.client.get(made_there["url"].removeprefix("https://board.example")).data


@pytest.mark.parametrize("lost", ["office", "login"])
def test_rights_lost_while_an_image_is_decoded_count(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch, lost: str
):
    person = cast.officer(Role.GRID_WORKER)
    end: Any = {
        "office": update(Appointment)
        .where(Appointment.resident_id == person.id)
        .values(ended_at=datetime.now(UTC)),
        "login": update(TokenFamily)
        .where(TokenFamily.resident_id == person.id)
        .values(revoked_at=datetime.now(UTC), revoked_why="logout"),
    }[lost]
    with cast.app.app_context():
        engine = db.engine

    def lose() -> None:
        with engine.begin() as connection:
            assert connection.execute(end).rowcount == 1

    while_decoding(monkeypatch, lose)
    wanted = {"office": (404, "not_found"), "login": (401, "unauthorized")}
    assert refusal(upload(person, cast.home)) == wanted[lost]
    assert stored(cast.app, select(Attachment)) == []
    log = select(AuditEntry).where(AuditEntry.thing == "attachments")
    assert stored(cast.app, log) == []


def test_same_key_at_once_is_one_upload(cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch):
    keep(cast.app, monkeypatch, 1)
    person, once = cast.resident(), {"Idempotency-Key": "photo"}
    sent = image()
    calls = [lambda: when_free(lambda: upload(person, cast.home, sent, headers=once))] * REQUESTS
    assert at_once(calls) == {CREATED: REQUESTS}
    assert len(stored(cast.app, select(Attachment))) == 1
