"""Uploads that nobody honest makes: refused by a stable code, and nothing is left behind."""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.attachments.documents import MAX_OBJECTS, check_document
from app.attachments.models import Attachment
from app.attachments.refusals import UnsafeDocument
from app.attachments.stores import Folder
from tests.attachments.conftest import files_in
from tests.attachments.files import PDF, content, image, pdf_with, upload, uploaded
from tests.bad_input.problem import assert_refused, nothing_stored
from tests.cast import Cast, Person, stored

EMPTY, UNSUPPORTED = (422, "empty_file"), (415, "unsupported_file")
PIXELS, BROKEN = (422, "too_many_pixels"), (422, "broken_image")
BROKEN_PDF, UNSAFE_PDF = (422, "broken_document"), (422, "unsafe_document")
TOO_LARGE, INVALID = (413, "too_large"), (422, "invalid_input")
MEGABYTE = 1_000_000
SCRIPT = b"<script>alert(1)</script>"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int) -> bytes:
    """A PNG that says that it is so large, and whose data unpack to a lot."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packed = zlib.compress(bytes(10 * MEGABYTE), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def jpeg_that_says(width: int, height: int) -> bytes:
    """A small JPEG whose heading says that it is so large."""
    good = image()
    at = good.index(b"\xff\xc0") + 5
    return good[:at] + struct.pack(">HH", height, width) + good[at + 4 :]


def packed_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.html", SCRIPT)
    return buffer.getvalue()


def heic(brand: bytes) -> bytes:
    return b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x00\x00mif1heic"


def gif() -> bytes:
    return image("GIF")


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>"
BAD: dict[str, tuple[Callable[[], bytes], tuple[int, str]]] = {
    "empty": (lambda: b"", EMPTY),
    "one byte": (lambda: b"\xff", UNSUPPORTED),
    "NULs": (lambda: bytes(1000), UNSUPPORTED),
    "text": (lambda: "路灯".encode(), UNSUPPORTED),
    "SVG with a script": (lambda: SVG, UNSUPPORTED),
    "HTML": (lambda: b"<!doctype html>" + SCRIPT, UNSUPPORTED),
    "GIF": (gif, UNSUPPORTED),
    "GIF that is JavaScript": (lambda: b"GIF89a=alert(1);", UNSUPPORTED),
    "ZIP": (packed_zip, UNSUPPORTED),
    "TIFF": (lambda: image("TIFF"), UNSUPPORTED),
    "BMP": (lambda: image("BMP"), UNSUPPORTED),
    "HEIC": (lambda: heic(b"heic"), UNSUPPORTED),
    "AVIF": (lambda: heic(b"avif"), UNSUPPORTED),
    "EPS that would run": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9", UNSUPPORTED),
    "a byte before the image": (lambda: b"\n" + image(), UNSUPPORTED),
    "PNG of 50000 x 50000": (lambda: png_of(50_000, 50_000), PIXELS),
    "PNG of 10000 x 10000": (lambda: png_of(10_000, 10_000), PIXELS),
    "PNG of 40 million and one": (lambda: png_of(40_000_001, 1), PIXELS),
    "JPEG that says 60000 x 60000": (lambda: jpeg_that_says(60_000, 60_000), PIXELS),
    "JPEG that says 9000 x 9000": (lambda: jpeg_that_says(9_000, 9_000), PIXELS),
    "half of a JPEG": (lambda: image(size=(400, 400))[:1500], BROKEN),
    "half of a PNG": (lambda: image("PNG", (400, 400))[:200], BROKEN),
    "half of a WebP": (lambda: image("WEBP", (400, 400))[:100], BROKEN),
    "head of a JPEG": (lambda: b"\xff\xd8\xff\xe0" + bytes(100), BROKEN),
    "head of a PNG": (lambda: b"\x89PNG\r\n\x1a\n", BROKEN),
    "PNG of no size": (lambda: png_of(0, 0), BROKEN),
    "JPEG head, HTML body": (lambda: b"\xff\xd8\xff\xe0" + SCRIPT * 50, BROKEN),
    "PDF without an end": (lambda: PDF[:-8], BROKEN_PDF),
    "PDF without a version": (lambda: b"%PDF-x" + PDF, BROKEN_PDF),
    "HTML called PDF": (lambda: b"%PDF-" + SCRIPT, BROKEN_PDF),
    "PDF with JavaScript": (lambda: pdf_with(b"<</S/JavaScript/JS(app.alert(1))>>"), UNSAFE_PDF),
    "PDF with escaped JavaScript": (lambda: pdf_with(b"<</S/J#61vaScript/JS 1>>"), UNSAFE_PDF),
    "PDF with hidden JavaScript": (
        lambda: pdf_with(b"<</S/JavaScript/JS(1)>>", hidden=True),
        UNSAFE_PDF,
    ),
    "PDF that starts a program": (lambda: pdf_with(b"<</S/Launch/F(cmd)>>"), UNSAFE_PDF),
    "PDF with a file inside": (lambda: pdf_with(b"<</Type/EmbeddedFile>>"), UNSAFE_PDF),
    "PDF with a password": (lambda: pdf_with(b"<</Encrypt 4 0 R>>"), UNSAFE_PDF),
    "PDF with objects packed oddly": (
        lambda: pdf_with(b"<</Type/ObjStm/Filter/LZWDecode>>stream\nabc\nendstream"),
        UNSAFE_PDF,
    ),
    "PDF with a bomb of objects": (lambda: pdf_with(bytes(40 * MEGABYTE), hidden=True), UNSAFE_PDF),
    "a byte too large": (lambda: image() + bytes(10 * MEGABYTE + 1 - len(image())), TOO_LARGE),
    "12 MB": (lambda: image() + bytes(12 * MEGABYTE), TOO_LARGE),
}


def send(
    person: Person, cast: Cast, data: bytes, headers: dict[str, str], name: str = "photo.jpg"
) -> Any:
    return upload(person, cast.home, data, name, headers=headers)


def test_bad_files_are_refused_and_leave_nothing(cast: Cast, folder: Path):
    person, wrong = cast.resident(), []
    for name, (make, expected) in BAD.items():
        try:
            with nothing_stored(cast.app):
                assert_refused(partial(send, person, cast, make()), expected)
        except AssertionError as error:
            wrong.append(f"{name}: {error}")
        if files_in(folder):
            wrong.append(f"{name} left {files_in(folder)}")
    assert not wrong, "\n".join(wrong)


def test_heic_is_told_how_to_come(cast: Cast, folder: Path):
    answer = upload(cast.resident(), cast.home, heic(b"heic"), "IMG_1.HEIC")
    assert "兼容性最佳" in answer.json["detail"]


def test_type_is_what_the_bytes_say(cast: Cast, folder: Path):
    person = cast.resident()
    made = uploaded(person, cast.home, image("PNG"), "page.html")
    assert (made["content_type"], made["name"]) == ("image/png", "page.png")
    assert content(person, made["url"]).content_type == "image/png"


def test_files_that_are_two_things_become_one(cast: Cast, folder: Path):
    """What stands behind or within an image, for another program to find, is not stored."""
    person = cast.resident()
    commented = image(comment=SCRIPT)
    polyglots = {
        "HTML behind": image() + SCRIPT,
        "HTML in a comment": commented,
        "ZIP behind": image("PNG") + packed_zip(),
        "PDF behind": image("WEBP") + PDF,
    }
    for name, polyglot in polyglots.items():
        kept = content(person, uploaded(person, cast.home, polyglot)["url"]).data
        assert SCRIPT not in kept, name
        assert b"%PDF" not in kept, name
        assert not zipfile.is_zipfile(io.BytesIO(kept)), name


def test_largest_file_is_taken(cast: Cast, folder: Path):
    person = cast.resident()
    made = uploaded(person, cast.home, image() + bytes(10 * MEGABYTE - len(image())))
    assert made["size"] < 10_000


def test_harmless_pdf_with_packed_objects_is_taken(cast: Cast, folder: Path):
    person = cast.resident()
    sent = pdf_with(b"<</Title(JavaScript)>>", hidden=True)
    made = uploaded(person, cast.home, sent, "方案.pdf")
    assert content(person, made["url"]).data == sent


class Endless(io.RawIOBase):
    """A form with a file of so many bytes, made as it is read."""

    HEAD = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n\xff\xd8\xff'
    )

    def __init__(self, size: int) -> None:
        self.left, self.read_bytes, self._head = size, 0, self.HEAD

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._head or bytes(min(len(buffer), self.left))
        piece, self._head = piece[: len(buffer)], self._head[len(buffer) :]
        self.left -= len(piece)
        self.read_bytes += len(piece)
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with its length", "in chunks"])
def test_100_megabytes_are_refused_unread(cast: Cast, folder: Path, is_chunked: bool):
    person, body = cast.resident(), Endless(100 * MEGABYTE)
    environ = {"wsgi.input": body, "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    if is_chunked:
        environ |= {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    else:
        environ |= {"CONTENT_LENGTH": str(100 * MEGABYTE)}
    with nothing_stored(cast.app):
        assert_refused(
            lambda headers: person.post(
                f"/compounds/{cast.home.id}/attachments",
                headers=headers,
                environ_overrides={**environ, "wsgi.input": Endless(100 * MEGABYTE)},
            ),
            TOO_LARGE,
        )
    answer = person.post(f"/compounds/{cast.home.id}/attachments", environ_overrides=environ)
    assert answer.status_code == 413
    assert body.read_bytes <= (11 * MEGABYTE if is_chunked else 0)
    assert files_in(folder) == set()


@pytest.mark.parametrize(
    "form",
    [{}, {"file": "路灯"}, {"file": (image(), "a.jpg"), "album": "灯"}],
    ids=["no file", "text for a file", "an unknown field"],
)
def test_form_that_is_not_one_is_refused(cast: Cast, folder: Path, form: dict[str, Any]):
    data = {
        name: (io.BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value
        for name, value in form.items()
    }
    answer = cast.resident().post(f"/compounds/{cast.home.id}/attachments", data=data)
    assert (answer.status_code, answer.json["code"]) == INVALID
    assert files_in(folder) == set()


@pytest.mark.parametrize("caption", ["", " ", "灯" * 201, "a\x00b", "a\nb"])
def test_caption_that_is_not_text_is_refused(cast: Cast, folder: Path, caption: str):
    answer = upload(cast.resident(), cast.home, caption=caption)
    assert (answer.status_code, answer.json["code"]) == INVALID
    assert files_in(folder) == set()


def test_limits_are_those_of_the_settings(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = replace(
        cast.app.extensions["settings"], attachment_max_bytes=2000, attachment_max_pixels=800
    )
    monkeypatch.setitem(cast.app.extensions, "settings", settings)
    person = cast.resident()
    uploaded(person, cast.home, image(size=(40, 20)))
    assert upload(person, cast.home, image(size=(40, 21))).json["code"] == "too_many_pixels"
    assert upload(person, cast.home, image() + bytes(2000)).json["code"] == "too_large"


def test_store_out_of_reach_leaves_no_row(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """A full disk: here a file lies where the folder would."""
    person, blocked = cast.resident(), folder / "blocked"
    blocked.write_bytes(b"")
    monkeypatch.setitem(cast.app.extensions, "attachment_store", Folder(blocked))
    with nothing_stored(cast.app):
        answer = upload(person, cast.home)
    assert (answer.status_code, answer.json["code"]) == (503, "store_unavailable")
    assert files_in(folder) == {"blocked"}


def test_disk_that_fills_up_keeps_no_half_file(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(handle: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(Exception, match="store_unavailable"):
        Folder(folder).put("2026-03-12/a", b"photo")
    assert files_in(folder) == set()


def test_image_that_is_all_refused_pixels_is_never_decoded(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    def decode(*args: Any) -> None:
        raise RuntimeError("decoded")

    monkeypatch.setattr(Image.Image, "load", decode)
    assert upload(cast.resident(), cast.home, png_of(7_000, 7_000)).json["code"] == PIXELS[1]
    assert stored(cast.app, Attachment.__table__.select()) == []


def object_stream(words: bytes, *, comment: int = 0) -> bytes:
    packed = zlib.compress(words)
    head = (
        b"7 0 obj\n<< /Type /ObjStm\n" + b"%" + b"x" * comment + b"\n/Length %d >>\n" % len(packed)
    )
    return head + b"stream\n" + packed + b"\nendstream\nendobj\n"


def test_comment_hides_no_object_stream():
    document = b"%PDF-1.7\n" + object_stream(b"/S /JavaScript", comment=1100) + b"%%EOF\n"
    with pytest.raises(UnsafeDocument):
        check_document(document)


def test_object_streams_have_a_bound_together():
    full = object_stream(b"x" * MAX_OBJECTS)
    with pytest.raises(UnsafeDocument):
        check_document(b"%PDF-1.7\n" + full + object_stream(b"x") + b"%%EOF\n")
    many = b"<< /Type /ObjStm >> stream\n" + zlib.compress(b"x") + b"\n"
    with pytest.raises(UnsafeDocument):
        check_document(b"%PDF-1.7\n" + many * 2000 + b"%%EOF\n")
