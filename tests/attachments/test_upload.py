"""Uploading photos and documents, and reading them back."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app.attachments.models import Attachment
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.people.models import Role
from tests.attachments.conftest import files_in
from tests.attachments.files import PDF, content, image, photo_with_secrets, upload, uploaded
from tests.cast import Cast, stored
from tests.checks import Move, moves_of, refusal

SECRETS = (b"Secret", b"GPS", b"Exif", b"http://ns.adobe.com")


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def test_photo_is_stored_and_read_back(cast: Cast, folder: Path):
    person = cast.resident()
    made = uploaded(person, cast.home, caption="3栋门前的路灯")
    assert (made["content_type"], made["name"], made["caption"]) == (
        "image/jpeg",
        "photo.jpg",
        "3栋门前的路灯",
    )
    assert (made["width"], made["height"], made["is_public"], made["about_id"]) == (
        40,
        20,
        False,
        None,
    )
    (row,) = stored(cast.app, select(Attachment))
    assert (row.uploaded_by_id, row.compound_id) == (person.id, cast.home.id)
    day = f"{row.uploaded_at:%Y-%m-%d}"
    assert files_in(folder) == {f"{day}/{row.id}", f"{day}/{row.id}.thumbnail"}
    assert moves_of(cast.app, row.id) == [Move("upload", None, None, person.id, None)]

    answer = content(person, made["url"])
    assert answer.status_code == 200
    assert hashlib.sha256(answer.data).hexdigest() == made["sha256"]
    assert (len(answer.data), opened(answer.data).size) == (made["size"], (40, 20))
    assert person.get(f"/attachments/{made['id']}").json["sha256"] == made["sha256"]


def test_bytes_come_with_headers_that_run_nothing(cast: Cast, folder: Path):
    person = cast.resident()
    photo = content(person, uploaded(person, cast.home, name="路灯 1.jpg")["url"])
    paper = content(person, uploaded(person, cast.home, PDF, "方案.pdf")["url"])
    assert (photo.content_type, paper.content_type) == ("image/jpeg", "application/pdf")
    for answer in (photo, paper):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "private" in answer.headers["Cache-Control"]
    assert photo.headers["Content-Disposition"].startswith("inline; filename*=UTF-8''%E8%B7%AF")
    assert paper.headers["Content-Disposition"].startswith("attachment; ")
    assert paper.data == PDF


def test_bytes_seen_before_are_not_sent_again(cast: Cast, folder: Path):
    person = cast.resident()
    address = uploaded(person, cast.home)["url"].removeprefix("https://board.example")
    tag = person.client.get(address).headers["ETag"]
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()  # what is not sent is not read either
    assert person.client.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert refusal(person.client.get(address)) == (404, "not_found")


@pytest.mark.parametrize(("form", "mode"), [("JPEG", "CMYK"), ("PNG", "RGBA"), ("WEBP", "RGB")])
def test_image_is_written_anew_in_its_format(cast: Cast, folder: Path, form: str, mode: str):
    person = cast.resident()
    sent = image(form, (3000, 1500), mode)
    made = uploaded(person, cast.home, sent, "photo.bin")
    assert (made["width"], made["height"]) == (2560, 1280)
    picture = opened(content(person, made["url"]).data)
    assert (picture.format, picture.size) == (form, (2560, 1280))
    red, blue = (picture.convert("RGB").getpixel((x, 600)) for x in (100, 2400))
    assert red[0] > 180 > 100 > red[2]
    assert blue[2] > 180 > 100 > blue[0]
    small = opened(content(person, made["thumbnail_url"]).data)
    assert (small.format, small.size) == (form, (480, 240))


def test_place_camera_and_comment_are_gone(cast: Cast, folder: Path):
    person, sent = cast.resident(), photo_with_secrets()
    assert all(secret in sent for secret in (b"SecretCamera", b"SecretComment", b"SecretProfile"))
    assert dict(Image.open(io.BytesIO(sent)).getexif().get_ifd(0x8825))
    made = uploaded(person, cast.home, sent)
    for address in (made["url"], made["thumbnail_url"]):
        kept = content(person, address).data
        assert not [secret for secret in SECRETS if secret in kept]
        picture = opened(kept)
        assert (dict(picture.getexif()), picture.info.get("icc_profile")) == ({}, None)
    # Turned upright: what was wide is tall, and the left side is at the top.
    picture = opened(content(person, made["url"]).data)
    assert picture.size == (made["width"], made["height"]) == (20, 40)
    assert picture.getpixel((10, 5))[0] > 180
    assert picture.getpixel((10, 35))[2] > 180


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_photo_held_sideways_is_turned_in_every_format(cast: Cast, folder: Path, mode: str):
    person, exif = cast.resident(), Image.Exif()
    exif[0x0112] = 6
    for form in ("JPEG", "PNG", "WEBP"):
        made = uploaded(person, cast.home, image(form, (40, 20), mode, exif=exif))
        assert (made["width"], made["height"]) == (20, 40), form


def test_png_loses_its_texts_and_profile(cast: Cast, folder: Path):
    texts = PngInfo()
    texts.add_text("Author", "SecretAuthor")
    texts.add_itxt("XML:com.adobe.xmp", "SecretXmp")
    person = cast.resident()
    sent = image("PNG", pnginfo=texts, icc_profile=b"SecretProfile")
    assert b"SecretAuthor" in sent
    kept = opened(content(person, uploaded(person, cast.home, sent)["url"]).data)
    assert kept.info == {}


def test_first_frame_of_moving_pictures_is_taken(cast: Cast, folder: Path):
    person = cast.resident()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for form in ("WEBP", "PNG"):
        buffer = io.BytesIO()
        frames[0].save(buffer, form, save_all=True, append_images=frames[1:])
        assert Image.open(io.BytesIO(buffer.getvalue())).n_frames == 2
        kept = opened(content(person, uploaded(person, cast.home, buffer.getvalue())["url"]).data)
        assert getattr(kept, "n_frames", 1) == 1
        assert kept.convert("RGB").getpixel((4, 4))[0] > 180


def test_grey_of_16_bits_stays_grey(cast: Cast, folder: Path):
    person, buffer = cast.resident(), io.BytesIO()
    Image.new("I;16", (8, 8), 0x8000).save(buffer, "PNG")
    kept = opened(content(person, uploaded(person, cast.home, buffer.getvalue())["url"]).data)
    assert 120 < kept.convert("L").getpixel((4, 4)) < 136


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("路灯.JPG", "路灯.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\照片\\路灯.png", "路灯.jpg"),
        ("page.html", "page.jpg"),
        ("a\x00b\x1b[31m.jpg", "ab[31m.jpg"),
        ("\u202egpj.exe", "gpj.jpg"),
        ("..", "附件.jpg"),
        ("长" * 300 + ".jpg", "长" * 76 + ".jpg"),
    ],
)
def test_given_name_is_shown_but_leads_nowhere(cast: Cast, folder: Path, given: str, shown: str):
    person = cast.resident()
    # The test client's own form drops such names; a hostile client writes them as they are.
    boundary, body = encode_multipart({"file": FileStorage(io.BytesIO(image()), "NAME")})
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = person.post(
        f"/compounds/{cast.home.id}/attachments",
        data=body.replace(b"NAME", given.replace("\\", "\\\\").encode()),
        headers=headers,
    )
    assert answer.status_code == 201, answer.text
    assert answer.json["name"] == shown
    (row,) = stored(cast.app, select(Attachment.id))
    assert {Path(name).name.partition(".")[0] for name in files_in(folder)} == {str(row)}


def test_upload_again_with_the_same_key_is_one(cast: Cast, folder: Path):
    person, once = cast.resident(), {"Idempotency-Key": "photo-1"}
    first, second = (uploaded(person, cast.home, headers=once, caption="灯") for _ in range(2))
    assert first["id"] == second["id"]
    assert len(files_in(folder)) == 2
    for change in ({"content": image(size=(8, 8)), "caption": "灯"}, {"caption": "另一盏灯"}):
        answer = upload(person, cast.home, headers=once, **change)
        assert refusal(answer) == (409, "idempotency_key_reused")
    assert len(files_in(folder)) == 2


def test_upload_belongs_to_its_uploader_until_it_is_used(cast: Cast, folder: Path):
    person, neighbour = cast.resident(), cast.resident()
    made = uploaded(person, cast.home)
    path = f"/attachments/{made['id']}"
    assert person.get(path).status_code == 200
    assert refusal(neighbour.get(path)) == (404, "not_found")
    assert refusal(cast.secretary().get(path)) == (404, "not_found")
    with cast.app.app_context():
        row = db.session.get_one(Attachment, UUID(made["id"]))
        row.claim(row, row.uploaded_at)  # any row will do
        db.session.commit()
    assert neighbour.get(path).status_code == 200
    assert refusal(cast.resident(cast.neighbour).get(path)) == (404, "not_found")


def test_auditor_only_reads(cast: Cast, folder: Path):
    answer = upload(cast.officer(Role.AUDITOR), cast.home)
    assert refusal(answer) == (403, "forbidden")
    assert files_in(folder) == set()


def test_address_is_good_for_ten_minutes(
    cast: Cast, client: FlaskClient, folder: Path, travel: Callable[[str], None]
):
    travel("2026-03-12T08:00:30+08:00")
    made = uploaded(cast.resident(), cast.home)
    address = made["url"].removeprefix("https://board.example")
    travel("2026-03-12T08:10:29+08:00")
    assert client.get(address).status_code == 200
    travel("2026-03-12T08:11:00+08:00")
    assert refusal(client.get(address)) == (403, "link_expired")


def test_address_without_its_own_signature_is_not_found(
    cast: Cast, client: FlaskClient, folder: Path
):
    person = cast.resident()
    one, other = (uploaded(person, cast.home) for _ in range(2))
    path, signature = one["url"].removeprefix("https://board.example").split("?signature=")
    foreign = other["url"].partition("signature=")[2]
    for query in ("", f"?signature={foreign}", f"?signature={signature}x", "?signature=签"):
        assert refusal(client.get(path + query)) == (404, "not_found")
    assert client.get(f"{path}?signature={signature}").status_code == 200


def test_public_photo_needs_no_signature(cast: Cast, client: FlaskClient, folder: Path):
    person = cast.resident()
    made = uploaded(person, cast.home)
    with cast.app.app_context():
        row = db.session.get_one(Attachment, UUID(made["id"]))
        row.claim(row, row.uploaded_at)
        row.show_publicly()
        db.session.commit()
    seen = person.get(f"/attachments/{made['id']}").json
    assert seen["is_public"] is True
    assert "?" not in seen["url"]
    for address in (seen["url"], seen["thumbnail_url"]):
        answer = client.get(address.removeprefix("https://board.example"))
        assert answer.status_code == 200
        assert "public" in answer.headers["Cache-Control"]


def test_document_has_no_small_image(cast: Cast, client: FlaskClient, folder: Path):
    made = uploaded(cast.resident(), cast.home, PDF, "方案.pdf")
    assert (made["thumbnail_url"], made["width"], made["height"]) == (None, None, None)
    address = made["url"].removeprefix("https://board.example")
    assert refusal(client.get(f"{address}&size=thumbnail")) == (404, "not_found")


def test_attachment_is_claimed_once_and_only_then_public(cast: Cast, folder: Path):
    made = uploaded(cast.resident(), cast.home)
    with cast.app.app_context():
        row = db.session.get_one(Attachment, UUID(made["id"]))
        with pytest.raises(WrongState):
            row.show_publicly()
        row.claim(row, row.uploaded_at)
        with pytest.raises(WrongState):
            row.claim(row, row.uploaded_at)
        row.show_publicly()
        assert row.is_public


def test_nothing_deletes_an_upload(cast: Cast, app: Flask):
    rules: Any = app.url_map.iter_rules()
    assert not [r for r in rules if "attachment" in r.rule and {"DELETE", "PUT"} & set(r.methods)]
