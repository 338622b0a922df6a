"""A compound with solved matters, those who write cases of them, and a compound that reads them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.board.models import NoticeKind
from app.board.services import publish
from app.cases.models import Case, CaseState
from app.compounds.models import Compound
from app.conventions.models import Convention, ConventionVersion, LegalType, VersionState
from app.conventions.texts.clauses import Clause
from app.kit.extensions import db
from app.kit.orm import new_id
from app.kit.words import Words
from app.matters.models import Category, Matter, MatterState
from tests.cast import Cast, stored
from tests.operations import closed_matter
from tests.works.site import Travel, body_of

BEGIN = "2026-03-04T09:00:00+08:00"
WORDS = {
    "title": "消防通道不再停车",
    "problem": "晚上八点以后车停到消防通道上，救护车进不来。",
    "solution": "划黄线，清理僵尸车，与隔壁商场商定错时停车。",
    "category": "PARKING",
}
CLAUSES = (("消防通道和黄线内不停车。", None), ("花坛改车位属业主共同决定。", 8))


class Shelf:
    """香樟苑, which has solved something, and 桂花苑, which has the same trouble."""

    def __init__(self, cast: Cast, travel: Travel) -> None:
        travel(BEGIN)
        self.cast = cast
        self.resident = cast.resident()
        self.secretary, self.leader = cast.secretary(), cast.community_secretary()
        self.stranger = cast.visitor()
        self.neighbour = cast.secretary(cast.neighbour)

    def closed(self) -> str:
        """A matter that was solved; its only answer is that of its raiser."""
        return closed_matter(self.cast, self.cast.home, self.secretary, self.resident)

    def write(self, matter: str | None = None, **changes: Any) -> TestResponse:
        path = f"/matters/{matter or self.closed()}/cases"
        return self.secretary.post(path, {**WORDS, **changes})

    def draft(self, **changes: Any) -> dict[str, Any]:
        return dict(body_of(self.write(**changes), 201))

    def publish(self, case: dict[str, Any]) -> TestResponse:
        return self.leader.post(f"/cases/{case['id']}/publish")

    def published(self, **changes: Any) -> dict[str, Any]:
        return dict(body_of(self.publish(self.draft(**changes))))

    def withdraw(self, case: dict[str, Any]) -> TestResponse:
        return self.leader.post(f"/cases/{case['id']}/withdraw", {"reason": "做法已过时"})

    def adopt(self, case_id: str) -> TestResponse:
        path = f"/compounds/{self.cast.neighbour.id}/conventions/from-case"
        return self.neighbour.post(path, {"case_id": case_id})

    def find(self, **query: Any) -> list[str]:
        """Titles of what anybody finds in the library."""
        items = body_of(self.stranger.get("/cases", query_string=query))["items"]
        return [item["title"] for item in items]

    def convention(self, state: VersionState = VersionState.IN_FORCE) -> str:
        """The id of a convention of 香樟苑 in a state; how it comes there is told elsewhere."""
        now = datetime.now(UTC)
        with self.cast.app.app_context():
            convention = Convention(
                compound_id=self.cast.home.id, legal_type=LegalType.SELF_DISCIPLINE, created_at=now
            )
            db.session.add(convention)
            db.session.flush()
            version = ConventionVersion(
                convention=convention,
                compound_id=self.cast.home.id,
                number=1,
                state=VersionState.DRAFT,
                title="停车规约",
                is_trial=True,
                review_months=6,
                drafted_by_id=self.secretary.id,
                drafted_at=now,
                clauses=[
                    Clause(number=i, text=text, owner_vote_item=item, is_active=item is None)
                    for i, (text, item) in enumerate(CLAUSES, start=1)
                ],
            )
            db.session.add(version)
            db.session.flush()
            if state is not VersionState.DRAFT:
                self._put_in_force(version, now)
            db.session.commit()
            return str(convention.id)

    def _put_in_force(self, version: ConventionVersion, now: datetime) -> None:
        version.voted_at = version.in_force_at = now
        version.review_by = now.date()
        home = db.session.get_one(Compound, self.cast.home.id)
        title, text = Words("规约公示", "Notice"), Words("停车规约", "A convention")
        kind = NoticeKind.CONVENTION_NOTICED
        version.notice = publish(
            db.session(), kind, home, version.id, title=title, text=text, data={}, at=now
        )
        version.state = VersionState.IN_FORCE

    def rows(self) -> dict[str, int]:
        """How many rows every table has."""
        return {
            table.name: stored(self.cast.app, select(func.count()).select_from(table))[0]
            for table in db.metadata.sorted_tables
        }

    def row(self, case: dict[str, Any]) -> Case:
        (found,) = stored(self.cast.app, select(Case).where(Case.id == UUID(case["id"])))
        assert isinstance(found, Case)
        return found

    def at(self, state: CaseState) -> dict[str, Any]:
        """A case brought to this state by the API."""
        case = self.draft()
        if state is CaseState.PUBLISHED:
            body_of(self.publish(case))
        elif state is CaseState.WITHDRAWN:
            body_of(self.withdraw(case))
        return case

    def raised(
        self, number: int, category: Category, at: datetime, state: MatterState, **changes: Any
    ) -> None:
        """So many matters, stored as they are."""
        with self.cast.app.app_context():
            last = self._last_number()
            db.session.add_all(
                Matter(
                    **{
                        "compound_id": self.cast.home.id,
                        "number": last + i,
                        "raised_by_id": self.resident.id,
                        "raised_at": at,
                        "title": "停车",
                        "body": "说明",
                        "category": category,
                        "state": state,
                        **changes,
                    }
                )
                for i in range(1, number + 1)
            )
            db.session.commit()

    def _last_number(self) -> int:
        query = select(func.max(Matter.number)).where(Matter.compound_id == self.cast.home.id)
        return db.session.scalar(query) or 0

    def many_published(self, number: int, category: Category = Category.EBIKE) -> None:
        """So many cases in the library, stored as they are, each of a matter of its own."""
        now = datetime.now(UTC)
        with self.cast.app.app_context():
            for i in range(number):
                matter = Matter(
                    id=new_id(),
                    compound_id=self.cast.home.id,
                    number=self._last_number() + 1,
                    raised_by_id=self.resident.id,
                    raised_at=now,
                    title="充电",
                    body="说明",
                    category=category,
                    state=MatterState.CLOSED,
                )
                db.session.add(matter)
                db.session.flush()
                db.session.add(
                    Case(
                        compound_id=self.cast.home.id,
                        matter_id=matter.id,
                        category=category,
                        title=f"充电棚{i}",
                        problem="飞线充电",
                        solution="建棚",
                        state=CaseState.PUBLISHED,
                        drafted_by_id=self.secretary.id,
                        drafted_at=now,
                        published_by_id=self.leader.id,
                        published_at=now,
                        snapshot={"figures": None},
                        search_text=f"充电棚{i} 飞线充电 建棚",
                    )
                )
            db.session.commit()
