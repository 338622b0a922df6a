"""`python -m votes.countersign`: the officer's key, its proof, and countersignatures."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests.votes.published import (
    OFFICER,
    REPLACED_CAST,
    ROLL,
    STRANGER,
    WORKED_CASTS,
    WORKED_FILE,
    WORKED_MANIFEST,
    public_key,
    publish,
    sealed,
    worked_bundle,
)
from votes.bundle import canonical_json, officer_key_message, statement_message
from votes.countersign import main
from votes.verify import verify_file

WORKED_ROOT = worked_bundle()["root"]
AWAITED = {**worked_bundle(), "countersignature": None}
OFFICER_ID = "019c0000-0000-7000-8000-00000000000f"


def pem(key: Any, encryption: Any = None) -> bytes:
    content: bytes = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()
    )
    return content


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "officer.pem"
    path.write_bytes(pem(OFFICER))
    return path


class Desk:
    """The officer's computer: runs the command and keeps what it printed."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[bytes]) -> None:
        self.folder, self._capture = folder, capture

    def run(self, *arguments: str | Path) -> tuple[int, list[str]]:
        status = main([str(argument) for argument in arguments])
        output = self._capture.readouterr()
        assert output.err == b""
        return status, output.out.decode("utf-8").splitlines()

    def save(self, bundle: dict[str, Any] | bytes) -> Path:
        path = self.folder / "bundle.json"
        path.write_bytes(bundle if isinstance(bundle, bytes) else canonical_json(bundle))
        return path


@pytest.fixture
def desk(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Desk:
    return Desk(tmp_path, capsysbinary)


def test_command_as_a_person_starts_it(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "votes.countersign", *arguments],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            timeout=60,
            check=False,
        )

    key = tmp_path / "officer.pem"
    made = run("new-key", str(key))
    assert (made.returncode, made.stderr) == (0, b"")
    public = made.stdout.decode("utf-8").splitlines()[-1]
    assert (len(bytes.fromhex(public)), stat.S_IMODE(key.stat().st_mode)) == (32, 0o600)
    awaited = sealed({**worked_bundle(), "officer_key": public})
    bundle = tmp_path / "bundle.json"
    bundle.write_bytes(canonical_json({**awaited, "countersignature": None}))
    signed = run("sign", str(bundle), "--key", str(key), "--root", awaited["root"])
    assert (signed.returncode, signed.stderr) == (0, b"")
    signature = signed.stdout.decode("utf-8").splitlines()[-1]
    whole = canonical_json({**awaited, "countersignature": signature})
    assert all(check.ok for check in verify_file(whole))
    assert run().returncode == 2


def test_new_key_is_never_written_over(desk: Desk) -> None:
    path = desk.folder / "mine.pem"
    assert desk.run("new-key", path)[0] == 0
    before = path.read_bytes()
    status, lines = desk.run("new-key", path)
    assert (status, path.read_bytes()) == (1, before)
    assert lines[0].startswith("这个文件已经有了")


def test_key_that_cannot_be_written_is_told(desk: Desk) -> None:
    assert desk.run("new-key", desk.folder / "nowhere" / "mine.pem")[0] == 2


def test_proof_names_the_officer_and_the_key(desk: Desk, key_file: Path) -> None:
    status, (*_, public, proof) = desk.run("prove", OFFICER_ID, "--key", key_file)
    assert (status, public) == (0, public_key(OFFICER).hex())
    message = f"yueyuetan-officer-key-v1\n{OFFICER_ID}\n{public}\n".encode()
    assert officer_key_message(OFFICER_ID, public_key(OFFICER)) == message
    OFFICER.public_key().verify(bytes.fromhex(proof), message)


def test_officer_sees_what_is_signed(desk: Desk, key_file: Path) -> None:
    status, lines = desk.run("sign", desk.save(AWAITED), "--key", key_file)
    assert status == 0
    assert lines[2:9] == [
        "  香樟苑小区 2026-03",
        "  名单 24 人，收回 21 张，空白 1 张",
        "  on the roll: 24, ballots returned: 21, blank: 1",
        "  1. M01 夜间停车难、消防通道被占  39  SELECTED",
        "  2. M04 电动车飞线充电、车棚不足  37  SELECTED",
        "  3. M02 3栋2单元加装电梯  25  SELECTED",
        "  4. M05 1号路雨后积水  25  DEFERRED",
    ]
    assert f"  总指纹 · root: {WORKED_ROOT}" in lines
    assert lines[-1] == OFFICER.sign(statement_message(AWAITED)).hex()
    assert lines[-1] == worked_bundle()["countersignature"]


def test_title_cannot_steer_the_terminal(desk: Desk, key_file: Path) -> None:
    bundle = worked_bundle()
    bundle["manifest"]["matters"][0]["title"] = "停车\x1b[2J"
    bundle["manifest"]["compound"] = "小区\x1b]0;"
    signed = {**sealed(bundle), "countersignature": None}
    status, lines = desk.run("sign", desk.save(signed), "--key", key_file)
    assert status == 0
    assert "\x1b" not in "".join(lines)


def refused(desk: Desk, bundle: dict[str, Any] | bytes, *arguments: str | Path) -> list[str]:
    """What is told where nothing is signed; no signature of the officer stands in it."""
    status, lines = desk.run("sign", desk.save(bundle), *arguments)
    assert status == 1
    assert lines[-2:] == ["没有签名。", "Nothing was signed."]
    assert not any(len(line) == 128 for line in lines)
    return lines


def altered(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    bundle = json.loads(canonical_json(AWAITED))
    place = bundle
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return bundle


@pytest.mark.parametrize(
    ("path", "value", "check"),
    [
        (("result", "rows", 0, "score"), 40, "重新计票"),
        (("root",), "0" * 64, "总指纹"),
        (("blank",), 22, "人数"),
        (("signature",), None, "运营者签名"),
        (("signature",), "0" * 128, "运营者签名"),
        (("format",), "another", "格式"),
        (("countersignature",), "0" * 128, "第二人会签"),
    ],
)
def test_bundle_that_does_not_hold_is_not_signed(
    desk: Desk, key_file: Path, path: tuple[Any, ...], value: Any, check: str
) -> None:
    lines = refused(desk, altered(path, value), "--key", key_file)
    assert any(line.startswith(f"✗ {check}") for line in lines), lines


def test_false_count_that_the_operator_signed_is_not_signed(desk: Desk, key_file: Path) -> None:
    """Root and signature hold: only the recount tells."""
    bundle = sealed(altered(("result", "rows", 0, "score"), 40))
    lines = refused(desk, {**bundle, "countersignature": None}, "--key", key_file)
    assert [line for line in lines if line.startswith("✗")] == [
        "✗ 重新计票：10件、57个选择，得数、名次、去留都一样——第1行score 公布40，重算39"
    ]


def test_bundle_in_another_spelling_is_not_signed(desk: Desk, key_file: Path) -> None:
    lines = refused(desk, canonical_json(AWAITED) + b"\n", "--key", key_file)
    assert lines[0].startswith("✗ 写法")


def test_bundle_with_another_root_than_the_board_is_not_signed(desk: Desk, key_file: Path) -> None:
    lines = refused(desk, AWAITED, "--key", key_file, "--root", "0" * 64)
    assert lines[0].startswith("✗ 与先前公布的总指纹相同")


def test_bundle_for_another_key_is_not_signed(desk: Desk) -> None:
    path = desk.folder / "stranger.pem"
    path.write_bytes(pem(STRANGER))
    lines = refused(desk, AWAITED, "--key", path)
    assert lines[0].startswith("约定的会签公钥是")
    assert public_key(OFFICER).hex() in lines[0]


def test_bundle_without_an_officer_is_not_signed(desk: Desk, key_file: Path) -> None:
    casts = tuple(WORKED_CASTS.values())
    bundle = publish(WORKED_MANIFEST, casts, [REPLACED_CAST], ROLL, officer=None)
    assert refused(desk, bundle, "--key", key_file)[0] == "这次投票没有约定会签人。"


def test_bundle_is_signed_once(desk: Desk, key_file: Path) -> None:
    assert refused(desk, WORKED_FILE, "--key", key_file)[0] == "这份结果已经会签，不用再签。"


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_bundle_that_is_no_json_is_told(desk: Desk, key_file: Path, raw: bytes) -> None:
    status, lines = desk.run("sign", desk.save(raw), "--key", key_file)
    assert (status, lines[0]) == (2, "结果文件读不了，或不是 JSON")


NO_KEYS = {
    "nothing": b"",
    "no PEM": b"officer",
    "the public half": b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    "another kind of key": pem(rsa.generate_private_key(65537, 2048)),
    "with a passphrase": pem(ed25519.Ed25519PrivateKey.generate(), BestAvailableEncryption(b"x")),
}


@pytest.mark.parametrize("content", NO_KEYS.values(), ids=NO_KEYS.keys())
def test_file_that_is_no_key_is_told(desk: Desk, content: bytes) -> None:
    path = desk.folder / "officer.pem"
    path.write_bytes(content)
    for arguments in (("prove", OFFICER_ID), ("sign", desk.save(AWAITED))):
        status, lines = desk.run(*arguments, "--key", path)
        assert (status, lines[0][:7]) == (2, "密钥文件读不了")


@pytest.mark.parametrize(
    "arguments", [("prove", "me", "--key", "x"), ("sign", "x"), ("new-key",), ("burn", "x")]
)
def test_command_that_makes_no_sense_is_explained(
    arguments: tuple[str, ...], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert b"usage: python -m votes.countersign" in capsysbinary.readouterr().err
