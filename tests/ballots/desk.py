"""A vote in which slips of paper are about: who issues, enters, confirms, and who votes on them."""

import io
from typing import Any

from werkzeug.test import TestResponse

from app.people.models import Role
from tests.cast import Cast, Person, ballot
from tests.operations import PHOTO, made


class Desk:
    """Voting is open on three matters; two clerks, four voters and a batch of slips are at hand."""

    def __init__(self, cast: Cast, slips: int = 4, **changes: Any) -> None:
        self.cast, self.home = cast, cast.home
        self.secretary = cast.secretary()
        self.clerk = cast.officer(Role.GRID_WORKER)
        self.other_clerk = cast.officer(Role.BUILDING_HEAD)
        self.voters = [cast.resident(name=f"居民{i}") for i in range(4)]
        session, self.matters = cast.open_session(self.secretary, self.voters[0], **changes)
        self.id, self.closes_at = session["id"], session["voting_closes_at"]
        self.path = f"/sessions/{self.id}"
        batch = made(self.secretary.post(f"{self.path}/paper-batches", {"count": slips}))
        self.batch_id, self.serials = batch["id"], batch["serials"]

    def photo(self, by: Person) -> str:
        """The id of a photo that this person has taken."""
        path = f"/compounds/{self.home.id}/attachments"
        data = {"file": (io.BytesIO(PHOTO), "slip.png")}
        return str(made(by.post(path, data=data))["id"])

    def write(
        self,
        verb: str,
        by: Person,
        voter: Person,
        marked: tuple[str | None, ...],
        *,
        slip: int = 0,
        photos: int = 0,
        **changes: Any,
    ) -> TestResponse:
        """Enter or confirm a slip for this voter, with so many photos."""
        body = {
            "resident_id": str(voter.id),
            "attachment_ids": [self.photo(by) for _ in range(photos)],
            **ballot(*marked),
            **changes,
        }
        return by.post(f"{self.path}/paper-slips/{self.serials[slip]}/{verb}", body)

    def enter(self, voter: Person, *marked: str | None, **more: Any) -> TestResponse:
        return self.write("enter", self.clerk, voter, marked, **{"photos": 1, **more})

    def confirm(self, voter: Person, *marked: str | None, **more: Any) -> TestResponse:
        return self.write("confirm", self.other_clerk, voter, marked, **more)

    def vote(self, voter: Person, *marked: str | None, slip: int = 0) -> dict[str, Any]:
        """A whole ballot on paper."""
        made(self.enter(voter, *marked, slip=slip), 200)
        confirmed: dict[str, Any] = made(self.confirm(voter, *marked, slip=slip), 200)
        return confirmed

    def by_phone(self, voter: Person, *marked: str | None, **more: Any) -> TestResponse:
        return voter.put(f"{self.path}/ballot", {**ballot(*marked), **more})

    def end(self, verb: str, slip: int = 0, **body: Any) -> TestResponse:
        """Withdraw or void a slip."""
        path = f"{self.path}/paper-slips/{self.serials[slip]}/{verb}"
        return self.clerk.post(path, {"reason": "投票人要求", **body})

    def withdraw(self, voter: Person, version: int) -> TestResponse:
        """The voter takes the own ballot back."""
        return voter.delete(f"{self.path}/ballot", query_string={"expected_version": version})

    def states(self) -> list[str]:
        """The states of the slips, in the order of `serials`."""
        items = made(self.clerk.get(f"{self.path}/paper-slips?limit=100"), 200)["items"]
        found = {item["serial"]: item["state"] for item in items}
        return [found[serial] for serial in self.serials]

    def turnout(self) -> tuple[int, int]:
        seen = made(self.clerk.get(f"{self.path}/turnout"), 200)
        return seen["roll"], seen["returned"]

    def close(self) -> dict[str, Any]:
        return dict(made(self.secretary.post(f"{self.path}/close-voting"), 200))
