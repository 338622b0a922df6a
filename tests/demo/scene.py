"""What every act of the tour is made of: people who speak to the demo, its clock, and the list of
what differs from the worked example."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from app.kit.clock import ZONE
from tests.demo.clock import DemoClock
from tests.demo.people import WANTED
from tests.wechat_standin import Control

API = "/api/v1"
PATIENCE_S = 30


class TourFailed(RuntimeError):
    """An answer that the tour cannot go on from."""


@dataclass(frozen=True)
class Person:
    """Somebody logged in: the resident's id and a client that carries the token."""

    id: str
    http: httpx.Client
    token: str

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send a request to the API and answer whatever comes back."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.http.request(method, API + path, json=body, headers=headers)

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """The body of a success. Raises TourFailed."""
        return success(self.call(method, path, body))


def success(answer: httpx.Response) -> Any:
    """The answer's body. Raises TourFailed unless it is a success."""
    if not answer.is_success:
        request = answer.request
        raise TourFailed(f"{request.method} {request.url}: {answer.status_code} {answer.text}")
    return answer.json()


def code_of(answer: httpx.Response) -> str:
    """The code of a refusal, with that of its first part: `422 invalid_ballot/not_listed`."""
    if answer.is_success:
        return f"{answer.status_code} OK"
    problem = answer.json()
    parts = [problem["code"], *(part["code"] for part in problem.get("errors", [])[:1])]
    return f"{answer.status_code} {'/'.join(parts)}"


class Scene:
    """The compound of the worked example with its people. `faults` collects what differs."""

    def __init__(self, run: Mapping[str, Any], http: httpx.Client) -> None:
        self.compound_id = run["compound_id"]
        self.compound = f"/compounds/{run['compound_id']}"
        self.community = f"/communities/{run['community_id']}"
        self.http = http
        self.people: dict[str, Person] = {}
        self.faults: list[str] = []
        self._control = Control(run["wechat_control"])
        self._openids = {key: persona["openid"] for key, persona in run["personas"].items()}
        self._clock = DemoClock(Path(run["clock"]))

    def log_everybody_in(self) -> None:
        """Each person gets a code from WeChat and exchanges it for tokens."""
        for key, openid in self._openids.items():
            code = self._control.code(openid)
            login = success(self.http.post(f"{API}/auth/wechat", json={"code": code}))
            self.people[key] = Person(login["resident"]["id"], self.http, login["access_token"])

    def go(self, moment: str) -> None:
        """Set the demo's clock, e.g. to `2026-03-12 08:00` in the compound."""
        self._clock.set(datetime.fromisoformat(moment).replace(tzinfo=ZONE))
        print(f"\n【{moment}】")

    def come_home(self) -> None:
        """The demo's clock is right again."""
        self._clock.follow_real_time()

    def feed(self) -> list[dict[str, Any]]:
        """The items of the compound's public feed, newest first; no token is needed."""
        page: str | None = f"{API}/board{self.compound}/feed.json"
        items: list[dict[str, Any]] = []
        while page:
            feed = success(self.http.get(page))
            items += feed["items"]
            page = feed.get("next_url")
        return items

    def notice(self, kind: str, about_id: str) -> dict[str, Any]:
        """The feed's item of this kind about this thing. Raises TourFailed where it is missing."""
        for item in self.feed():
            told = item["_yueyuetan"]
            if (told["kind"], told["about_id"]) == (kind, about_id):
                return item
        raise TourFailed(f"no notice {kind} about {about_id} in the feed")

    def expect(self, what: str, found: object, expected: object) -> None:
        """Note a difference; the tour goes on."""
        if found != expected:
            self.faults.append(f"{what}\n    应为 · expected {expected}\n    实为 · found {found}")


def chapter(zh: str, en: str) -> None:
    print(f"\n{zh} · {en}")


def say(zh: str, en: str) -> None:
    print(f"  {zh} · {en}")


def indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def another_take(run_file: Path, run: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the running demo for a compound and people that no tour has used; the new run."""
    wanted = run["take"] + 1
    run_file.with_name(WANTED).write_text(str(wanted), encoding="ascii")
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        new: dict[str, Any] = json.loads(run_file.read_text(encoding="utf-8"))
        if new["take"] == wanted:
            return new
        time.sleep(0.1)
    raise TourFailed("演示服务器没有新建场地 · the demo founded no new compound")
