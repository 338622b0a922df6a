"""`python -m bench.close_once SESSION BUNDLE`: close one session by the application's own function,
write its bundle to a file, and print as JSON what it took."""

import json
import os
import resource
import sys
import time
from pathlib import Path
from uuid import UUID

from app import create_app
from app.agenda.models import AgendaSession
from app.ballots import sealing
from app.ballots.voting import close_voting
from app.kit.extensions import db
from bench.servers import memory_of


def main(session_id: UUID, target: Path) -> dict[str, float]:
    """Seconds until the result is committed and until the rest is erased, and the peak memory."""
    app = create_app()
    keys, days = app.extensions["keys"], app.extensions["settings"].extension_days
    with app.app_context():
        session = db.session()
        before = _peak_mb()
        began = time.perf_counter()
        agenda_session = session.get_one(AgendaSession, session_id)
        close_voting(session, agenda_session, None, keys, days)
        session.commit()
        closed = time.perf_counter()
        sealing.erase_what_is_left(session, session_id, keys)
        forgotten = time.perf_counter()
        peak = _peak_mb()
        body = sealing.read_bundle(session, session_id)
    target.write_bytes(body)
    return {
        "close_s": closed - began,
        "erase_s": forgotten - closed,
        "peak_mb": peak,
        "peak_before_mb": before,
        "bundle_mb": len(body) / 1_000_000,
    }


def _peak_mb() -> float:
    """The most memory that this process held. What `getrusage` says on Linux begins with the
    parent's, so it is asked only where there is nothing else."""
    memory = memory_of(os.getpid())
    if memory is not None:
        return memory.peak / 1_000_000
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1_000_000


if __name__ == "__main__":
    print(json.dumps(main(UUID(sys.argv[1]), Path(sys.argv[2]))))
