"""Settings of the HTTP server, for production and for the demo: `gunicorn -c gunicorn.conf.py`.

`docs/settings.md` tells what an operator may change and how.
"""

import gc
import os
from pathlib import Path

wsgi_app = "wsgi:app"
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "sync"
# A worker's sign of life is a file; on a busy disk it would come too late and the worker be killed.
_memory = Path("/dev/shm")  # noqa: S108 - gunicorn makes its file there with a random name
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
control_socket_disable = True


def post_worker_init(worker: object) -> None:
    """What the application made while it was loaded lives as long as the worker: the collector of
    garbage need not look through it again and again."""
    gc.collect()
    gc.freeze()
