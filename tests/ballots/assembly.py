"""A session in which an assembly is counted by hand."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from app.agenda.models import AgendaSession
from app.kit.extensions import db
from app.people.models import Role
from tests.cast import Cast, Person
from tests.operations import PHOTO, made


class Assembly:
    """Three matters are listed, the method is chosen; a clerk and two witnesses are at hand."""

    def __init__(
        self, cast: Cast, method: str | None = "HANDS", *, begun: bool = True, **changes: Any
    ) -> None:
        self.cast, self.home = cast, cast.home
        self.secretary = cast.secretary()
        self.clerk = cast.officer(Role.GRID_WORKER)
        self.voters = [cast.resident(name=f"居民{i}") for i in range(6)]
        self.witnesses = self.voters[:2]
        session = cast.session(self.secretary, **changes)
        self.id, self.opens_at = session["id"], session["voting_opens_at"]
        self.path = f"/sessions/{self.id}"
        made(self.secretary.post(f"{self.path}/start-collecting"), 200)
        cast.matters(self.secretary, self.voters[0], ("停车", "路灯", "积水"))
        listed = made(self.secretary.post(f"{self.path}/freeze-list"), 200)
        self.matters = [matter["id"] for matter in listed["matters"]]
        if method is not None:
            made(self.choose(method), 200)
            if begun:
                self.begin()

    def begin(self) -> None:
        """The time has come at which voting was to open."""
        with self.cast.app.app_context():
            opens_at = datetime.now(UTC) - timedelta(minutes=1)
            db.session.get_one(AgendaSession, UUID(self.id)).voting_opens_at = opens_at
            db.session.commit()

    def choose(self, method: str | None) -> TestResponse:
        return self.secretary.put(f"{self.path}/manual-method", {"method": method})

    def photo(self) -> str:
        path = f"/compounds/{self.home.id}/attachments"
        data = {"file": (io.BytesIO(PHOTO), "board.png")}
        return str(made(self.clerk.post(path, data=data))["id"])

    def body(self, totals: dict[tuple[int, int], int], /, **changes: Any) -> dict[str, Any]:
        """Totals by weight and position of the matter, with both witnesses."""
        return {
            "participants": 5,
            "totals": [
                {"weight": weight, "matter_id": self.matters[matter], "marks": marks}
                for (weight, matter), marks in totals.items()
            ],
            "witness_ids": [str(witness.id) for witness in self.witnesses],
            "attachment_ids": [],
            **changes,
        }

    def enter(self, totals: dict[tuple[int, int], int], /, **changes: Any) -> TestResponse:
        """Enter totals with a photo."""
        body = self.body(totals, **{"attachment_ids": [self.photo()], **changes})
        return self.clerk.put(f"{self.path}/manual-count", body)

    def confirm(self, witness: Person, seen: str | None = None) -> TestResponse:
        """Confirm what stands there now, or what was `seen`."""
        path = f"{self.path}/manual-count"
        shown = witness.get(path).json.get("totals_hash", "00" * 32)
        return witness.post(f"{path}/confirm", {"totals_hash": seen or shown})

    def conclude(self) -> TestResponse:
        return self.secretary.post(f"{self.path}/conclude-count")
