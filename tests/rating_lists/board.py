"""A community that rates the property firms of its compounds, and those who object."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.kit.extensions import db
from app.people.models import Role
from app.rating_lists.models import ListState, RatingList
from tests.cast import Cast, Person, stored
from tests.works.site import Travel, body_of

# W8 has a month of notice; ours are seven days. Published on Monday 2026-03-30: the seventh day,
# 04-06, is a holiday, so the term ends with 04-07.
BEGIN = "2026-03-30T10:00:00+08:00"
LAST_MOMENT = "2026-04-07T23:59:59+08:00"
TERM_END = "2026-04-08T00:00:00+08:00"


class Ratings:
    """云桥社区 with two rated firms."""

    def __init__(self, cast: Cast, travel: Travel) -> None:
        travel(BEGIN)
        self.cast, self._travel = cast, travel
        self.people = {
            "leader": cast.community_secretary(),
            "street": cast.officer(Role.SUBDISTRICT_OFFICER, level="subdistrict"),
            "secretary": cast.secretary(),
            "resident": cast.resident(),
            "manager": cast.officer(Role.PROPERTY_MANAGER),
            "other_manager": cast.officer(Role.PROPERTY_MANAGER, cast.neighbour),
        }
        self.path = f"/communities/{cast.community.id}/rating-lists"

    def __getattr__(self, name: str) -> Person:
        try:
            person: Person = self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None
        return person

    def go(self, to: str) -> None:
        """Travel, and let everybody log in again."""
        self._travel(to)
        self.people = {name: self.cast.logged_in_anew(who) for name, who in self.people.items()}

    def entries(self) -> list[dict[str, Any]]:
        return [
            {
                "compound_id": str(self.cast.home.id),
                "firm_name": "安居物业",
                "manager": "项目经理",
                "colour": "RED",
                "reason": "八件任务全部按期办结",
                "figures": "满意率 9/10 = 90.0%",
            },
            {
                "compound_id": str(self.cast.neighbour.id),
                "firm_name": "乐家物业",
                "colour": "BLACK",
                "reason": "电梯停运十天",
            },
        ]

    def draft(self, period: str = "2026-03") -> dict[str, Any]:
        body = {"period": period, "entries": self.entries()}
        return dict(body_of(self.leader.post(self.path, body), 201))

    def do(self, made: dict[str, Any], verb: str, by: Person | None = None) -> TestResponse:
        """Review, publish, or revise a list, by whom it belongs to."""
        path = f"/rating-lists/{made['id']}"
        if verb == "revise":
            return (by or self.leader).put(path, {"entries": self.entries()[:1]})
        by = by or (self.street if verb == "review" else self.leader)
        return by.post(f"{path}/{verb}")

    def reviewed(self, period: str = "2026-03") -> dict[str, Any]:
        return dict(body_of(self.do(self.draft(period), "review")))

    def noticed(self, period: str = "2026-03") -> dict[str, Any]:
        return dict(body_of(self.do(self.reviewed(period), "publish")))

    def object_to(self, entry: dict[str, Any], by: Person) -> TestResponse:
        return by.post(f"/notices/{entry['notice_id']}/objections", {"text": "与事实不符"})

    def answer(self, objection: dict[str, Any], by: Person | None = None) -> TestResponse:
        path = f"/objections/{objection['id']}/answer"
        return (by or self.leader).post(path, {"answer": "已核实"})

    def strike(self, entry: dict[str, Any]) -> TestResponse:
        return self.leader.post(f"/rating-entries/{entry['id']}/strike", {"reason": "已换企业"})

    def recolour(self, entry: dict[str, Any], colour: str) -> TestResponse:
        body = {"colour": colour, "reason": "异议属实"}
        return self.leader.post(f"/rating-entries/{entry['id']}/recolour", body)

    def read(self, made: dict[str, Any]) -> dict[str, Any]:
        return dict(body_of(self.resident.get(f"/rating-lists/{made['id']}")))

    def notices(self, kind: str) -> list[dict[str, Any]]:
        """The community's notices of a kind, newest first."""
        path = f"/board/communities/{self.cast.community.id}/feed.json"
        items = body_of(self.resident.get(path))["items"]
        return [item for item in items if item["tags"] == [kind]]

    def state_of(self, made: dict[str, Any]) -> ListState:
        query = select(RatingList.state).where(RatingList.id == UUID(made["id"]))
        (state,) = stored(self.cast.app, query)
        assert isinstance(state, ListState)
        return state

    def rows(self) -> dict[str, int]:
        """How many rows every table has."""
        return {
            table.name: stored(self.cast.app, select(func.count()).select_from(table))[0]
            for table in db.metadata.sorted_tables
            if table.name != "refresh_tokens"
        }
