"""A poster is drawn once for each version and kept in the store of files, for every host.

What is kept can be drawn again: it may be lost or deleted at any time.
"""

from contextlib import suppress
from uuid import UUID

from app.attachments.refusals import StoreUnavailable
from app.attachments.stores import Store
from app.board.poster.drawing import Poster, draw
from app.confined.calls import Confined

FOLDER = "posters"


def read_poster(store: Store, confined: Confined, notice_id: UUID, poster: Poster) -> bytes:
    """The poster of a notice as PDF, drawn only where nobody has drawn this version before.

    Drawing takes a second, so that one on this host draws at a time: raises Busy for others, who
    find it kept when they come again. Where the store is out of reach, it is drawn and not kept.
    """
    folder = f"{FOLDER}/{notice_id}"
    key = f"{folder}/{poster.version}"
    kept = _kept(store, key)
    if kept is not None:
        return kept
    with confined.slot():
        kept = _kept(store, key)  # whoever had the slot may have drawn it
        if kept is not None:
            return kept
        drawn = draw(poster)
        with suppress(StoreUnavailable):
            store.put(key, drawn)
            _forget_others(store, folder, key)
    return drawn


def _kept(store: Store, key: str) -> bytes | None:
    with suppress(StoreUnavailable):
        return store.get(key)
    return None


def _forget_others(store: Store, folder: str, key: str) -> None:
    """Of each notice the newest version is kept."""
    for other in list(store.keys(folder)):
        if other != key:
            store.delete(other)
