"""Security headers: on what, and when."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.config import Settings
from app.kit.extensions import db
from app.kit.web.api import PREFIX
from app.wechat.client import VENDOR_BASE

PAGES, OTHERS = ("/", "/docs", "/nothing"), (f"{PREFIX}/me", f"{PREFIX}/openapi.json", "/static/x")


@pytest.mark.parametrize("path", [*PAGES, *OTHERS])
def test_headers_of_every_answer(client: FlaskClient, path: str):
    headers = client.get(path, base_url="https://localhost").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers  # development
    is_page = headers["Content-Type"].startswith("text/html")
    assert ("Cross-Origin-Opener-Policy" in headers) == is_page
    assert ("camera=()" in headers.get("Permissions-Policy", "")) == is_page


@pytest.fixture
def production(settings: Settings, tmp_path: Path, engine_name: str) -> Flask:
    """On SQLite alone: the tests' PostgreSQL may lose what it acknowledged, and is refused."""
    own = replace(
        settings,
        production=True,
        database_url=f"sqlite:///{tmp_path / 'headers.db'}",
        public_url="https://yyt.example",
        wechat_api_base=VENDOR_BASE,
        rate_limit_url="",
        trusted_proxies=1,
    )
    app = create_app(own, tmp_path)
    with app.app_context():
        db.engine.dispose()
    app.extensions["wechat"].close()
    return app


@pytest.mark.parametrize(
    ("forwarded", "is_told"),
    [
        ("https", True),
        ("http", False),
        (None, False),
        ("https, http", False),  # the nearest proxy was asked in clear
    ],
)
def test_browsers_are_told_to_stay_with_tls_where_it_is_tls(
    production: Flask, forwarded: str | None, is_told: bool
):
    headers = {} if forwarded is None else {"X-Forwarded-Proto": forwarded}
    answer = production.test_client().get("/docs/errors", headers=headers)
    assert answer.status_code == 200
    told = answer.headers.get("Strict-Transport-Security")
    assert told == ("max-age=31536000" if is_told else None)
