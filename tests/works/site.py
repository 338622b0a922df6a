"""A place where work is done: its people, and orders and whistles brought to a step by the API."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from app.people.models import Role
from app.works.orders.models import OrderState
from app.works.whistles.models import WhistleState
from tests.cast import Cast, Person

Travel = Callable[[str], None]

BEGIN = "2026-03-04T09:00:00+08:00"  # a Wednesday; 03-07 and 03-08 are a weekend
WORDS = {
    "title": "换路灯6盏",
    "text": "3栋到5栋之间的路灯",
    "doer_kind": "PROPERTY_FIRM",
    "doer_name": "物业",
}
# How an order or a whistle comes to a step: the moves, one after the other.
ORDER_STEPS: dict[OrderState, tuple[str, ...]] = {
    OrderState.REQUESTED: (),
    OrderState.ASSIGNED: ("assign",),
    OrderState.DECLINED: ("assign", "decline"),
    OrderState.ACCEPTED: ("assign", "accept"),
    OrderState.SUBMITTED: ("assign", "accept", "submit"),
    OrderState.RETURNED: ("assign", "accept", "submit", "return"),
    OrderState.VERIFIED: ("assign", "accept", "submit", "verify"),
    OrderState.WITHDRAWN: ("withdraw",),
}
WHISTLE_STEPS: dict[WhistleState, tuple[str, ...]] = {
    WhistleState.COLLECTED: (),
    WhistleState.BLOWN: ("blow",),
    WhistleState.SIGNED: ("blow", "sign"),
    WhistleState.REPORTED: ("blow", "sign", "report"),
    WhistleState.FED_BACK: ("blow", "sign", "report", "feed-back"),
    WhistleState.REWORK: ("blow", "sign", "report", "feed-back", "rework"),
    WhistleState.VERIFIED_CLOSED: ("blow", "sign", "report", "feed-back", "verify-close"),
    WhistleState.WITHDRAWN: ("withdraw",),
}


def body_of(answer: TestResponse, status: int = 200) -> Any:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json


class Site:
    """香樟苑 with everybody who has to do with its work."""

    def __init__(self, cast: Cast, travel: Travel, begin: str = BEGIN) -> None:
        travel(begin)
        self.cast, self._travel = cast, travel
        self.home = f"/compounds/{cast.home.id}"
        self.resident = cast.resident()
        self.people = {
            "secretary": cast.secretary(),
            "manager": cast.officer(Role.PROPERTY_MANAGER),
            "member": cast.officer(Role.SEATED_MEMBER),
            "grid": cast.officer(Role.GRID_WORKER),
            "leader": cast.community_secretary(),
            "street": cast.officer(Role.SUBDISTRICT_OFFICER, level="subdistrict"),
            "department": cast.officer(Role.DEPARTMENT, level="subdistrict"),
        }

    def __getattr__(self, name: str) -> Person:
        try:
            person: Person = self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None
        return person

    def go(self, to: str) -> None:
        """Travel, and let everybody log in again."""
        self._travel(to)
        self.resident = self.cast.logged_in_anew(self.resident)
        self.people = {
            name: self.cast.logged_in_anew(person) for name, person in self.people.items()
        }

    def matter(self, outcome: str = "DISPATCHED", title: str = "路灯不亮") -> str:
        """A matter that was raised and screened; its id."""
        body = {"title": title, "body": "说明", "category": "LIGHTING"}
        matter = body_of(self.resident.post(f"{self.home}/matters", body), 201)["id"]
        body_of(self.secretary.post(f"/matters/{matter}/screen", {"outcome": outcome}))
        return str(matter)

    def state_of(self, matter: str) -> str:
        return str(body_of(self.secretary.get(f"/matters/{matter}"))["state"])

    def order(
        self, state: OrderState = OrderState.REQUESTED, matter: str | None = None, **changes: Any
    ) -> dict[str, Any]:
        """An order of a dispatched matter, brought to this state; the property manager does it."""
        path = f"/matters/{matter or self.matter()}/orders"
        order = body_of(self.secretary.post(path, {**WORDS, **changes}), 201)
        for verb in ORDER_STEPS[state]:
            order = body_of(self.do(order, verb))
        assert order["state"] == state
        return dict(order)

    def do(
        self, thing: dict[str, Any], verb: str, by: Person | None = None, **changes: Any
    ) -> TestResponse:
        """One of the writes of an order or a whistle, by whom it belongs to, with a valid body."""
        who, body = (WHISTLE_WRITES if "ground" in thing else ORDER_WRITES)[verb]
        kind = "whistles" if "ground" in thing else "orders"
        if verb == "assign":
            body = {"doer_ids": [str(self.manager.id)], **(body or {})}
        if verb == "blow":
            body = {"receiver_id": str(self.department.id), **(body or {})}
        whole = {**(body or {}), **changes} or None
        return (by or self.people[who]).post(f"/{kind}/{thing['id']}/{verb}", whole)

    def read(self, thing: dict[str, Any]) -> dict[str, Any]:
        """The order or whistle as everybody sees it."""
        kind = "whistles" if "ground" in thing else "orders"
        seen: dict[str, Any] = body_of(self.resident.get(f"/{kind}/{thing['id']}"))
        return seen

    def whistle(
        self, state: WhistleState = WhistleState.COLLECTED, matter: str | None = None
    ) -> dict[str, Any]:
        """A whistle brought to this state."""
        path = f"/matters/{matter or self.matter('WHISTLED', '1号路积水')}/whistles"
        body = {"ground": "CARED_UNSOLVED", "text": "管网改造街道无力办理"}
        whistle = body_of(self.leader.post(path, body), 201)
        for verb in WHISTLE_STEPS[state]:
            whistle = body_of(self.do(whistle, verb))
        assert whistle["state"] == state
        return dict(whistle)

    def notices(self, kind: str) -> list[dict[str, Any]]:
        """The compound's notices of this kind, newest first, as items of its feed."""
        feed = body_of(self.resident.get(f"/board/compounds/{self.cast.home.id}/feed.json"))
        return [item for item in feed["items"] if item["_yueyuetan"]["kind"] == kind]


def id_of(person: Person) -> str:
    return str(UUID(str(person.id)))


# Verb -> who does it, and a valid body.
ORDER_WRITES: dict[str, tuple[str, dict[str, Any] | None]] = {
    "assign": ("secretary", {"reason": "承办人已离职"}),
    "take": ("member", None),
    "accept": ("manager", None),
    "decline": ("manager", {"reason": "不在合同范围"}),
    "withdraw": ("secretary", {"reason": "与另一张重复"}),
    "contact": ("manager", {"note": "已电话联系"}),
    "progress": ("manager", {"text": "已换3盏"}),
    "submit": ("manager", {"text": "6盏都已换好"}),
    "verify": ("grid", {"note": "晚上看过，都亮了"}),
    "return": ("grid", {"reason": "还有1盏不亮"}),
}
WHISTLE_WRITES: dict[str, tuple[str, dict[str, Any] | None]] = {
    "withdraw": ("leader", {"reason": "街道已解决"}),
    "blow": ("street", {"kind": "PUSH", "department": "区水务局"}),
    "object": ("department", {"reason": "不归水务管"}),
    "recall": ("street", {"reason": "承办人已调离"}),
    "sign": ("department", None),
    "contact": ("department", {"note": "已联系社区"}),
    "report": ("department", {"text": "已到现场"}),
    "feed-back": ("department", {"text": "已清淤"}),
    "verify-close": ("grid", {"note": "雨后看过"}),
    "rework": ("leader", {"reason": "仍有积水", "due_on": "2026-04-30"}),
}
