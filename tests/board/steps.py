"""Steps that the tests of the board share."""

from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient

from app.board.models import NoticeKind
from app.board.services import publish
from app.compounds.models import Compound
from app.kit.clock import now
from app.kit.extensions import db
from app.kit.words import Words
from tests.cast import Cast, Person, Place, ballot

API = "/api/v1"


def feed_path(place: Place, kind: str = "compounds", form: str = "json") -> str:
    return f"{API}/board/{kind}/{place.id}/feed.{form}"


def read_feed(client: FlaskClient, place: Place, kind: str = "compounds") -> dict[str, Any]:
    answer = client.get(feed_path(place, kind))
    assert answer.status_code == 200, answer.text
    feed: dict[str, Any] = answer.json
    return feed


def announce(cast: Cast, secretary: Person, compound: Place | None = None) -> str:
    """Announce a session, which posts one notice; the notice's id."""
    session = cast.session(secretary, compound)
    assert secretary.post(f"/sessions/{session['id']}/start-collecting").status_code == 200
    feed = read_feed(secretary.client, compound or cast.home)
    newest: str = feed["items"][0]["id"].removeprefix("urn:uuid:")
    return newest


def post_notices(cast: Cast, count: int, compound: Place | None = None) -> None:
    """Put so many notices on the board of a compound, each of a session of its own."""
    with cast.app.app_context():
        place = db.session.get_one(Compound, (compound or cast.home).id)
        for number in range(1, count + 1):
            publish(
                db.session(),
                NoticeKind.SESSION_ANNOUNCED,
                place,
                uuid4(),
                title=Words(f"第 {number} 号公示", f"Notice {number}"),
                text=Words("现在开始征集问题", "Matters are collected"),
                data={"number": number},
                at=now(),
            )
            db.session.flush()
        db.session.commit()


def whole_session(cast: Cast) -> str:
    """A session from announcement to tally, extended by hand on its way; its id."""
    secretary = cast.secretary()
    voters = [cast.resident() for _ in range(3)]
    session, matters = cast.open_session(secretary, voters[0])
    path = f"/sessions/{session['id']}"
    for voter in voters:
        assert voter.put(f"{path}/ballot", ballot(*matters)).status_code == 200
    assert secretary.post(f"{path}/extend-voting").status_code == 200
    assert secretary.post(f"{path}/close-voting").json["state"] == "TALLIED"
    made: str = session["id"]
    return made
