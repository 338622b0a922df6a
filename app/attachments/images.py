"""Images are decoded and written anew: what was hidden in a file stays behind with it.

Runs in a child that can be killed (`app.confined`), so nothing but plain Python and Pillow is
imported here, and all of it at the top.
"""

import io
import warnings
from collections.abc import Callable, Mapping

from PIL import Image, ImageOps, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from app.attachments.formats.jpeg import jpeg_to_decode
from app.attachments.formats.png import png_to_decode
from app.attachments.formats.webp import webp_to_decode
from app.attachments.refusals import BrokenImage, TooManyPixels
from app.kit.errors import DomainError

LONGEST_SIDE = 2560
THUMBNAIL_SIDE = 480
PLUGINS = (JpegImagePlugin, PngImagePlugin, WebPImagePlugin, TiffImagePlugin)  # the last for Exif
TO_DECODE: Mapping[str, Callable[[bytes, int], bytes]] = {
    "JPEG": jpeg_to_decode,
    "PNG": png_to_decode,
    "WEBP": webp_to_decode,
}
# More than this costs seconds, and saves a tenth of the bytes.
OPTIONS = {
    "JPEG": {"quality": 85},
    "PNG": {"compress_level": 3},
    "WEBP": {"quality": 85, "method": 2},
}

Image.preinit()
# Pillow warns of an image twice the size at which it refuses; there is no need to wait for that.
warnings.simplefilter("error", Image.DecompressionBombWarning)


def clean_image(upload: bytes, form: str, max_pixels: int) -> tuple[bytes, bytes, int, int]:
    """The upload turned upright, at most 2560 pixels on its longer side, without its metadata; a
    small one of it; width and height. `form` is JPEG, PNG or WEBP.

    Of several frames the first is taken. Raises TooManyPixels and TooComplex before anything is
    decoded, and BrokenImage.
    """
    try:
        needed = TO_DECODE[form](upload, max_pixels)
        with Image.open(io.BytesIO(needed), formats=[form]) as opened:
            # Decodes a large JPEG at a fraction of its size, as the scan is read.
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            opened.load()
            image = _bare(opened, form)
    except (DomainError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooManyPixels from None
    except Exception:  # the decoders raise whatever their input makes them
        raise BrokenImage from None
    content = _written(image, form)
    width, height = image.size
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return content, _written(image, form), width, height


def _bare(image: Image.Image, form: str) -> Image.Image:
    """Nothing but the pixels, in 8 bits for each colour, upright and small enough."""
    if image.mode.startswith("I"):  # 16 bits of grey would all turn white
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    has_alpha = image.has_transparency_data and form != "JPEG"
    mode = "RGBA" if has_alpha else "RGB"
    if image.mode != mode:
        image = image.convert(mode)
    # Before anything copies it; the nearest whole fraction first, as that costs a tenth.
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=1.0)
    image = ImageOps.exif_transpose(image)
    bare = Image.new(mode, image.size)
    bare.paste(image)
    return bare


def _written(image: Image.Image, form: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **OPTIONS[form])
    return buffer.getvalue()
