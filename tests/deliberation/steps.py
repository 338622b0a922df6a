"""A round table and the people at it, brought to a step by the API."""

from collections.abc import Sequence
from typing import Any

from werkzeug.test import TestResponse

from app.deliberation.models import CHECKLIST
from tests.cast import Cast, Person, ballot

TITLES = ("停车", "路灯", "积水")


def made(answer: TestResponse) -> Any:
    """The body of an answer that must be a success."""
    assert answer.status_code in (200, 201), answer.text
    return answer.json


def outcome(answer: TestResponse) -> str:
    """Status and code of an answer, e.g. `409 wrong_state`; of a success the status alone."""
    status = str(answer.status_code)
    return status if answer.status_code < 400 else f"{status} {answer.json['code']}"


class RoundTable:
    """A session of 香樟苑 that chose `titles`: three voters gave them 5, 3 and 1 points."""

    def __init__(self, cast: Cast, titles: Sequence[str] = TITLES, **plan: Any) -> None:
        self.cast = cast
        self.secretary = cast.secretary()
        self.voters = [cast.resident(name=name) for name in ("王小明", "李芳", "赵大海")]
        session, self.matters = cast.open_session(self.secretary, self.voters[0], titles, **plan)
        self.id = session["id"]
        self.path = f"/sessions/{self.id}"
        if session["state"] == "VOTING":
            for voter in self.voters:
                made(voter.put(f"{self.path}/ballot", ballot(*self.matters)))
            assert made(self.secretary.post(f"{self.path}/close-voting"))["state"] == "TALLIED"

    def invite_all(self) -> "RoundTable":
        """One name for each kind of the checklist."""
        for kind in CHECKLIST:
            body = {"kind": kind, "name": f"{kind}代表"}
            made(self.secretary.post(f"{self.path}/invitations", body))
        return self

    def start(self) -> "RoundTable":
        """The meeting is on."""
        self.invite_all()
        assert made(self.secretary.post(f"{self.path}/start-meeting"))["state"] == "MEETING"
        return self

    def conclude(self) -> None:
        """The meeting has ended without a resolution."""
        ended = made(self.secretary.post(f"{self.path}/conclude-meeting"))
        assert ended["state"] == "RESOLVED"

    def put(self, person: Person, text: str = "划线", matter: int = 0, **more: Any) -> TestResponse:
        """Put a card for the matter of this place in the tally."""
        body = {"matter_id": self.matters[matter], "text": text, **more}
        return person.post(f"{self.path}/cards", body)

    def card(self, person: Person | None = None, text: str = "划线", **more: Any) -> dict[str, Any]:
        """A card that was put, as its author sees it."""
        card: dict[str, Any] = made(self.put(person or self.voters[0], text, **more))
        return card

    def cards(self, person: Person | None = None, **query: Any) -> list[dict[str, Any]]:
        """The first page of cards, as somebody sees it."""
        reader = person or self.secretary
        cards: list[dict[str, Any]] = made(
            reader.get(f"{self.path}/cards", query_string={"limit": 100, **query})
        )["items"]
        return cards

    def read(self, person: Person | None = None) -> dict[str, Any]:
        """The round table as somebody sees it."""
        seen: dict[str, Any] = made((person or self.secretary).get(f"{self.path}/round-table"))
        return seen
