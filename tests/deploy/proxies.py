"""nginx and haproxy with the files of `deploy/`, in front of the application, on free ports."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.databases import ROOT
from tools.proxies import find

DEPLOY = ROOT / "deploy"
NAME = "yyt.example.cn"


@dataclass(frozen=True)
class Front:
    """Where residents come in, and what was logged."""

    port: int
    plain_port: int
    certificate: Path
    folder: Path

    def client(self, address: str = "127.0.0.1") -> httpx.Client:
        """A client at this address, which knows the name."""
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}",
            transport=httpx.HTTPTransport(
                local_address=address, verify=False, http2=False, trust_env=False
            ),
            headers={"Host": NAME},
            timeout=60,
        )

    def logged(self) -> str:
        """All that lies in its logs."""
        return "".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))


def program(name: str) -> str:
    """Its path; a machine without it skips the test and says why."""
    found = find(name)
    if found is None:
        pytest.skip(f"{name} is not installed (python3 tools/proxies.py)")
    return found


def free_port(address: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def make_certificate(folder: Path) -> Path:
    """A self-signed certificate for NAME: `fullchain.pem`, `privkey.pem`, and both in one file."""
    key, chain = folder / "privkey.pem", folder / "fullchain.pem"
    command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    command += ["-keyout", str(key), "-out", str(chain)]
    subprocess.run(command, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text(chain.read_text() + key.read_text())
    return chain


def as_here(text: str, changes: Mapping[str, str]) -> str:
    """A file of `deploy/` with the paths and addresses of this test; each must stand in it."""
    for old, new in changes.items():
        assert old in text, f"{old!r} no longer stands in the file"
        text = text.replace(old, new)
    return text


def wait_for_port(port: int, process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    end = time.monotonic() + 30
    while True:
        with suppress(OSError), socket.create_connection((address, port), timeout=1):
            return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


@contextmanager
def running(command: list[str], log: Path, **environ: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that is ended afterwards."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env={**os.environ, **environ}
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def write_nginx(folder: Path, site: str, common: Mapping[str, str]) -> list[str]:
    """nginx's files with this site in a folder, and its command line."""
    snippets = folder / "snippets"
    snippets.mkdir(parents=True)
    text = (DEPLOY / "nginx-common.conf").read_text()
    logs = {"/var/log/nginx": str(folder), "/srv/yueyuetan/app/static": f"{ROOT}/app/static"}
    (snippets / "yueyuetan.conf").write_text(as_here(text, logs | dict(common)))
    (folder / "site.conf").write_text(site)
    # What Debian's own file has beside our sites.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; worker_processes 2; pid {folder}/nginx.pid;"
        "events { worker_connections 768; }"
        "http { sendfile on; include /etc/nginx/mime.types; ssl_protocols TLSv1.2;"
        "ssl_prefer_server_ciphers on; gzip on; default_type application/octet-stream;"
        f"access_log {folder}/access.log; include {folder}/site.conf; }}"
    )
    return [
        program("nginx"),
        "-p",
        str(folder),
        "-c",
        str(folder / "nginx.conf"),
        "-e",
        str(folder / "start.log"),
    ]


@contextmanager
def nginx(folder: Path, upstream: Path) -> Iterator[Front]:
    """nginx with TLS, as on one machine."""
    port, plain = free_port(), free_port()
    folder.mkdir()
    certificate = make_certificate(folder)
    site = as_here(
        (DEPLOY / "nginx.conf").read_text(),
        {
            "listen [::]:80 default_server;": "",
            "listen [::]:443 ssl http2 default_server;": "",
            "listen [::]:80;": "",
            "listen [::]:443 ssl http2;": "",
            "listen 80": f"listen 127.0.0.1:{plain}",
            "listen 443": f"listen 127.0.0.1:{port}",
            "/run/yueyuetan-nginx": str(folder / "temp"),
            "/run/yueyuetan/web.sock": str(upstream),
            "/var/log/nginx": str(folder),
            "/var/www/yueyuetan-acme": str(folder / "acme"),
        },
    )
    command = write_nginx(folder, site, {})
    tls = as_here((DEPLOY / "nginx-tls.conf").read_text(), {"/etc/yueyuetan/tls": str(folder)})
    (folder / "snippets" / "yueyuetan-tls.conf").write_text(tls)
    with running(command, folder / "start.log") as process:
        wait_for_port(port, process, "127.0.0.1", folder / "start.log")
        yield Front(port, plain, certificate, folder)


@contextmanager
def nginx_host(folder: Path, upstream: Path, address: str, balancer: str) -> Iterator[int]:
    """nginx without TLS on a host behind the balancer; the port on that address."""
    port = free_port(address)
    folder.mkdir()
    site = as_here(
        (DEPLOY / "nginx-host.conf").read_text(),
        {
            "10.0.0.11:8000": f"{address}:{port}",
            "10.0.0.10": balancer,
            "/run/yueyuetan-nginx": str(folder / "temp"),
            "/run/yueyuetan/web.sock": str(upstream),
        },
    )
    with running(write_nginx(folder, site, {}), folder / "start.log") as process:
        wait_for_port(port, process, address, folder / "start.log")
        yield port


@contextmanager
def haproxy(folder: Path, hosts: list[str]) -> Iterator[Front]:
    """haproxy with TLS before these hosts; the last is named again where there are not three."""
    port, plain = free_port(), free_port()
    folder.mkdir()
    certificate = make_certificate(folder)
    environ = {
        "YYT_FRONT": f"127.0.0.1:{port}",
        "YYT_PLAIN_FRONT": f"127.0.0.1:{plain}",
        "YYT_CERTIFICATE": str(folder / "both.pem"),
        **{f"YYT_HOST_{n}": hosts[min(n, len(hosts)) - 1] for n in (1, 2, 3)},
    }
    command = [program("haproxy"), "-db", "-f", str(DEPLOY / "haproxy.cfg")]
    with running(command, folder / "haproxy.log", **environ) as process:
        wait_for_port(port, process, "127.0.0.1", folder / "haproxy.log")
        yield Front(port, plain, certificate, folder)
