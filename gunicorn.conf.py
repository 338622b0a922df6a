"""Settings of the HTTP server, for production and for the demo: `gunicorn -c gunicorn.conf.py`.

`docs/settings.md` tells what an operator may change and how, `docs/operating/deploy.md` what a
reload does. Nothing of the application is imported here: what the master has imported, its workers
keep after a reload, however new the files are.
"""

import os
import runpy
import signal
import time
from contextlib import suppress
from pathlib import Path

from gunicorn import glogging
from gunicorn.config import Config

import loading
import metrics_process
import service_manager

wsgi_app = "wsgi:app"
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "sync"
# A request that holds a worker for longer is ended and its worker replaced. Nothing of ours takes
# half of it; slow lines do not count, as the proxy hands on whole requests and takes whole answers.
timeout = 30
# Longer than that: whoever was asked to stop is given the time that every request has.
graceful_timeout = 35
# No `max_requests`: a worker that starts needs seconds to load.
# A worker's sign of life is a file; on a busy disk it would come too late and the worker be killed.
_memory = Path("/dev/shm")  # noqa: S108 - gunicorn makes its file there with a random name
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
control_socket_disable = True
tells_metrics = metrics_process.prepare()

TICK_SECONDS = 1.0
# Run, not imported: the master must not load the application, or a reload would find the old code.
_logs = runpy.run_path(str(Path(__file__).with_name("app") / "logs.py"))


class Log(glogging.Logger):  # type: ignore[misc]
    """Hands all to the application's log, which has a line for each request; gunicorn's own would
    hold addresses and queries."""

    def setup(self, cfg: Config) -> None:
        """Again after each reload."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        _logs["configure"](os.environ.get("YYT_PROFILE", ""), self.loglevel)

    def access(self, *_: object) -> None:
        """Nothing, also where a command line asks for it."""


logger_class = Log


def on_starting(server):
    """Take the service manager's address away from gunicorn, which would say READY before any
    worker has loaded the application, and from the workers, who have nothing to tell."""
    address = os.environ.pop("NOTIFY_SOCKET", "")
    server.manager = {"NOTIFY_SOCKET": address} if address else None
    server.replaced = set()
    server.metrics = None
    if tells_metrics:
        metrics_process.wipe()


def when_ready(server):
    """From now on tell the service manager whether residents are served, and others figures."""
    loading.finish()
    if tells_metrics:
        server.metrics = metrics_process.start(server.app.app_uri)
    if server.manager is None:
        return
    is_ready = False

    def tick(signum, frame):
        nonlocal is_ready
        if is_serving(server):
            state = service_manager.ALIVE if is_ready else service_manager.READY
            is_ready = service_manager.tell(state, environ=server.manager) or is_ready

    # A timer, not a thread: it ticks in the master's own thread, so a master that hangs says
    # nothing, and a worker that is forked inherits neither timer nor lock.
    signal.signal(signal.SIGALRM, tick)
    signal.setitimer(signal.ITIMER_REAL, TICK_SECONDS, TICK_SECONDS)


def is_serving(server):
    """Whether a worker was heard from within the time that a request may take.

    A worker is heard from each time it comes back for the next request. So it is not asked over
    HTTP, where the question would wait behind residents' own on the evening of a vote.
    """
    now = time.monotonic()
    # A worker that still loads was never heard from: its file has the time of the wall's clock.
    heard = map(last_heard, server.WORKERS.values())
    return any(0 <= now - then <= server.cfg.timeout for then in heard)


def last_heard(worker):
    """When the worker was last heard from, by the monotonic clock; -1 for one that is gone."""
    try:
        return worker.tmp.last_update()
    except (OSError, ValueError):  # its file is closed
        return -1.0


def on_reload(server):
    """Let the workers that are here go on until those that come have loaded the application.

    Left to itself, gunicorn ends the old ones at once, and for seconds nobody is served.
    """
    count = server.cfg.workers
    youngest = sorted(server.WORKERS.values(), key=lambda worker: worker.age)[-count:]
    server.replaced = {worker.pid for worker in youngest}
    server.num_workers = count + len(server.replaced)
    if tells_metrics:  # the process beside the workers takes the new code too
        metrics_process.end(server.metrics)
        server.metrics = metrics_process.start(server.app.app_uri)


def pre_fork(server, worker):
    """Choose whom the new worker replaces: somebody whom no other living one is to replace."""
    taken = {getattr(other, "replaces", None) for other in server.WORKERS.values()}
    worker.replaces = min(server.replaced - taken, default=None)


def post_worker_init(worker):
    """The application is loaded: whom this worker replaces may end its request and go."""
    loading.finish()
    if worker.replaces is not None:
        with suppress(ProcessLookupError):
            os.kill(worker.replaces, signal.SIGTERM)


def child_exit(server, worker):
    """One that was to be replaced has gone, and needs no successor; what it was doing is over, what
    it has counted stays."""
    if tells_metrics:
        metrics_process.forget(worker.pid)
    if worker.pid in server.replaced:
        server.replaced.remove(worker.pid)
        server.num_workers -= 1


def on_exit(server):
    """Nothing is left behind, and nothing ticks: at its end Python takes the handler away, and the
    signal would kill."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    metrics_process.end(server.metrics)
