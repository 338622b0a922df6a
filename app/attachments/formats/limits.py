"""How much a photo may ask of a decoder. Real ones ask for a small part of it."""

from app.attachments.refusals import BrokenImage, TooManyPixels
from app.confined.refusals import TooComplex

# libjpeg needs some 0.8 ns a sample for each scan over it. A phone's progressive photo goes over
# its samples seven times (4:2:0) to fourteen times (4:4:4): of 40 megapixels at most 560 million.
MAX_SCANNED_SAMPLES = 640_000_000
MAX_SCANS = 100
MAX_SEGMENTS = 2_000  # a camera writes some dozens, and one for each 64 kB of a profile
MAX_CHUNKS = 20_000  # an encoder that writes 4 kB at a time makes 2,500 of 10 MB
MAX_DATA = 64 * 1024  # of Exif or XMP: what one segment of a JPEG holds

# A picture of a wall at dusk still has some bytes for each thousand pixels; one colour has none.
PIXELS_A_BYTE = 2_000
SMALL_PIXELS = 4_000_000  # so many are decoded at once, whatever they are


def check_size(width: int, height: int, max_pixels: int, file_bytes: int) -> None:
    """Raises BrokenImage, TooManyPixels, or TooComplex where so large an image says so little."""
    if not width or not height:
        raise BrokenImage
    if width * height > max_pixels:
        raise TooManyPixels(zh=f"最多 {max_pixels:,} 像素", en=f"At most {max_pixels:,} pixels")
    if width * height > max(SMALL_PIXELS, PIXELS_A_BYTE * file_bytes):
        raise TooComplex
