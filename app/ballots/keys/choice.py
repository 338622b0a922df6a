"""Which key store there is, and moving its keys to another."""

from uuid import UUID

from app.ballots.keys.folder import FolderKeyStore
from app.ballots.keys.redis import RedisKeyStore
from app.ballots.keys.store import OPERATOR, KeyStore
from app.config import Settings


class KeysDiffer(RuntimeError):
    """The store to which keys are moved holds another key of the same owner."""


def make_key_store(settings: Settings) -> KeyStore:
    """The store that the settings name; nothing is asked of it yet."""
    if not settings.key_store_url:
        return FolderKeyStore(settings.key_store)
    return RedisKeyStore(settings.key_store_url)


def move_keys(source: KeyStore, target: KeyStore) -> int:
    """Move the operator's key and those of all open votes, while no application runs; how many.

    Nothing is erased before all of them are there. Raises KeysDiffer, KeyUnavailable.
    """
    owners: list[UUID | None] = [OPERATOR, *source.held()]
    keys = {owner: key for owner in owners if (key := source.find(owner)) is not None}
    for owner, key in keys.items():
        target.keep(owner, key)
        if target.find(owner) != key:
            raise KeysDiffer(owner or "operator")
    for owner in keys:
        source.erase(owner)
    return len(keys)
