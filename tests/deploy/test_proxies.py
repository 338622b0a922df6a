"""nginx on one machine, and haproxy with an nginx on the host behind it, as operators get them.

Whatever is asked here is asked of both, of the real server behind them, over TLS.
"""

import hashlib
import io
import json
import random
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from PIL import Image

from app.config import Settings
from tests.cast import Cast
from tests.deploy import proxies
from tests.deploy.proxies import NAME, Front, program
from tests.deploy.running import Service, started, until
from tests.race.server import environment

SECRET_QUERY = "mobile=13800138000"
CLIENT = "127.0.0.5"
KINDS = ("nginx", "haproxy")


@contextmanager
def serving(settings: Settings, folder: Path) -> Iterator[tuple[Service, Path]]:
    """The server on a socket of its own, as the proxy's hosts have it."""
    path = folder / "web.sock"
    extra = {
        "GUNICORN_CMD_ARGS": f"--bind=unix:{path}",
        "ATTACHMENT_FOLDER": str(settings.attachment_folder),
        "TRUSTED_PROXIES": "1",
    }
    unit = "yueyuetan.service"
    with started(
        unit, folder, environment(settings) | extra, arguments=["tests.deploy.wsgi:app"]
    ) as service:
        service.wait_ready()
        yield service, path


@pytest.fixture(scope="module")
def upstream(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, Path]]:
    with serving(settings, tmp_path_factory.mktemp("server")) as running:
        yield running


@contextmanager
def fronting(kind: str, folder: Path, path: Path) -> Iterator[Front]:
    """The proxies of one kind before the socket."""
    if kind == "nginx":
        with proxies.nginx(folder / "nginx", path) as front:
            yield front
        return
    address = "127.0.0.2"
    with (
        proxies.nginx_host(folder / "host", path, address, "127.0.0.1") as port,
        proxies.haproxy(folder / "haproxy", [f"{address}:{port}"]) as front,
    ):
        with front.client() as client:
            until(lambda: client.get("/").status_code == 200)
        yield front


@pytest.fixture(scope="module", params=KINDS)
def front(
    request: pytest.FixtureRequest,
    upstream: tuple[Service, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Front]:
    with fronting(request.param, tmp_path_factory.mktemp(request.param), upstream[1]) as front:
        yield front


def seen(answer: httpx.Response) -> dict[str, str]:
    """How the application was reached."""
    found: dict[str, str] = json.loads(answer.headers["X-Seen"])
    return found


ADDRESSES = {
    "a page": ("/", 200),
    "the API": ("/api/v1/openapi.json", 200),
    "a static file": ("/static/site.css", 200),
    "what is not there": ("/api/v1/nothing", 404),
    "a static file that is not there": ("/static/nothing.css", 404),
}


@pytest.mark.parametrize("what", ADDRESSES)
def test_every_answer_carries_the_headers_once(front: Front, what: str):
    path, status = ADDRESSES[what]
    with front.client() as client:
        answer = client.get(path)
    assert answer.status_code == status
    for name in (
        "Strict-Transport-Security",
        "X-Content-Type-Options",
        "Referrer-Policy",
        "Content-Security-Policy",
        "X-Request-ID",
    ):
        assert len(answer.headers.get_list(name)) == 1, (name, answer.headers)
    assert int(answer.headers["Strict-Transport-Security"].split("=")[1].split(";")[0]) >= 31536000
    assert "/" not in answer.headers.get("Server", "")  # no version


def test_plain_http_leads_to_https(front: Front):
    with httpx.Client(trust_env=False) as client:
        answer = client.get(
            f"http://127.0.0.1:{front.plain_port}/board?x=1", headers={"Host": NAME}
        )
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"https://{NAME}/board?x=1"


def test_http_2_and_no_old_tls(front: Front):
    modern = ssl.create_default_context(cafile=str(front.certificate))
    modern.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", front.port)) as raw,
        modern.wrap_socket(raw, server_hostname=NAME) as connection,
    ):
        assert connection.selected_alpn_protocol() == "h2"
        assert connection.version() == "TLSv1.3"
    for version, is_taken in (("-tls1_1", False), ("-tls1_2", True)):
        command = ["s_client", "-connect", f"127.0.0.1:{front.port}", "-servername", NAME, version]
        said = subprocess.run(
            [program("openssl"), *command, "-cipher", "ALL:@SECLEVEL=0"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert ("Cipher is (NONE)" not in said.stdout) is is_taken, said.stdout


LIES = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "for=6.6.6.6",
    "X-Real-IP": "6.6.6.6",
    "SCRIPT_NAME": "/evil",
    "X_Forwarded_For": "6.6.6.6",
    "X-Request-ID": "mine",
}


def test_application_sees_the_client_and_nothing_that_it_claims(front: Front):
    with front.client(CLIENT) as client:
        found = seen(client.get("/", headers=LIES))
    assert found["HTTP_X_FORWARDED_FOR"] == CLIENT
    assert (found["client"], found["scheme"]) == (CLIENT, "https")
    assert found["HTTP_X_FORWARDED_PROTO"] == "https"
    assert found["HTTP_HOST"] == NAME
    assert found["SCRIPT_NAME"] == ""
    assert "evil" not in str(found)
    assert "666" not in str(found)
    assert found["HTTP_X_REQUEST_ID"] != "mine"
    left = {name for name in found if "FORWARDED" in name}
    assert left == {"HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"}


def test_request_id_is_one_from_the_log_to_the_application(front: Front):
    with front.client() as client:
        answers = [client.get("/") for _ in range(3)]
    ids = [answer.headers["X-Request-ID"] for answer in answers]
    assert ids == [seen(answer)["HTTP_X_REQUEST_ID"] for answer in answers]
    assert len(set(ids)) == 3
    until(lambda: all(request_id in front.logged() for request_id in ids), 5)


def test_neither_address_nor_query_nor_size_is_logged(front: Front):
    """Not for what is served, not for what is refused, not for what is no HTTP at all. The size of
    a receipt would tell how many matters a ballot marks."""
    with front.client(CLIENT) as client:
        for method, path in (
            ("GET", "/"),
            ("GET", "/api/v1/nothing"),
            ("POST", "/api/v1/auth/wechat"),
            ("GET", "/static/nothing"),
            ("GET", "/%zz"),
        ):
            client.request(method, f"{path}?{SECRET_QUERY}", headers={"Referer": SECRET_QUERY})
        last = client.get(f"/?{SECRET_QUERY}").headers["X-Request-ID"]
    for text in (b"nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00\x01broken" + bytes(600)):
        with socket.create_connection(
            ("127.0.0.1", front.port), source_address=(CLIENT, 0)
        ) as connection:
            connection.sendall(text)
            connection.settimeout(5)
            try:
                connection.recv(1000)
            except OSError:
                continue
    until(lambda: last in front.logged(), 5)
    logged = front.logged()
    assert CLIENT not in logged
    assert SECRET_QUERY not in logged
    lines = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
    assert 404 in [line.get("status") for line in lines]
    assert not {name for line in lines for name in line} & {"path", "bytes"}


@pytest.fixture(scope="module")
def owner(application: Flask) -> Any:
    cast = Cast(application)
    return cast, cast.resident()


def noise() -> bytes:
    """A photo of 9.9 MB: noise that no compression makes smaller."""
    side = 1816
    picture = Image.frombytes("RGB", (side, side), random.Random(1).randbytes(side * side * 3))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()


def test_upload_of_nearly_ten_megabytes(front: Front, owner: Any):
    cast, person = owner
    person = cast.logged_in_anew(person)
    data = noise()
    assert 9_800_000 < len(data) < 10_000_000
    token = {"Authorization": f"Bearer {person.token}"}
    with front.client() as client:
        answer = client.post(
            f"/api/v1/compounds/{cast.home.id}/attachments",
            files={"file": ("photo.png", data, "image/png")},
            headers=token,
        )
        assert answer.status_code == 201, answer.text
        assert seen(answer)["CONTENT_LENGTH"].isdecimal()
        made = answer.json()
        path = httpx.URL(made["url"]).raw_path.decode()
        whole = client.get(path)
    assert hashlib.sha256(whole.content).hexdigest() == made["sha256"]
    assert len(whole.content) > 1_000_000


def test_upload_that_is_too_large_is_refused_in_our_words(front: Front, owner: Any):
    with front.client() as client:
        answer = client.post("/api/v1/auth/wechat", content=bytes(12_000_000))
    assert answer.status_code == 413
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["code"] == "too_large"


def test_slow_upload_holds_no_worker(front: Front, upstream: tuple[Service, Path]):
    """As many slow phones as there are workers, and twice over; others are served at once."""
    context = ssl.create_default_context(cafile=str(front.certificate))
    slow = []
    for _ in range(4):
        raw = socket.create_connection(("127.0.0.1", front.port))
        connection = context.wrap_socket(raw, server_hostname=NAME)
        connection.sendall(
            f"POST /api/v1/auth/wechat HTTP/1.1\r\nHost: {NAME}\r\n"
            "Content-Type: application/json\r\nContent-Length: 200000\r\n\r\n".encode()
            + bytes(40_000)
        )
        slow.append(connection)
    time.sleep(0.5)
    try:
        with front.client() as client:
            began = time.monotonic()
            assert client.get("/").status_code == 200
            assert time.monotonic() - began < 5
    finally:
        for connection in slow:
            connection.close()


def test_only_what_is_public_is_compressed(front: Front, owner: Any):
    """A compressed answer tells by its length what secrets it holds beside somebody's words."""
    cast, person = owner
    person = cast.logged_in_anew(person)
    token = {"Authorization": f"Bearer {person.token}"}
    with front.client() as client:
        for path in ("/static/site.css", "/api/v1/openapi.json", "/verify.html", "/docs/errors"):
            assert client.get(path).headers.get("Content-Encoding") == "gzip", path
        answer = client.get("/api/v1/me", headers=token)
        assert answer.status_code == 200
        assert "Content-Encoding" not in answer.headers


def test_unchanged_answer_is_304(front: Front):
    with front.client() as client:
        for path in ("/api/v1/openapi.json", "/static/site.css"):
            first = client.get(path)
            again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
            assert again.status_code == 304, path


@pytest.mark.parametrize("kind", KINDS)
def test_service_that_is_away_is_said_in_our_words(kind: str, settings: Settings, tmp_path: Path):
    with serving(settings, tmp_path) as (service, path), fronting(kind, tmp_path, path) as front:
        service.process.terminate()
        service.process.wait(60)
        with front.client() as client:
            until(lambda: client.get("/api/v1/openapi.json").status_code == 503)
            answer = client.get("/api/v1/openapi.json")
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["code"] == "unavailable"
    assert answer.headers["Retry-After"] == "5"
    assert len(answer.headers.get_list("X-Request-ID")) == 1


def test_host_behind_the_balancer_answers_nobody_else(
    upstream: tuple[Service, Path], tmp_path: Path
):
    with proxies.nginx_host(tmp_path / "host", upstream[1], "127.0.0.2", "127.0.0.1") as port:
        transport = httpx.HTTPTransport(local_address=CLIENT)
        with httpx.Client(transport=transport, trust_env=False) as client:
            assert client.get(f"http://127.0.0.2:{port}/").status_code == 403


def test_another_name_gets_no_answer(upstream: tuple[Service, Path], tmp_path: Path):
    with proxies.nginx(tmp_path / "nginx", upstream[1]) as front, front.client() as client:
        with pytest.raises(httpx.TransportError):
            client.get("/", headers={"Host": "evil.example"})
        client.get("/").raise_for_status()
