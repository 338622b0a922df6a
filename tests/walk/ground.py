"""An application on an empty database of its own, for walks outside pytest."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from sqlalchemy import event, make_url

from app import create_app
from app.config import Settings
from app.kit.extensions import db
from tests.conftest import _forget_sqlites_durability, let_postgresql_travel
from tests.databases import TRAVEL_OPTIONS, database
from tests.documented import Watch
from tests.wechat_standin import StandIn


@contextmanager
def walking_ground(
    engine: str, folder: Path, server: str | None
) -> Iterator[tuple[Flask, StandIn]]:
    """The application and WeChat's stand-in; the database is gone afterwards."""
    with database(engine, folder, server) as url, StandIn() as wechat:
        if engine == "postgresql":
            address = make_url(url).update_query_dict(TRAVEL_OPTIONS)
            url = address.render_as_string(hide_password=False)
        for name in ("keys", "attachments"):
            (folder / name).mkdir()
        settings = Settings(
            production=False,
            database_url=url,
            secret_key="a secret for walks of more than thirty-two bytes",
            rate_limit_url="off",
            key_store=folder / "keys",
            public_url="https://board.example",
            wechat_appid=wechat.appid,
            wechat_secret=wechat.secret,
            wechat_api_base=wechat.url,
            attachment_folder=folder / "attachments",
            heartbeat_file=folder / "heartbeat.json",
        )
        app = create_app(settings, folder / "instance")
        Watch(app)
        with app.app_context():
            its = db.engine
        if engine == "postgresql":
            event.listen(its, "begin", let_postgresql_travel)
        else:
            its.dispose()
            event.listen(its, "connect", _forget_sqlites_durability)
        try:
            yield app, wechat
        finally:
            its.dispose()
            app.extensions["wechat"].close()
