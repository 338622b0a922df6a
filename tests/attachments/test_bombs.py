"""No upload costs more than two seconds of one core, whatever is in it."""

import resource
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.attachments import services
from app.attachments.formats import jpeg
from app.attachments.images import clean_image
from app.attachments.models import Attachment
from app.attachments.services import Limits, type_of
from app.config import Settings
from app.confined.calls import Confined
from app.kit.errors import DomainError
from tests.attachments.bombs import BOMBS, jpeg_scans
from tests.attachments.conftest import files_in
from tests.attachments.files import image, upload
from tests.bad_input.problem import nothing_stored
from tests.cast import Cast, stored
from tests.checks import refusal

MOST_SECONDS = 2.0
LIMITS = Limits(max_bytes=10_000_000, max_pixels=40_000_000, max_unused=30)
SETTINGS = Settings.from_environment(Path("/nonexistent"), {"SECRET_KEY": "x" * 32})
# Over HTTP go one of each end, and those that ask for most outside of the look.
OVER_HTTP = (
    "JPEG of 300 scans",
    "PNG of profiles",
    "WebP of one colour, padded",
    "PDF of streams",
    "PDF of streams of nothing",
    "carriage returns",
    "beginnings of a boundary",
)


def cpu_seconds() -> float:
    """Of this process and of the children that it has waited for."""
    used = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def seconds_of(call: Callable[[], object]) -> float:
    before = cpu_seconds()
    call()
    return cpu_seconds() - before


@pytest.fixture(scope="module")
def confined(tmp_path_factory: pytest.TempPathFactory) -> Confined:
    return Confined(tmp_path_factory.mktemp("confined") / "lock", SETTINGS.confined)


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_inert_or_refused_within_two_seconds(confined: Confined, name: str):
    make, ends = BOMBS[name]
    sent, end = make(), []
    assert len(sent) <= LIMITS.max_bytes

    def look() -> None:
        try:
            services.look_at(confined, sent, type_of(sent), LIMITS)
            end.append(201)
        except DomainError as error:
            end.append(error.code)

    seconds = seconds_of(look)
    assert end[0] in ends
    assert seconds < MOST_SECONDS


@pytest.mark.parametrize("name", OVER_HTTP)
def test_refused_bomb_leaves_nothing(cast: Cast, folder: Path, name: str):
    make, ends = BOMBS[name]
    sent, person, answers = make(), cast.resident(), []
    with ExitStack() as stack:
        if 201 not in ends:
            stack.enter_context(nothing_stored(cast.app))
        seconds = seconds_of(lambda: answers.append(upload(person, cast.home, sent)))
    (answer,) = answers
    assert (201 if answer.status_code == 201 else answer.json["code"]) in ends, answer.text
    assert seconds < MOST_SECONDS
    kept = stored(cast.app, select(func.count()).select_from(Attachment))[0]
    assert kept == (answer.status_code == 201)
    assert bool(files_in(folder)) == (answer.status_code == 201)


def test_check_goes_red_without_the_counts(monkeypatch: pytest.MonkeyPatch):
    """In this process, and with a bomb of a third of a megabyte: its scans cost what they cost."""
    monkeypatch.setattr(jpeg, "MAX_SCANS", 10**9)
    monkeypatch.setattr(jpeg, "MAX_SCANNED_SAMPLES", 10**12)
    sent = jpeg_scans(100)
    assert seconds_of(lambda: clean_image(sent, "JPEG", LIMITS.max_pixels)) > MOST_SECONDS


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"cpu_seconds": 0.2}, "took_too_long"),
        ({"wall_seconds": 0.3}, "took_too_long"),
        ({"memory_bytes": 250_000_000}, "too_complex"),
    ],
    ids=["cpu", "wall", "memory"],
)
def test_what_no_count_foresees_is_killed(
    cast: Cast,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    limits: dict[str, float],
    code: str,
):
    """Its time or memory ends: nothing is left, and the next upload is taken."""
    person, once = cast.resident(), {"Idempotency-Key": "photo"}
    lock, usual = tmp_path / "lock", SETTINGS.confined
    photo = BOMBS["PNG of 16 bits and four channels"][0]()
    with monkeypatch.context() as patched, nothing_stored(cast.app):
        tight = Confined(lock, replace(usual, **limits))
        patched.setitem(cast.app.extensions, "confined", tight)
        answer = upload(person, cast.home, photo, headers=once)
        assert refusal(answer) == (422, code)
        assert files_in(folder) == set()
    monkeypatch.setitem(cast.app.extensions, "confined", Confined(lock, usual))
    assert upload(person, cast.home, image(), headers=once).status_code == 201


def test_second_upload_is_told_to_come_again_at_once(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    person, other, once = cast.resident(), cast.resident(), {"Idempotency-Key": "photo"}
    look_at, answers = services.look_at, []

    def look_while_another_asks(*args: Any) -> Any:
        answers.append(upload(other, cast.home, headers=once))
        return look_at(*args)

    with monkeypatch.context() as patched:
        patched.setattr(services, "look_at", look_while_another_asks)
        assert upload(person, cast.home).status_code == 201
    (answer,) = answers
    assert refusal(answer) == (503, "busy")
    assert int(answer.headers["Retry-After"]) > 0
    assert len(stored(cast.app, select(Attachment))) == 1
    assert upload(other, cast.home, headers=once).status_code == 201
