"""An S3-compatible store: the same uploads in a bucket, signed as the service checks it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.attachments.models import Attachment
from app.attachments.refusals import StoreUnavailable
from app.attachments.stores import S3, Folder, make_store
from app.config import Settings, UnsafeSettings
from tests.attachments.files import content, upload, uploaded
from tests.bad_input.problem import nothing_stored
from tests.cast import Cast, stored
from tests.checks import refusal
from tests.s3_standin import S3StandIn


@pytest.fixture
def standin_s3() -> Iterator[S3StandIn]:
    with S3StandIn() as server:
        yield server


def bucket(settings: Settings, server: S3StandIn, **changes: Any) -> S3:
    names = {
        "s3_endpoint": server.url,
        "s3_bucket": server.bucket,
        "s3_region": "cn-east-1",
        "s3_access_key": server.key,
        "s3_secret_key": server.secret,
    }
    store = make_store(replace(settings, **{**names, **changes}))
    assert isinstance(store, S3)
    return store


@pytest.fixture
def store(app: Flask, standin_s3: S3StandIn, monkeypatch: pytest.MonkeyPatch) -> S3:
    store = bucket(app.extensions["settings"], standin_s3)
    monkeypatch.setitem(app.extensions, "attachment_store", store)
    return store


def test_photo_lies_in_the_bucket(cast: Cast, standin_s3: S3StandIn, store: S3):
    person = cast.resident()
    made = uploaded(person, cast.home)
    (row,) = stored(cast.app, select(Attachment))
    key = f"{row.uploaded_at:%Y-%m-%d}/{row.id}"
    assert set(standin_s3.objects) == {key, f"{key}.thumbnail"}
    for address, stored_as in ((made["url"], key), (made["thumbnail_url"], f"{key}.thumbnail")):
        assert content(person, address).data == standin_s3.objects[stored_as]
    assert standin_s3.faults == []


def test_what_is_not_there_is_not_found(cast: Cast, standin_s3: S3StandIn, store: S3):
    person = cast.resident()
    made = uploaded(person, cast.home)
    standin_s3.objects.clear()
    assert refusal(content(person, made["url"])) == (404, "not_found")
    store.delete("2026-03-12/absent")


def test_keys_are_those_of_one_folder(standin_s3: S3StandIn, store: S3):
    for key in ("2026-03-12/a", "2026-03-12/b.thumbnail", "2026-03-13/c"):
        store.put(key, b"photo")
    assert list(store.keys("2026-03-12")) == ["2026-03-12/a", "2026-03-12/b.thumbnail"]
    store.delete("2026-03-12/a")
    assert set(standin_s3.objects) == {"2026-03-12/b.thumbnail", "2026-03-13/c"}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"s3_secret_key": "wrong"}, "SignatureDoesNotMatch"),
        ({"s3_access_key": "wrong"}, "InvalidAccessKeyId"),
        ({"s3_bucket": "wrong"}, "NoSuchBucket"),
    ],
)
def test_wrong_account_stores_nothing(
    app: Flask, standin_s3: S3StandIn, changes: dict[str, str], fault: str
):
    store = bucket(app.extensions["settings"], standin_s3, **changes)
    with pytest.raises(StoreUnavailable):
        store.put("2026-03-12/a", b"photo")
    assert (standin_s3.objects, standin_s3.faults) == ({}, [fault])


def test_service_that_fails_leaves_no_row(cast: Cast, standin_s3: S3StandIn, store: S3):
    person = cast.resident()
    made = uploaded(person, cast.home)
    standin_s3.failing = "InternalError"
    with nothing_stored(cast.app):
        assert refusal(upload(person, cast.home)) == (503, "store_unavailable")
    assert refusal(content(person, made["url"])) == (503, "store_unavailable")
    for ask in (lambda: store.delete("a/b"), lambda: list(store.keys("a"))):
        with pytest.raises(StoreUnavailable):
            ask()


def test_half_an_account_does_not_start(settings: Settings):
    with pytest.raises(UnsafeSettings, match="S3_BUCKET"):
        replace(settings, s3_bucket="yueyuetan", s3_endpoint="https://s3.example").check()
    assert isinstance(make_store(settings), Folder)
