"""A copy of the operator's signing key, apart from every backup: PKCS #8 under a passphrase.

Any OpenSSL reads it (`openssl pkey -in FILE`). Keys of sessions are never copied.
"""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from app.backup.faults import WrongFolder, WrongKey
from app.backup.folders import make_folder, write_private
from app.backup.manifest import MANIFEST, SUMS
from app.ballots.keys.store import OPERATOR, KeyStore

MIN_PASSPHRASE = 16
"""PKCS #8 stretches a passphrase only a little, so it has to be long by itself."""
HEADER = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


def export_operator_key(keys: KeyStore, target: Path, passphrase: str, pinned: bytes | None) -> str:
    """Write the pinned key, or without one what the store holds, to a new file; answers its public
    half in hexadecimal.

    Raises WrongKey where there is none or the passphrase is short, WrongFolder beside a backup,
    KeyUnavailable, OSError.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        raise WrongKey(
            f"口令至少 {MIN_PASSPHRASE} 个字符",
            f"the passphrase needs {MIN_PASSPHRASE} characters or more",
        )
    _require_no_backup(target)
    key = _held_key(keys) if pinned is None else keys.signer(pinned)
    make_folder(target.absolute().parent)
    protection = BestAvailableEncryption(passphrase.encode())
    write_private(target, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection))
    return key.public_key().public_bytes_raw().hex()


def _held_key(keys: KeyStore) -> Ed25519PrivateKey:
    seed = keys.find(OPERATOR)
    if seed is None:
        raise WrongKey("密钥库里没有运营者密钥", "the key store holds no operator's key")
    return Ed25519PrivateKey.from_private_bytes(seed)


def import_operator_key(keys: KeyStore, source: Path, passphrase: str, pinned: bytes | None) -> str:
    """Put the key back into a store that has none; answers its public half in hexadecimal.

    `pinned` is the public key that the database knows, None where it cannot be asked. Raises
    WrongKey for another file or passphrase, for a key that is not the pinned one, and where the
    store holds another key; KeyUnavailable, OSError.
    """
    key = _read(source, passphrase)
    if pinned is not None and key.public_key().public_bytes_raw() != pinned:
        raise WrongKey(
            "这不是数据库记下的运营者密钥，没有改动",
            "this is not the operator's key that is pinned in the database; nothing was changed",
        )
    keys.keep(OPERATOR, key.private_bytes_raw())
    if keys.find(OPERATOR) != key.private_bytes_raw():
        raise WrongKey(
            "密钥库里已有另一把运营者密钥，没有改动",
            "the key store holds another operator's key; nothing was changed",
        )
    return key.public_key().public_bytes_raw().hex()


def is_key_file(path: Path) -> bool:
    """Whether this is a copy that `export_operator_key` made."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(HEADER)) == HEADER


def _read(source: Path, passphrase: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(source.read_bytes(), passphrase.encode())
    except (ValueError, TypeError):
        raise WrongKey(
            "口令不对，或文件不是运营者密钥的备份",
            "the passphrase is wrong, or the file is no copy of an operator's key",
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise WrongKey("不是 Ed25519 密钥", "this is no Ed25519 key")
    return key


def _require_no_backup(target: Path) -> None:
    folder = target.absolute().parent
    for place in (folder, *folder.parents):
        if _is_backup(place) or any(_is_backup(path.parent) for path in place.glob(f"*/{SUMS}")):
            raise WrongFolder(
                f"{place} 是放数据库备份的地方，运营者密钥要另放一处",
                f"backups of the database lie in {place}; keep the operator's key elsewhere",
            )


def _is_backup(folder: Path) -> bool:
    return (folder / MANIFEST).is_file() and (folder / SUMS).is_file()
