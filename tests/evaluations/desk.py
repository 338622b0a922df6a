"""A place where work is judged: what `tests.works.site` does, and the answers to it."""

from datetime import datetime, timedelta
from typing import Any

from werkzeug.test import TestResponse

from app.works.orders.models import OrderState
from tests.cast import Cast, Person
from tests.works.site import Site, Travel, body_of

GOOD = {"solved": True, "satisfaction": "SATISFIED"}
POOR = {"solved": True, "satisfaction": "NOT"}
UNSOLVED = {"solved": False, "satisfaction": "NOT"}


class Desk(Site):
    """香樟苑 on a Wednesday in March 2026; `resident` has raised its matters."""

    def __init__(self, cast: Cast, travel: Travel, begin: str = "2026-03-04T09:00:00+08:00"):
        super().__init__(cast, travel, begin)
        self.neighbours: list[Person] = []

    def go(self, to: str) -> None:
        super().go(to)
        self.neighbours = [self.cast.logged_in_anew(each) for each in self.neighbours]

    def people_move_in(self, number: int) -> list[Person]:
        """More verified residents."""
        new = [self.cast.resident(name=f"邻居{i}") for i in range(number)]
        self.neighbours += new
        return new

    def verified(self, matter: str | None = None, **changes: Any) -> dict[str, Any]:
        """An order that was checked; with the only order of a matter the matter is done."""
        return self.order(OrderState.VERIFIED, matter, **changes)

    def say(self, work: dict[str, Any], by: Person | None = None, **words: Any) -> TestResponse:
        """Answer about an order or a whistle."""
        kind = "whistles" if "ground" in work else "orders"
        path = f"/{kind}/{work['id']}/follow-ups"
        return (by or self.resident).post(path, {**GOOD, **words})

    def enter(self, work: dict[str, Any], by: Person, **words: Any) -> TestResponse:
        """Enter what the raiser said."""
        kind = "whistles" if "ground" in work else "orders"
        path = f"/{kind}/{work['id']}/follow-ups/taken"
        return by.post(path, {**GOOD, "channel": "PHONE_CALL", **words})

    def done(self, answer: dict[str, Any] | None = GOOD) -> str:
        """A matter whose only order is checked, and answered about; its id."""
        order = self.verified()
        if answer is not None:
            body_of(self.say(order, **answer), 201)
        return str(order["matter_id"])

    def ask(self, subject: str, days: int = 7, **changes: Any) -> dict[str, Any]:
        """Open a round on a matter (or on another subject, by its path)."""
        path = subject if subject.startswith("/") else f"/matters/{subject}"
        body = {"closes_at": self.later(days), **changes}
        opened = self.secretary.post(f"{path}/evaluation-rounds", body)
        return dict(body_of(opened, 201))

    def later(self, days: int) -> str:
        """So many days from the present moment of the tests."""
        return (datetime.now().astimezone() + timedelta(days=days)).isoformat()

    def judge(self, asked: dict[str, Any], by: Person, **words: Any) -> TestResponse:
        return by.put(f"/evaluation-rounds/{asked['id']}/answer", {**GOOD, **words})

    def read_round(self, asked: dict[str, Any]) -> dict[str, Any]:
        return dict(body_of(self.resident.get(f"/evaluation-rounds/{asked['id']}")))

    def evaluations(self, matter: str) -> list[dict[str, Any]]:
        """What became of a matter each time, newest first."""
        seen = body_of(self.resident.get(f"/matters/{matter}/evaluations"))
        return list(seen["items"])
