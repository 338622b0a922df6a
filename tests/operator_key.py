"""The operator's key of tests, of the demo and of benchmarks: made where there is none yet."""

import os
from datetime import UTC, datetime

from flask import Flask

from app.ballots.keys.changes import make_key, pin_held_key
from app.ballots.keys.operator import find_pinned
from app.ballots.keys.store import KEY_BYTES, OPERATOR, KeyStore, public_half
from app.ballots.models import OperatorKey
from app.kit.extensions import db


def provide_operator_key(app: Flask) -> bytes:
    """The pinned public key. Where none is pinned it is made, or the one of the store taken over:
    what an operator does once by a command."""
    keys: KeyStore = app.extensions["keys"]
    with app.app_context():
        pinned = find_pinned(db.session())
        if pinned is None:
            do = make_key if keys.held_operator_key() is None else pin_held_key
            pinned = do(db.session(), keys)
            db.session.commit()
        return pinned.public_key


def pin_silently(app: Flask) -> None:
    """The same for the empty database of a test: pinned since long ago, and no entry in the log."""
    keys: KeyStore = app.extensions["keys"]
    keys.keep(OPERATOR, os.urandom(KEY_BYTES))
    seed = keys.find(OPERATOR)
    assert seed is not None
    with app.app_context():
        if find_pinned(db.session()) is not None:
            return  # another fixture of the test has done it
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        db.session.add(OperatorKey(public_key=public_half(seed), since=long_ago))
        db.session.commit()


def with_pinned_key(app: Flask, keys: KeyStore) -> KeyStore:
    """The store, with the operator's key that the application's own one holds."""
    seed = app.extensions["keys"].find(OPERATOR)
    assert seed is not None
    keys.keep(OPERATOR, seed)
    return keys
