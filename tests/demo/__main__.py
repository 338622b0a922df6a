"""`python -m tests.demo`: the application on demo data with WeChat's stand-in, until stopped.

What `make run` starts. Database, keys and `run.json` lie under `instance/` in the current folder.
With `--stop-with-parent` it also ends when the process that started it, such as make, is killed.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from flask import Flask

from app import create_app
from app.config import Settings
from app.kit.extensions import db
from tests.databases import ROOT, migrate
from tests.demo.clock import DemoClock, prepare_postgresql
from tests.demo.people import HOME, WANTED, count_takes, load_demo, personas
from tests.demo.processes import ENDS, ChildEnded, Children, end_with_parent
from tests.operator_key import provide_operator_key
from tests.wechat_standin import Control
from tests.wechat_standin.state import APPID, SECRET

HOST = "127.0.0.1"
READY_WITHIN_S = 60


class CannotStart(RuntimeError):
    """Something about this machine keeps the demo from starting; the text says what."""


def main() -> int:
    """Run until SIGINT, SIGTERM or SIGHUP. Returns 1 where it cannot start or a part has died."""
    for end in ENDS:
        if end is not signal.SIGHUP or signal.getsignal(end) is not signal.SIG_IGN:  # nohup
            signal.signal(end, lambda *_: sys.exit(0))
    if "--stop-with-parent" in sys.argv:
        end_with_parent()
    instance = Path("instance").absolute()
    run_file = instance / "run.json"
    try:
        port = free_port(os.environ.get("PORT", "8000"))
        if Settings.from_environment(instance).production:
            raise CannotStart(
                "YYT_PROFILE=production:正式环境不装演示数据 · no demo data in production"
            )
        instance.mkdir(exist_ok=True)
        run_file.unlink(missing_ok=True)
        with Children() as children:
            run, settings = start_all(children, instance, port)
            write_run(run_file, run)
            print(welcome(run, run_file), flush=True)
            while True:
                children.check()
                if another_take_is_wanted(run_file, run):
                    run |= found(settings, instance, run["wechat_control"], run["take"] + 1)
                    write_run(run_file, run)
                time.sleep(0.2)
    except CannotStart as error:
        sys.stderr.write(f"无法启动 · cannot start: {error}\n")
    except ChildEnded as error:
        sys.stderr.write(f"有进程意外结束，已全部停止 · a part ended, all stopped: {error}\n")
    return 1


def free_port(text: str) -> int:
    """The port of the environment. Raises CannotStart where it is none or taken."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise CannotStart(f"PORT={text} 不是端口号 · is no port")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(text)))
        except OSError as error:
            raise CannotStart(
                f"端口 {text} 不可用，请换一个：PORT=8001 make run · "
                f"port {text} is not available, choose another: {error.strerror}"
            ) from error
    return int(text)


def start_all(children: Children, instance: Path, port: int) -> tuple[dict[str, Any], Settings]:
    """Start the stand-in, the server and the finaliser; answers the content of `run.json`."""
    search_path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    clock_file = instance / "demo-clock"
    DemoClock(clock_file).follow_real_time()
    env = {
        **os.environ,
        "PYTHONPATH": search_path,
        "PORT": str(port),
        "DEMO_CLOCK": str(clock_file),
    }
    stand_in = children.start(
        "wechat_standin", "tests.wechat_standin", "--ticking", env=env, stdout=subprocess.PIPE
    )
    assert stand_in.stdout is not None
    line = stand_in.stdout.readline()
    if not line:
        raise ChildEnded("wechat_standin")
    urls = json.loads(line)
    env |= {
        "WECHAT_API_BASE": urls["protocol"],
        "WECHAT_APPID": APPID,
        "WECHAT_SECRET": SECRET,
    }
    settings = Settings.from_environment(instance, env)
    migrate(settings.database_url)
    prepare_postgresql(settings.database_url)
    with opened(settings, instance) as application:
        provide_operator_key(application)
    places = found(settings, instance, urls["control"], take=newest_take(settings, instance))
    server = ("-c", str(ROOT / "gunicorn.conf.py"), "tests.demo.wsgi:app")
    children.start("gunicorn", "gunicorn", *server, env=env)
    finaliser = ("--app", "tests.demo.wsgi", "finalise", "--every", "20")
    children.start("finaliser", "flask", *finaliser, env=env)
    app = f"http://{HOST}:{port}"
    wait_until_ready(app, children)
    return {
        "app": app,
        "wechat_control": urls["control"],
        "clock": str(clock_file),
        **places,
    }, settings


def found(settings: Settings, instance: Path, control_url: str, take: int) -> dict[str, Any]:
    """Put a take's places and people into the database and into WeChat, unless they are there."""
    with opened(settings, instance) as app:
        places = load_demo(app, take)
    control, people = Control(control_url), personas(take)
    for persona in people.values():
        control.user(openid=persona["openid"])
    return {
        "take": take,
        "personas": people,
        "compound_id": str(places.compound_id),
        "community_id": str(places.community_id),
    }


def newest_take(settings: Settings, instance: Path) -> int:
    """The take that the tour came to last; the first where there is none."""
    with opened(settings, instance) as app, app.app_context():
        return max(1, count_takes(db.session()))


@contextmanager
def opened(settings: Settings, instance: Path) -> Iterator[Flask]:
    """The application in this process, for a moment."""
    app = create_app(settings, instance)
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()
        app.extensions["wechat"].close()


def another_take_is_wanted(run_file: Path, run: dict[str, Any]) -> bool:
    """Whether a tour has asked for the take after this one."""
    wanted = run_file.with_name(WANTED)
    if not wanted.exists():
        return False
    number = wanted.read_text(encoding="ascii")
    wanted.unlink()
    return number == str(run["take"] + 1)


def write_run(run_file: Path, run: dict[str, Any]) -> None:
    """Tell other processes where the demo is."""
    write_whole(run_file, json.dumps(run, ensure_ascii=False, indent=2))


def wait_until_ready(url: str, children: Children) -> None:
    """Return when the front page answers. Raises ChildEnded, CannotStart."""
    deadline = time.monotonic() + READY_WITHIN_S
    with httpx.Client(base_url=url, trust_env=False) as client:
        while time.monotonic() < deadline:
            children.check()
            try:
                if client.get("/").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
    raise CannotStart(f"{READY_WITHIN_S} 秒内没有应答 · no answer within {READY_WITHIN_S} s")


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader finds all of it or none."""
    draft = path.with_suffix(f".{os.getpid()}.draft")
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(path)


def welcome(run: dict[str, Any], run_file: Path) -> str:
    """Where to look, for whoever has just started the demo."""
    app, place = run["app"], f"board/compounds/{run['compound_id']}"
    return f"""
月月谈已启动 · 月月谈 is running
  首页 · front page              {app}/
  接口文档 · API docs            {app}/docs
  {HOME}公示栏 · its board   {app}/{place}
  订阅 · JSON Feed               {app}/api/v1/{place}/feed.json
  人物和地址 · people, addresses {run_file}
另开一个终端运行 make tour,看完整的一期 · `make tour` in another shell plays a whole session
按 Ctrl+C 停止，数据保留 · Ctrl+C stops it, the data stays
"""


if __name__ == "__main__":
    sys.exit(main())
