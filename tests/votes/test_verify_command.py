import json
import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.votes.published import (
    REPLACED_CAST,
    WORKED_CASTS,
    WORKED_FILE,
    WORKED_MANIFEST,
    CastBallot,
    nonce_of,
    publish,
    receipt_of,
    worked_bundle,
)
from votes.ballot import Mark, PriorityBallot
from votes.bundle import canonical_json
from votes.verify import main, verify_file

SESSION = WORKED_MANIFEST.session_id
ROOT = worked_bundle()["root"]

GOOD_REPORT = f"""\
✓ 格式：yueyuetan-bundle-v1
  Format: yueyuetan-bundle-v1
✓ 写法：规范 JSON
  Spelling: canonical JSON
✓ 规则：与规则指纹一致，时间有先后
  Rules: they match their hash; times in order
✓ 排序：各名单都按规定排列
  Order: every list is sorted as it should be
✓ 查票码：57个，没有重复
  Trackers: 57, each of them once
✓ 选票指纹：22个，没有重复，不少于选票21张
  Commitments: 22, each once, for 21 ballots
✓ 人数：名单24人，收回21张，空白1张
  People: 24 on the roll, 21 ballots, 1 blank
✓ 选票装得下这些选择
  The ballots can hold these marks
✓ 重新计票：10件、57个选择，得数、名次、去留都一样
  Recount: 10 matters, 57 marks; same figures, order and outcomes
✓ 总指纹（树根）：{ROOT}
  Root: {ROOT}
✓ 运营者签名
  The operator's signature
✓ 第二人会签
  The second officer's countersignature
✓ 收据：第2版，3个选择
  Receipt: version 2, marks: 3
✓ 收据上的选择与指纹一致
  The receipt's marks give its commitment
✓ 运营者签过这张收据
  The operator signed this receipt
✓ 收据的指纹在名单里
  The receipt's commitment is in the list
✓ 收据上的选择都计入了结果
  The receipt's marks were counted
✓ 与先前公布的总指纹相同
  The same root as the one seen earlier

全部相符。
All checks hold.
"""

UNREADABLE_REPORT = """\
✗ 文件读不了，或不是 JSON
  A file cannot be read, or is no JSON
"""


@pytest.fixture
def bundle_file(tmp_path: Path) -> Path:
    path = tmp_path / "bundle.json"
    path.write_bytes(WORKED_FILE)
    return path


def save(folder: Path, data: Any) -> Path:
    path = folder / "receipt.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def run(*arguments: str | Path, **environment: str) -> tuple[int, str, str]:
    """The command as a person starts it: exit status, output, errors."""
    done = subprocess.run(
        [sys.executable, "-m", "votes.verify", *map(str, arguments)],
        capture_output=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")


def test_command_tells_that_all_is_well(bundle_file: Path, tmp_path: Path) -> None:
    mine = save(tmp_path, receipt_of(SESSION, WORKED_CASTS["V08"]))

    assert run(bundle_file, "--receipt", mine, "--root", ROOT.upper()) == (0, GOOD_REPORT, "")


def test_command_tells_what_is_wrong(tmp_path: Path) -> None:
    bundle = worked_bundle()
    bundle["result"]["rows"][0]["score"] = 40
    path = tmp_path / "bundle.json"
    path.write_bytes(canonical_json(bundle))

    status, output, errors = run(path)

    assert (status, errors) == (1, "")
    assert (
        "✗ 重新计票：10件、57个选择，得数、名次、去留都一样——第1行score 公布40，重算39\n" in output
    )
    assert "-- row 1 score is published as 40, counted as 39\n" in output
    assert output.endswith("\n4项不符。\nChecks failed: 4.\n")
    assert output.count("✗") == 4


@pytest.mark.parametrize("encoding", ["ascii", "gbk", "cp1252", "utf-16"])
def test_output_is_utf8_whatever_the_console_says(bundle_file: Path, encoding: str) -> None:
    status, output, errors = run(bundle_file, PYTHONIOENCODING=encoding)

    assert (status, errors) == (0, "")
    assert output.endswith("全部相符。\nAll checks hold.\n")


def test_command_without_a_file_explains_itself() -> None:
    status, output, errors = run()

    assert (status, output) == (2, "")
    assert "usage: python -m votes.verify" in errors


def test_help_is_in_both_languages() -> None:
    status, output, _ = run("--help", COLUMNS="200")

    assert status == 0
    assert "核对公布的投票结果 · Recount a published result" in output


def test_receipt_of_a_replaced_ballot_fails(bundle_file: Path, tmp_path: Path) -> None:
    old = save(tmp_path, receipt_of(SESSION, REPLACED_CAST))

    status, output, _ = run(bundle_file, "--receipt", old)

    assert status == 1
    assert "没有找到：如果您后来改投过，这是对的" in output
    assert "not found: right if you replaced this ballot later" in output


def test_another_root_fails(bundle_file: Path) -> None:
    status, output, _ = run(bundle_file, "--root", "0" * 64)

    assert status == 1
    assert "✗ 与先前公布的总指纹相同——不同" in output


# The rest runs in this process, for speed.

NO_JSON: dict[str, bytes] = {
    "nothing": b"",
    "half a file": WORKED_FILE[:-1],
    "two files": WORKED_FILE * 2,
    "a NUL behind it": WORKED_FILE + b"\0",
    "a byte order mark": b"\xef\xbb\xbf" + WORKED_FILE,
    "UTF-16": WORKED_FILE.decode().encode("utf-16"),
    "no UTF-8": b'"\xff\xfe"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "random bytes": random.Random(531).randbytes(5000),
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep and open": b"[" * 1_000_000,
    "an endless number": b"9" * 100_000,
    "an unknown word": b"undefined",
    "single quotes": b"{'format': 1}",
    "NaN": b"NaN",
    "infinity": b"-Infinity",
    "NaN within": WORKED_FILE.replace(b'"blank":1', b'"blank":NaN'),
}

NO_BUNDLE: dict[str, bytes] = {
    "null": b"null",
    "a list": b"[]",
    "an object": b"{}",
    "a string": b'"yueyuetan-bundle-v1"',
    "a number": b"531",
    "1e309": b"1e309",
    "half a pair": rb'"\ud800"',
    "nested as deep as is read": b"[" * 900 + b"]" * 900,
    "1e309 within": WORKED_FILE.replace(b'"blank":1', b'"blank":1e309'),
    "a huge number within": WORKED_FILE.replace(b'"blank":1', b'"blank":' + b"9" * 4000),
    "a negative number within": WORKED_FILE.replace(b'"blank":1', b'"blank":-1'),
    "half a pair within": WORKED_FILE.replace("香樟苑小区".encode(), rb"\ud800"),
    "half a pair as a name": WORKED_FILE.replace(b'"blank"', rb'"\udfff"'),
}

OTHER_SPELLINGS: dict[str, bytes] = {
    "a line end": WORKED_FILE + b"\n",
    "spaces": json.dumps(worked_bundle(), sort_keys=True, ensure_ascii=False).encode(),
    "escapes": json.dumps(worked_bundle(), sort_keys=True, separators=(",", ":")).encode(),
    "another order": json.dumps(
        dict(reversed(worked_bundle().items())), ensure_ascii=False, separators=(",", ":")
    ).encode(),
    "a member twice": WORKED_FILE.replace(b'"blank":1', b'"blank":1,"blank":1'),
    "a member twice, the other value first": WORKED_FILE.replace(
        b'"blank":1', b'"blank":0,"blank":1'
    ),
    "minus nothing": WORKED_FILE.replace(b'"n5":0', b'"n5":-0', 1),
}


def checked(
    folder: Path, raw: bytes, capsysbinary: pytest.CaptureFixture[bytes]
) -> tuple[int, str]:
    path = folder / "bundle.json"
    path.write_bytes(raw)
    status = main([str(path)])
    output = capsysbinary.readouterr()
    assert output.err == b""
    return status, output.out.decode("utf-8")


@pytest.mark.parametrize("raw", NO_JSON.values(), ids=NO_JSON.keys())
def test_file_that_is_no_json_is_unreadable(
    raw: bytes, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert checked(tmp_path, raw, capsysbinary) == (2, UNREADABLE_REPORT)


@pytest.mark.parametrize("raw", NO_BUNDLE.values(), ids=NO_BUNDLE.keys())
def test_json_that_is_no_bundle_is_wrong(
    raw: bytes, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert raw != WORKED_FILE
    status, output = checked(tmp_path, raw, capsysbinary)

    assert status == 1
    assert output.startswith("✗ 格式：yueyuetan-bundle-v1——位置 ")


@pytest.mark.parametrize("raw", OTHER_SPELLINGS.values(), ids=OTHER_SPELLINGS.keys())
def test_other_spelling_of_the_same_bundle_is_wrong(
    raw: bytes, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert raw != WORKED_FILE
    assert [check.name for check in verify_file(raw) if not check.ok] == ["spelling"]
    assert checked(tmp_path, raw, capsysbinary)[0] == 1


@pytest.mark.parametrize("raw", NO_JSON.values(), ids=NO_JSON.keys())
def test_receipt_that_is_no_json_is_unreadable(
    raw: bytes,
    bundle_file: Path,
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    path = tmp_path / "receipt.json"
    path.write_bytes(raw)

    assert main([str(bundle_file), "--receipt", str(path)]) == 2
    assert capsysbinary.readouterr().out.decode() == UNREADABLE_REPORT


@pytest.mark.parametrize("raw", NO_BUNDLE.values(), ids=NO_BUNDLE.keys())
def test_json_that_is_no_receipt_is_wrong(
    raw: bytes,
    bundle_file: Path,
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    path = tmp_path / "receipt.json"
    path.write_bytes(raw)

    assert main([str(bundle_file), "--receipt", str(path)]) == 1
    assert "✗ 收据——不是收据的格式\n" in capsysbinary.readouterr().out.decode()


def test_missing_file_and_folder_are_unreadable(bundle_file: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.json", tmp_path, Path("\udcff")):
        assert main([str(path)]) == 2
        assert main([str(bundle_file), "--receipt", str(path)]) == 2


@pytest.mark.parametrize(("limit", "status"), [(0, 0), (-1, 2)])
def test_file_above_the_limit_is_not_read(
    limit: int, status: int, bundle_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("votes.verify.MAX_FILE_BYTES", len(WORKED_FILE) + limit)

    assert main([str(bundle_file)]) == status


def test_every_altered_byte_is_noticed() -> None:
    chance = random.Random(2026)
    for _ in range(300):
        place = chance.randrange(len(WORKED_FILE))
        raw = bytearray(WORKED_FILE)
        raw[place] ^= 1 << chance.randrange(8)
        try:
            checks = verify_file(bytes(raw))
        except ValueError:
            continue
        assert not all(check.ok for check in checks)


def test_ten_thousand_voters_take_less_than_a_second(tmp_path: Path) -> None:
    chance = random.Random(10_000)
    matters = [matter.candidate.matter for matter in WORKED_MANIFEST.matters]
    manifest = replace(WORKED_MANIFEST, period="2026-04")
    casts = [
        CastBallot(
            nonce_of(str(voter)),
            PriorityBallot(
                tuple(map(Mark, (5, 3, 1), chance.sample(matters, chance.randrange(4))))
            ),
        )
        for voter in range(10_000)
    ]
    raw = canonical_json(publish(manifest, casts))
    mine = receipt_of(SESSION, casts[531])

    begin = time.process_time()
    checks = verify_file(raw, mine)
    took = time.process_time() - begin

    assert [check.name for check in checks if not check.ok] == []
    assert took < 1
