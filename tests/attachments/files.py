"""Uploads for tests: good ones, and how to send them."""

import io
import zlib
from typing import Any

from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from tests.cast import Person, Place

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
GPS = {1: "N", 2: (30.0, 15.0, 0.0), 3: "E", 4: (120.0, 10.0, 0.0)}


def image(
    form: str = "JPEG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **options: Any
) -> bytes:
    """An image whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    buffer = io.BytesIO()
    picture.convert(mode).save(buffer, form, **options)
    return buffer.getvalue()


def photo_with_secrets() -> bytes:
    """A JPEG that a camera held sideways wrote: where it was taken, by what, and a comment."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825).update(GPS)
    return image(exif=exif, comment=b"SecretComment", icc_profile=b"SecretProfile" * 20)


def pdf_with(words: bytes, *, hidden: bool = False) -> bytes:
    """A PDF with one more object; `hidden` compresses it into a stream of objects."""
    if hidden:
        packed = zlib.compress(b"9 0 " + words)
        words = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\r\n" % len(packed)
        words += packed + b"\nendstream"
    return PDF.replace(b"trailer", b"3 0 obj" + words + b"endobj\ntrailer")


def upload(
    person: Person,
    compound: Place,
    content: bytes | None = None,
    name: str = "photo.jpg",
    *,
    headers: dict[str, str] | None = None,
    **form: str,
) -> TestResponse:
    """Send a file, a small photo unless told."""
    file = FileStorage(io.BytesIO(image() if content is None else content), name)
    boundary, body = encode_multipart({"file": file, **form})
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", **(headers or {})}
    return person.post(f"/compounds/{compound.id}/attachments", data=body, headers=headers)


def uploaded(person: Person, compound: Place, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """An upload that was taken, as its uploader sees it."""
    answer = upload(person, compound, *args, **kwargs)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def content(person: Person, address: str) -> TestResponse:
    """What an address of the API gives, asked for without a token."""
    return person.client.get(address.removeprefix("https://board.example"))
