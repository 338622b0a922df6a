"""Images are decoded and written anew: what was hidden in a file stays behind with it."""

import io
import warnings
from typing import NamedTuple

from PIL import Image, ImageOps

from app.attachments.errors import BrokenImage, TooManyPixels
from app.attachments.models import FileType

LONGEST_SIDE = 2560
THUMBNAIL_SIDE = 480
QUALITY = 85
FORMATS = {FileType.JPEG: "JPEG", FileType.PNG: "PNG", FileType.WEBP: "WEBP"}

# Pillow warns of an image twice the size at which it refuses; there is no need to wait for that.
warnings.simplefilter("error", Image.DecompressionBombWarning)


class CleanImage(NamedTuple):
    """An image written anew, and a small one of it, in the same format."""

    content: bytes
    thumbnail: bytes
    width: int
    height: int


def clean_image(upload: bytes, kind: FileType, max_pixels: int) -> CleanImage:
    """The upload turned upright, at most 2560 pixels on its longer side, without its metadata.

    Of several frames the first is taken. Raises TooManyPixels, before anything is decoded, and
    BrokenImage.
    """
    try:
        with Image.open(io.BytesIO(upload), formats=[FORMATS[kind]]) as opened:
            if opened.width * opened.height > max_pixels:
                raise TooManyPixels(
                    zh=f"最多 {max_pixels:,} 像素", en=f"At most {max_pixels:,} pixels"
                )
            # Decodes a large JPEG at a fraction of its size, as the scan is read.
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            opened.load()
            image = _bare(opened, kind)
    except TooManyPixels:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooManyPixels from None
    except MemoryError:
        raise
    except Exception:  # the decoders raise whatever their input makes them
        raise BrokenImage from None
    content = _written(image, kind)
    width, height = image.size
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return CleanImage(content, _written(image, kind), width, height)


def _bare(image: Image.Image, kind: FileType) -> Image.Image:
    """Nothing but the pixels, in 8 bits for each colour, upright and small enough."""
    if image.mode.startswith("I"):  # 16 bits of grey would all turn white
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    has_alpha = image.has_transparency_data and kind is not FileType.JPEG
    mode = "RGBA" if has_alpha else "RGB"
    if image.mode != mode:
        image = image.convert(mode)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # before anything copies it
    image = ImageOps.exif_transpose(image)
    bare = Image.new(mode, image.size)
    bare.paste(image)
    return bare


def _written(image: Image.Image, kind: FileType) -> bytes:
    buffer = io.BytesIO()
    options = {} if kind is FileType.PNG else {"quality": QUALITY}
    image.save(buffer, FORMATS[kind], **options)
    return buffer.getvalue()
