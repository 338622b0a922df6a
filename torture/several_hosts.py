"""Several application hosts behind haproxy, with one PostgreSQL and one key store: no sticky
sessions, restarted one after the other and killed in the middle of a vote. Nothing is lost.

The hosts are gunicorn on addresses of their own (127.0.0.1 to 127.0.0.3), haproxy runs with the
file that is given to operators (`deploy/haproxy.cfg`).
"""

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.ballots.keys.folder import FolderKeyStore
from app.ballots.keys.store import OPERATOR
from tests.databases import ROOT
from torture.client import Address, BrokenConnection, call
from torture.ground import Arena, CannotPlay, Ground
from torture.hosts import HEALTH, START_SECONDS, Host, serving
from torture.ledger import Ledger, check_all
from torture.polls import Poll
from torture.postgres import free_port
from torture.row05_killed import Load
from torture.rows import Figures, Mutant, Row

HOSTS = 3
WORKERS = 2
VOTERS = 2_000  # so many that none replaces a ballot more often than allowed
ANSWERS_BETWEEN = (20, 60)
SEPARATE_KEYS = "separate_key_stores"


def play(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """Restart and kill hosts by turns, `size` times in all, while voters cast without a break."""
    chance = random.Random(75)
    program = _haproxy_program()
    with arena.ground(engine) as ground:
        (poll,) = ground.polls(1, VOTERS)
        ledger = Ledger()
        with (
            _running(_hosts(ground, poll, sabotage)) as hosts,
            _haproxy(program, hosts, ground.folder) as address,
        ):
            load = Load(address, poll, ledger)
            with load.running():
                for number in range(size):
                    load.wait_for(chance.randint(*ANSWERS_BETWEEN))
                    host = hosts[number % HOSTS]
                    host.kill() if number % 2 else host.stop()
                    load.wait_for(ANSWERS_BETWEEN[0])
                    host.start()
                load.wait_for(ANSWERS_BETWEEN[1])
            faults = check_all(ground.app, address, [poll], ledger)
        return Figures(
            size,
            faults,
            f"三台主机轮流重启和 kill -9；确认 {len(ledger)} 次，客户端重试 {ledger.broken} 次",
            f"three hosts restarted and killed by turns; {len(ledger)} casts acknowledged, "
            f"clients tried {ledger.broken} times again",
        )


def _hosts(ground: Ground, poll: Poll, sabotage: str) -> list[Host]:
    if sabotage != SEPARATE_KEYS:
        return [
            ground.sabotaged(sabotage, workers=WORKERS, ip=f"127.0.0.{number}")
            for number in range(1, HOSTS + 1)
        ]
    folders = [ground.folder / f"keys-{number}" for number in range(1, HOSTS + 1)]
    operators = ground.app.extensions["keys"].find(OPERATOR)
    for folder in folders:
        keys = FolderKeyStore(folder)
        keys.keep(OPERATOR, operators)
        keys.create_session_key(poll.session_id)
    return [
        ground.sabotaged("", workers=WORKERS, ip=f"127.0.0.{number}", key_store=str(folder))
        for number, folder in enumerate(folders, start=1)
    ]


@contextmanager
def _running(hosts: Sequence[Host]) -> Iterator[Sequence[Host]]:
    with ExitStack() as stack:
        for host in hosts:
            stack.enter_context(serving(host))
        yield hosts


@contextmanager
def _haproxy(program: str, hosts: Sequence[Host], folder: Path) -> Iterator[Address]:
    """The address of a haproxy in front of the hosts."""
    front = ("127.0.0.1", free_port("127.0.0.1"))
    environ = {"YYT_FRONT": f"{front[0]}:{front[1]}"} | {
        f"YYT_HOST_{number}": f"{host.ip}:{host.port}" for number, host in enumerate(hosts, 1)
    }
    command = [program, "-db", "-f", str(ROOT / "deploy" / "haproxy.cfg")]
    with (folder / "haproxy.log").open("ab") as log:
        process = subprocess.Popen(command, env={**os.environ, **environ}, stdout=log, stderr=log)
    try:
        end = time.monotonic() + START_SECONDS
        while not _answers(front):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((folder / "haproxy.log").read_text())
            time.sleep(0.05)
        yield front
    finally:
        process.kill()
        process.wait()


def _answers(address: Address) -> bool:
    try:
        return call(address, HEALTH).status == 200
    except BrokenConnection:
        return False


def _haproxy_program() -> str:
    """haproxy, fetched from the distribution where it is missing. Raises CannotPlay."""
    found = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "--yes", "haproxy"], capture_output=True)
        found = shutil.which("haproxy", path="/usr/sbin")
    if found is None:
        raise CannotPlay("没有 haproxy（apt-get install haproxy）", "haproxy is not installed")
    return found


ROW = Row(
    number="hosts",
    name="several-hosts",
    zh="三台主机在 haproxy 后，逐台重启、逐台 kill -9",
    en="three hosts behind haproxy, restarted and killed one by one",
    unit=("次", "times"),
    play=play,
    full=24,
    short=2,
    mutant=4,
    mutants=(
        Mutant(SEPARATE_KEYS, "各主机各用各的密钥库", "a key store for each host", ("postgresql",)),
        Mutant("answer_before_commit", "提交前就答复", "the answer comes first", ("postgresql",)),
    ),
    engines=("postgresql",),
)
