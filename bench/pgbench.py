"""The same statements sent by pgbench: what PostgreSQL does where nobody speaks HTTP."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from bench.figures import percentile
from bench.seeding import PERSON, Home

CLIENTS = 32
THREADS = 2

VOTER = ":voter::bigint"
HASH = f"sha256(('{{salt}}' || {VOTER})::bytea)"
SCRIPT = """\\set i :i + 1
\\set voter :client_id * :each + :i
BEGIN;
INSERT INTO ballots (compound_id, session_id, slot, nonce, commitment, version)
    VALUES ('{compound}', '{session}', {slot}, substring({nonce} FROM 1 FOR 16), {committed}, 1);
INSERT INTO ballot_marks
    (compound_id, session_id, slot, label, weight, matter_id, tracker) VALUES {marks};
INSERT INTO ballot_commitments (compound_id, session_id, commitment, slot, version)
    VALUES ('{compound}', '{session}', {committed}, {slot}, 1);
UPDATE roll_entries SET channel = 'PHONE', voted_on = current_date
    WHERE compound_id = '{compound}' AND session_id = '{session}'
    AND resident_id = ('{person:08x}-0000-7000-8000-' || lpad(to_hex({voter}), 12, '0'))::uuid
    AND voted_on IS NULL;
END;
"""


@dataclass(frozen=True)
class PgbenchRun:
    """Transactions, how long they took together, and the time of each in milliseconds."""

    seconds: float
    milliseconds: list[float]

    @property
    def rate(self) -> float:
        return len(self.milliseconds) / self.seconds

    def percentile(self, share: float) -> float:
        return percentile(self.milliseconds, share)


def program() -> str | None:
    """pgbench, of the path or where Debian puts it; None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    return shutil.which("pgbench") or (str(found[-1]) if found else None)


def script(home: Home, session_id: UUID) -> str:
    """One cast: four statements in one transaction, by voters that no other client has."""
    slot, nonce, committed = (HASH.format(salt=salt) for salt in ("s", "n", "c"))
    picks = ((5, home.matters[0]), (3, home.matters[4]), (1, home.matters[8]))
    marks = ", ".join(
        f"('{home.compound_id}', '{session_id}', {slot}, '{weight}', {weight}, '{matter}', "
        f"substring({HASH.format(salt=weight)} FROM 1 FOR 10))"
        for weight, matter in picks
    )
    return SCRIPT.format(
        compound=home.compound_id,
        session=session_id,
        slot=slot,
        nonce=nonce,
        committed=committed,
        marks=marks,
        person=PERSON,
        voter=VOTER,
    )


def run(url: str, home: Home, session_id: UUID, casts: int, folder: Path) -> PgbenchRun:
    """Cast by voters 1 to `casts`, rounded down to what 32 clients share. Raises RuntimeError."""
    each = casts // CLIENTS
    source, prefix = folder / "cast.sql", folder / f"pgbench-{session_id}"
    source.write_text(script(home, session_id))
    command = [
        *(program() or "pgbench", "--no-vacuum", "--protocol=prepared", f"--file={source}"),
        *(f"--client={CLIENTS}", f"--jobs={THREADS}", f"--transactions={each}"),
        *(
            "--define=i=0",
            f"--define=each={each}",
            "--log",
            f"--log-prefix={prefix}",
            url.replace("+psycopg", ""),
        ),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"tps = ([0-9.]+) \(without", done.stdout)
    if done.returncode != 0 or found is None:
        raise RuntimeError((done.stderr + done.stdout)[:2000])
    logs = [log.read_text() for log in folder.glob(f"{prefix.name}.*")]
    milliseconds = [int(line.split()[2]) / 1000 for log in logs for line in log.splitlines()]
    return PgbenchRun(len(milliseconds) / float(found[1]), milliseconds)
