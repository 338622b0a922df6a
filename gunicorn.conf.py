"""Settings of the HTTP server, for production and for the demo: `gunicorn -c gunicorn.conf.py`.

`docs/settings.md` tells what an operator may change and how.
"""

import gc
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # gunicorn's own program begins elsewhere

import metrics_process

wsgi_app = "wsgi:app"
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "sync"
# A worker's sign of life is a file; on a busy disk it would come too late and the worker be killed.
_memory = Path("/dev/shm")  # noqa: S108 - gunicorn makes its file there with a random name
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
control_socket_disable = True
tells_metrics = metrics_process.prepare()


def on_starting(server):
    """What an earlier run has counted is over."""
    server.metrics = None
    if tells_metrics:
        metrics_process.wipe()


def when_ready(server):
    """Figures are told by a process of their own."""
    if tells_metrics:
        server.metrics = metrics_process.start(server.app.app_uri)


def on_reload(server):
    """The process beside the workers takes the new code too."""
    metrics_process.end(server.metrics)
    when_ready(server)


def post_worker_init(worker):
    """A worker serves no database that is not its own. What the application made while it was
    loaded lives as long as the worker: the collector of garbage need not look through it again and
    again."""
    worker.wsgi.extensions["refuse_to_start"](worker.cfg.workers)
    gc.collect()
    gc.freeze()


def child_exit(server, worker):
    """Gauges of a worker end with it; what it has counted stays."""
    if tells_metrics:
        metrics_process.forget(worker.pid)


def on_exit(server):
    """Nothing is left behind."""
    metrics_process.end(server.metrics)
