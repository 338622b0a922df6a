"""The second officer's part, done on the officer's own computer: a key, and countersignatures.

    python -m votes.countersign new-key officer.pem
    python -m votes.countersign prove OFFICER_ID --key officer.pem
    python -m votes.countersign sign bundle.json --key officer.pem [--root HEX]

`new-key` makes an Ed25519 key and prints its public half; the private half stays in the file.
`prove` prints the signature with which the officer registers that key. `sign` recounts the bundle
as `votes.verify` does, and only where every check but the awaited countersignature holds does it
show what is signed and print the signature over the statement (`docs/bundle.md`), 128 hexadecimal
digits, as its last line. It sends nothing anywhere.

The exit status is 0 where the command did what it was asked, 1 where it refused to, 2 if a file
cannot be read or written or the command is not understood.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, cast
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from votes.bundle import (
    Bundle,
    bundle_root,
    officer_key_message,
    statement_message,
)
from votes.explanation import Explanation, label
from votes.verify import (
    Check,
    printable,
    read_file,
    read_json,
    report,
    verify_file,
    write_lines,
)

DONE, REFUSED, UNUSABLE = 0, 1, 2

_SHOWN_ROWS = 5

_FILE_EXISTS = Explanation(
    "这个文件已经有了，不覆盖：换个名字，或先确认不再需要它",
    "The file exists and is not overwritten: take another name, or make sure it is not needed",
)
_CANNOT_WRITE = Explanation("密钥文件写不了", "The key file cannot be written")
_NO_KEY = Explanation(
    "密钥文件读不了，或不是没有口令的 Ed25519 私钥（PEM）",
    "The key file cannot be read, or is no Ed25519 private key (PEM, without a passphrase)",
)
_NO_BUNDLE = Explanation("结果文件读不了，或不是 JSON", "The bundle cannot be read, or is no JSON")
_NOT_SIGNED = Explanation("没有签名。", "Nothing was signed.")
_NO_OFFICER = Explanation(
    "这次投票没有约定会签人。", "No second officer was to countersign this vote."
)
_SIGNED_ALREADY = Explanation(
    "这份结果已经会签，不用再签。", "This bundle is countersigned already."
)


class Answer(NamedTuple):
    """What the command tells, line by line, and its exit status."""

    status: int
    lines: Iterable[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    if options.command == "new-key":
        answer = new_key(options.key)
    elif options.command == "prove":
        answer = prove(str(options.officer), options.key)
    else:
        answer = sign(options.bundle, options.key, options.root)
    write_lines(answer.lines)
    return answer.status


def new_key(path: Path) -> Answer:
    """Write a new private key that only its owner can read, and tell the public one."""
    key = Ed25519PrivateKey.generate()
    try:
        _write_once(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    except FileExistsError:
        return Answer(REFUSED, _both(_FILE_EXISTS))
    except OSError:
        return Answer(UNUSABLE, _both(_CANNOT_WRITE))
    return Answer(
        DONE,
        [
            "私钥已写入文件，只留在您手里：不上传，不发给任何人，另存一份。公钥：",
            "The private key is in the file: keep it to yourself, with a copy. Public key:",
            _public(key).hex(),
        ],
    )


def prove(officer: str, path: Path) -> Answer:
    """The proof with which this officer registers the key: key and signature on the last lines."""
    key = _read_key(path)
    if key is None:
        return Answer(UNUSABLE, _both(_NO_KEY))
    public = _public(key)
    return Answer(
        DONE,
        [
            "登记公钥用 public_key 和 proof · To register the key: public_key and proof",
            public.hex(),
            key.sign(officer_key_message(officer, public)).hex(),
        ],
    )


def sign(bundle: Path, path: Path, root: str | None = None) -> Answer:
    """Recount the bundle, show what is signed, and countersign it; or say why not."""
    key = _read_key(path)
    if key is None:
        return Answer(UNUSABLE, _both(_NO_KEY))
    try:
        raw = read_file(bundle)
        data = read_json(raw)
        checks = verify_file(raw, root=root)
    except (OSError, ValueError, RecursionError):
        return Answer(UNUSABLE, _both(_NO_BUNDLE))
    wrong = [check for check in checks if not check.ok and not _is_awaited(check, data)]
    if wrong:
        return Answer(REFUSED, [*report(wrong), *_both(_NOT_SIGNED)])
    known = cast(Bundle, data)
    if (reason := _why_not(known, _public(key))) is not None:
        return Answer(REFUSED, [*_both(reason), *_both(_NOT_SIGNED)])
    return Answer(DONE, [*_shown(known), key.sign(statement_message(known)).hex()])


def _is_awaited(check: Check, bundle: object) -> bool:
    """Whether the check fails for nothing but the signature that is about to be given."""
    return check.name == "countersignature" and cast(Bundle, bundle)["countersignature"] is None


def _why_not(bundle: Bundle, own: bytes) -> Explanation | None:
    if bundle["officer_key"] is None:
        return _NO_OFFICER
    if bundle["officer_key"] != own.hex():
        return Explanation(
            f"约定的会签公钥是 {bundle['officer_key']}，这把密钥的公钥是 {own.hex()}。",
            f"The bundle names the key {bundle['officer_key']}, this one is {own.hex()}.",
        )
    return None if bundle["countersignature"] is None else _SIGNED_ALREADY


def _shown(bundle: Bundle) -> Iterator[str]:
    """What the officer puts a name to."""
    manifest, result = bundle["manifest"], bundle["result"]
    titles = {matter["matter_id"]: matter["title"] for matter in manifest["matters"]}
    size, returned, blank = bundle["roll"]["size"], result["returned"], bundle["blank"]
    yield "全部核对相符。您会签的是：\nAll checks hold. You countersign:"
    yield f"  {printable(manifest['compound'])} {printable(manifest['period'])}"
    yield f"  名单 {size} 人，收回 {returned} 张，空白 {blank} 张"
    yield f"  on the roll: {size}, ballots returned: {returned}, blank: {blank}"
    for row in result["rows"][:_SHOWN_ROWS]:
        title = printable(titles[row["matter_id"]])
        yield f"  {row['rank']}. {label(row['number'])} {title}  {row['score']}  {row['outcome']}"
    if len(result["rows"]) > _SHOWN_ROWS:
        yield f"  …… 共 {len(result['rows'])} 件 · matters in all"
    yield f"  总指纹 · root: {bundle_root(bundle).hex()}"
    yield "请与公示栏上的总指纹对一遍。签名交上去之前不起作用："
    yield "Compare the root with the board's. The signature has no effect until you hand it in:"


def _write_once(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _read_key(path: Path) -> Ed25519PrivateKey | None:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PrivateKey) else None


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _both(words: Explanation) -> list[str]:
    return [words.zh, words.en]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m votes.countersign",
        description="第二人会签投票结果 · A second officer countersigns the result of a vote",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("new-key", help="制作会签密钥 · make a key")
    new.add_argument("key", type=Path, help="私钥写到哪里 · where the private key is written")
    proof = commands.add_parser("prove", help="登记公钥用的证明 · the proof to register a key")
    proof.add_argument("officer", type=UUID, help="您的编号，见 GET /me · your id, see GET /me")
    signing = commands.add_parser("sign", help="核对并会签 · recount and countersign")
    signing.add_argument("bundle", type=Path, help="结果文件 · the published bundle")
    signing.add_argument("--root", help="公告上的总指纹 · the root from a poster or notice")
    for command in (proof, signing):
        command.add_argument("--key", type=Path, required=True, help="私钥文件 · the key file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
