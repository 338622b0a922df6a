"""A round table brought about by the API: a roll, those present, and a resolution at each state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from app.resolutions.models import ResolutionState
from tests.cast import Cast, Person, ballot
from tests.void import void_resolution

BEGIN = "2026-03-27T19:00+08:00"
PUBLISHED = "2026-03-30T10:00+08:00"
LAST_MOMENT = "2026-04-07T23:59:59+08:00"
TERM_END = "2026-04-08T00:00:00+08:00"
TITLES = ("夜间停车难", "电动车充电", "加装电梯")
CHECKLIST = ("OWNERS", "TENANTS", "AFFECTED", "DEPARTMENT")

Travel = Callable[[str], None]


def body_of(answer: TestResponse, status: int = 200) -> Any:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json


class Stage:
    """A session of 香樟苑 with a roster; its round table is on, and nobody has come yet."""

    def __init__(
        self,
        cast: Cast,
        travel: Travel,
        *,
        roll: int = 3,
        begin: str = BEGIN,
        period: str = "2026-03",
        after: "Stage | None" = None,
        titles: Sequence[str] = TITLES,
    ) -> None:
        self._cast, self._travel = cast, travel
        travel(begin)
        if after is None:
            self.secretary = cast.secretary()
            self.voters = [cast.resident(name=f"居民{i}") for i in range(roll)]
        else:  # the same people a month later
            self.secretary, self.voters = after.secretary, after.voters
            self.go(begin)
        session, self.matters = cast.open_session(
            self.secretary,
            self.voters[0],
            titles,
            period=period,
            mode="ROSTER",
            roll=[str(voter.id) for voter in self.voters],
        )
        self.id = session["id"]
        self.path = f"/sessions/{self.id}"
        for voter in self.voters[: roll // 2 + 1]:  # enough to choose the first three
            body_of(voter.put(f"{self.path}/ballot", ballot(*self.matters)))
        body_of(self.secretary.post(f"{self.path}/close-voting"))
        for kind in CHECKLIST:
            invitation = {"kind": kind, "name": "有关人员"}
            body_of(self.secretary.post(f"{self.path}/invitations", invitation), 201)
        body_of(self.secretary.post(f"{self.path}/start-meeting"))

    def go(self, to: str) -> None:
        """Travel, and let everybody log in again."""
        self._travel(to)
        self.secretary = self._cast.logged_in_anew(self.secretary)
        self.voters = [self._cast.logged_in_anew(voter) for voter in self.voters]

    def arrive(self, *people: Person) -> None:
        """The secretary notes that these people came."""
        for person in people:
            arrival = {"resident_id": str(person.id)}
            body_of(self.secretary.post(f"{self.path}/attendance", arrival))

    def card(self, text: str = "清理僵尸车 8 辆", matter: int = 0, item: int | None = None) -> str:
        """A card on one of the matters, adopted; its id."""
        put = {"matter_id": self.matters[matter], "text": text, "owner_vote_item": item}
        card = body_of(self.voters[0].post(f"{self.path}/cards", put), 201)
        body_of(self.secretary.post(f"/cards/{card['id']}/adopt"))
        return str(card["id"])

    def draft(self, matter: int = 0, cards: Sequence[str] = (), **changes: Any) -> dict[str, Any]:
        """A draft on one of the matters."""
        draft: dict[str, Any] = body_of(
            self.secretary.post(f"{self.path}/resolutions", self.words(matter, cards, **changes)),
            201,
        )
        return draft

    def words(self, matter: int = 0, cards: Sequence[str] = (), **changes: Any) -> dict[str, Any]:
        """What a draft is made from."""
        return {
            "matter_id": self.matters[matter],
            "title": "夜间停车与消防通道",
            "text": "采纳所列卡片，四月底前办完。",
            "card_ids": list(cards),
            **changes,
        }

    def do(self, resolution: dict[str, Any], verb: str, **body: Any) -> TestResponse:
        """One of the secretary's writes."""
        return self.secretary.post(f"/resolutions/{resolution['id']}/{verb}", body or None)

    def table(
        self, resolution: dict[str, Any], method: str = "HANDS", secrecy: str = "NAMED"
    ) -> None:
        body_of(self.do(resolution, "table", method=method, secrecy=secrecy))

    def vote(self, voter: Person, resolution: dict[str, Any], answer: str) -> TestResponse:
        return voter.put(f"/resolutions/{resolution['id']}/vote", {"answer": answer})

    def read(self, resolution: dict[str, Any]) -> dict[str, Any]:
        seen: dict[str, Any] = body_of(self.secretary.get(f"/resolutions/{resolution['id']}"))
        return seen

    def session(self) -> dict[str, Any]:
        seen: dict[str, Any] = body_of(self.secretary.get(self.path))
        return seen

    def matter(self, index: int = 0) -> str:
        """The state of one of the matters."""
        return str(body_of(self.secretary.get(f"/matters/{self.matters[index]}"))["state"])

    def notices(self, kind: str) -> list[dict[str, Any]]:
        """The compound's notices of this kind, newest first, as items of its feed."""
        feed = body_of(self.secretary.get(f"/board/compounds/{self._cast.home.id}/feed.json"))
        return [item for item in feed["items"] if item["_yueyuetan"]["kind"] == kind]

    def passed(self, matter: int = 0, cards: Sequence[str] = (), **changes: Any) -> dict[str, Any]:
        """A resolution passed by a show of hands; everybody on the roll comes."""
        self.arrive(*self.voters)
        resolution = self.draft(matter, cards, **changes)
        self.table(resolution)
        count = {"yes": len(self.voters), "no": 0, "abstain": 0}
        passed: dict[str, Any] = body_of(self.do(resolution, "count", **count))
        return passed

    def noticed(self, **changes: Any) -> dict[str, Any]:
        """A passed resolution, published on 2026-03-30 for the seven days of the example."""
        resolution = self.passed(**changes)
        self.go(PUBLISHED)
        published: dict[str, Any] = body_of(self.do(resolution, "publish"))
        return published

    def object_to(self, resolution: dict[str, Any], by: Person, text: str = "太晚") -> TestResponse:
        return by.post(f"/notices/{resolution['notice_id']}/objections", {"text": text})


@dataclass(frozen=True)
class Staged:
    """A resolution at a state, with its stage."""

    stage: Stage
    resolution: dict[str, Any]


def staged(cast: Cast, travel: Travel, state: ResolutionState, method: str = "HANDS") -> Staged:
    """A resolution brought to this state by the API; where it was voted on, by a show of hands."""
    stage = Stage(cast, travel)
    if state in (ResolutionState.NOTICED, ResolutionState.EFFECTIVE, ResolutionState.SUPERSEDED):
        return _noticed(cast, stage, state)
    if state is ResolutionState.PASSED:
        return Staged(stage, stage.passed())
    resolution = stage.draft()
    if state in (ResolutionState.SHELVED, ResolutionState.ESCALATED):
        body_of(stage.do(resolution, "shelve", reason="等报告"))
    if state is ResolutionState.ESCALATED:
        body_of(stage.do(resolution, "escalate", forum="COMMUNITY", reason="意见相持"))
    elif state is ResolutionState.VOID:
        stage.table(resolution, "PHONE", "SECRET")
        void_resolution(cast.app, resolution["id"])
    elif state not in (ResolutionState.DRAFT, ResolutionState.SHELVED):
        stage.table(resolution, method)
    if state is ResolutionState.NO_QUORUM:
        body_of(stage.do(resolution, "count", yes=0, no=0, abstain=0))
    elif state is ResolutionState.FAILED:
        stage.arrive(*stage.voters)
        body_of(stage.do(resolution, "count", yes=1, no=2, abstain=0))
    return Staged(stage, resolution)


def _noticed(cast: Cast, stage: Stage, state: ResolutionState) -> Staged:
    resolution = stage.noticed()
    if state is not ResolutionState.NOTICED:
        stage.go(TERM_END)
        stage.read(resolution)
    if state is ResolutionState.SUPERSEDED:
        supersede(stage, resolution)
    return Staged(stage, resolution)


def supersede(stage: Stage, older: dict[str, Any]) -> dict[str, Any]:
    """Let a resolution of the same round table take the older one's place; the newer one."""
    newer = stage.passed(matter=1, supersedes_id=older["id"])
    body_of(stage.do(newer, "publish"))
    stage.go("2026-04-20T00:00:00+08:00")
    return stage.read(newer)
