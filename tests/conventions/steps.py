"""A compound whose round table has passed a resolution, and conventions brought to each state."""

from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from app.board.models import PublicNotice
from app.conventions.models import Convention, ConventionResolution, ConventionVersion, VersionState
from app.conventions.texts.clauses import Clause, ConventionFlag, OfficialOwnerVote
from app.kit.audit import AuditEntry
from app.kit.extensions import db
from app.kit.orm import table_of
from app.people.models import Role
from tests.cast import Cast, Person
from tests.resolutions.stage import PUBLISHED, TERM_END, Stage, Travel, body_of

CLAUSES = [{"text": "消防通道和黄线内不停车。"}, {"text": "花坛改车位。", "owner_vote_item": 8}]
FINED = [{"text": "乱停车的罚款五十元。"}]
NEXT_MONTH = "2026-05-20T10:00+08:00"
NEXT_TERM_END = "2026-05-28T00:00:00+08:00"
SELF, PACT, COVENANT = "SELF_DISCIPLINE", "RESIDENT_PACT", "OWNER_COVENANT"
MEETING = {"minutes_ref": "居民会议纪要第2号", "roll": 60, "present": 41, "yes": 36, "no": 3}
# 278: two thirds of both take part, three quarters of those say yes.
OWNERS = {
    "official_ref": "电子投票系统 2026-0415",
    "area_all": 147200,
    "area_part": 128800,
    "area_yes": 100850,
    "heads_all": 15,
    "heads_part": 13,
    "heads_yes": 10,
}


class Desk:
    """香樟苑 with one passed resolution, and everybody who has a say in its conventions."""

    def __init__(self, cast: Cast, travel: Travel, stage: Stage | None = None) -> None:
        self.cast = cast
        self.stage = stage or Stage(cast, travel)
        self.resolution = self.stage.passed()["id"]
        self.community = cast.community_secretary()
        self.street = cast.officer(Role.SUBDISTRICT_OFFICER, level="subdistrict")
        self.director = cast.officer(Role.OC_DIRECTOR)
        self.path = f"/compounds/{cast.home.id}/conventions"

    @property
    def secretary(self) -> Person:
        return self.stage.secretary

    def go(self, to: str) -> None:
        """Travel, and let everybody log in again."""
        self.stage.go(to)
        self.community = self.cast.logged_in_anew(self.community)
        self.street = self.cast.logged_in_anew(self.street)
        self.director = self.cast.logged_in_anew(self.director)

    def words(self, **changes: Any) -> dict[str, Any]:
        """What a version is made from."""
        return {
            "title": "停车规约",
            "clauses": CLAUSES,
            "resolution_ids": [self.resolution],
            **changes,
        }

    def reviewer(self, legal_type: str) -> Person:
        return self.community if legal_type == SELF else self.street

    def draft(self, legal_type: str = SELF, **changes: Any) -> dict[str, Any]:
        body = {"legal_type": legal_type, **self.words(**changes)}
        version: dict[str, Any] = body_of(self.secretary.post(self.path, body), 201)
        return version

    def do(
        self, version: dict[str, Any], verb: str, by: Person | None = None, **body: Any
    ) -> TestResponse:
        path = f"/convention-versions/{version['id']}/{verb}"
        return (by or self.secretary).post(path, body or None)

    def read(self, version: dict[str, Any]) -> dict[str, Any]:
        path = f"/convention-versions/{version['id']}"
        seen: dict[str, Any] = body_of(self.secretary.get(path))
        return seen

    def decide(self, version: dict[str, Any], verb: str = "clear", number: int = 0) -> TestResponse:
        """Decide on one of the version's flags."""
        flag = self.read(version)["flags"][number]["id"]
        by = self.reviewer(version["legal_type"])
        return self.do(version, f"flags/{flag}/{verb}", by, reason="只是声明")

    def approve(self, version: dict[str, Any], by: Person | None = None) -> TestResponse:
        by = by or self.reviewer(version["legal_type"])
        return self.do(version, "review", by, opinion="APPROVED")

    def vote(self, version: dict[str, Any]) -> TestResponse:
        """The vote that a pact or a covenant needs."""
        if version["legal_type"] == PACT:
            return self.do(version, "record-vote", self.community, **MEETING, abstain=2)
        return self.do(version, "record-owner-vote", self.director, **OWNERS)

    def voted(self, legal_type: str = SELF, **changes: Any) -> dict[str, Any]:
        return self.carry(self.draft(legal_type, **changes))

    def carry(self, version: dict[str, Any]) -> dict[str, Any]:
        """A draft without flagged words, reviewed and voted."""
        body_of(self.do(version, "submit"))
        body_of(self.approve(version))
        if version["legal_type"] != SELF:
            body_of(self.vote(version))
        return self.read(version)

    def noticed(self, legal_type: str = SELF, **changes: Any) -> dict[str, Any]:
        """A version published on 2026-03-30 for the seven days of the example, with the resolution
        that it rests on."""
        version = self.voted(legal_type, **changes)
        self.go(PUBLISHED)
        self.publish_resolution(self.resolution)
        published: dict[str, Any] = body_of(self.do(version, "publish"))
        return published

    def in_force(self, legal_type: str = SELF, **changes: Any) -> dict[str, Any]:
        version = self.noticed(legal_type, **changes)
        if legal_type == PACT:
            body_of(self.do(version, "file", self.street, filing_ref="备〔2026〕3号"))
        self.go(TERM_END)
        seen = self.read(version)
        assert seen["state"] == "IN_FORCE"
        return seen

    def pass_another(self, matter: int = 1) -> str:
        """Another resolution of the same round table, on the board."""
        resolution = str(self.stage.passed(matter)["id"])
        self.publish_resolution(resolution)
        return resolution

    def publish_resolution(self, resolution: str) -> None:
        """Put a passed resolution on the board, if it does not stand there yet."""
        if self.stage.read({"id": resolution})["state"] == "PASSED":
            body_of(self.secretary.post(f"/resolutions/{resolution}/publish"))

    def amend(self, version: dict[str, Any], **body: Any) -> TestResponse:
        body = body or {"resolution_ids": [self.pass_another()]}
        return self.secretary.post(f"/conventions/{version['convention_id']}/amend", body)

    def repeal(self, version: dict[str, Any], **body: Any) -> TestResponse:
        body = {"reason": "已由新规约代替", **(body or {"resolution_id": self.pass_another(2)})}
        return self.secretary.post(f"/conventions/{version['convention_id']}/repeal", body)

    def attach(self, clause: dict[str, Any], **changes: Any) -> TestResponse:
        """The owners' vote on a clause."""
        return self.director.post(f"/clauses/{clause['id']}/owner-vote", {**OWNERS, **changes})

    def at(self, state: VersionState) -> dict[str, Any]:
        """A version brought to this state by the API; a pact where it is FILED."""
        if state is VersionState.FILED:
            pact = self.noticed(PACT)
            filed: dict[str, Any] = body_of(
                self.do(pact, "file", self.street, filing_ref="备〔2026〕3号")
            )
            return filed
        if state in (VersionState.DRAFT, VersionState.REVIEW, VersionState.WITHDRAWN):
            version = self.draft()
            if state is VersionState.REVIEW:
                body_of(self.do(version, "submit"))
            elif state is VersionState.WITHDRAWN:
                body_of(self.do(version, "withdraw", reason="并入下月"))
            return self.read(version)
        if state is VersionState.VOTED:
            return self.voted()
        if state is VersionState.NOTICED:
            return self.noticed()
        version = self.in_force()
        if state is VersionState.AMENDED:
            newer = body_of(self.amend(version), 201)
            self.go(NEXT_MONTH)
            body_of(self.do(self.carry(newer), "publish"))
            self.go(NEXT_TERM_END)
        elif state is VersionState.REPEALED:
            self.go(NEXT_MONTH)
            body_of(self.repeal(version))
            self.go(NEXT_TERM_END)
        return self.read(version)

    def notices(self, kind: str) -> list[dict[str, Any]]:
        """The compound's notices of this kind, newest first, as items of its feed."""
        return self.stage.notices(kind)

    def rows(self) -> dict[str, list[Any]]:
        """Every row that a convention leaves, as it is stored."""
        tables = (
            Convention,
            ConventionVersion,
            Clause,
            ConventionFlag,
            ConventionResolution,
            OfficialOwnerVote,
            PublicNotice,
            AuditEntry,
        )
        with self.cast.app.app_context():
            engine = db.engine
        with engine.connect() as connection:
            return {
                table.__tablename__: sorted(map(str, connection.execute(select(table_of(table)))))
                for table in tables
            }
