"""Whoever raised a matter corrects it, or takes it back, until a list with it is frozen."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from app.kit.extensions import db
from app.matters.frequent import NOT_COUNTED
from app.matters.models import Matter, MatterState, MatterVersion
from app.matters.services import supporters_of
from tests.cast import Cast, Person, stored
from tests.checks import moves_of, refusal
from tests.operations import made

WORDS = {"title": "路灯不亮", "body": "3栋门前", "category": "LIGHTING"}
OTHER = {"title": "路灯和门灯不亮", "body": "3栋、5栋门前", "category": "ACCESS"}


class Raised:
    """A matter, its raiser, and a neighbour."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.home = cast, f"/compounds/{cast.home.id}"
        self.secretary, self.raiser = cast.secretary(), cast.resident()
        self.neighbour = cast.resident()
        self.path = self.raise_by(self.raiser)

    def raise_by(self, person: Person) -> str:
        return f"/matters/{made(person.post(f'{self.home}/matters', WORDS))['id']}"

    def correct(self, by: Person | None = None, **changes: Any) -> Any:
        return (by or self.raiser).post(f"{self.path}/correct", {**OTHER, **changes})

    def withdraw(self, by: Person | None = None) -> Any:
        return (by or self.raiser).post(f"{self.path}/withdraw")

    def read(self, by: Person | None = None) -> dict[str, Any]:
        return dict(made((by or self.neighbour).get(self.path), 200))

    def versions(self) -> list[dict[str, Any]]:
        return list(made(self.neighbour.get(f"{self.path}/versions"), 200)["items"])

    def story(self) -> list[dict[str, Any]]:
        return list(made(self.neighbour.get(f"{self.path}/story"), 200)["entries"])

    def listed(self) -> str:
        """A frozen list with the matter on it; the session's path."""
        made(self.secretary.post(f"{self.path}/screen", {"outcome": "LISTED"}), 200)
        session = f"/sessions/{self.cast.session(self.secretary)['id']}"
        for step in ("start-collecting", "freeze-list"):
            made(self.secretary.post(f"{session}/{step}"), 200)
        return session


@pytest.fixture
def raised(cast: Cast) -> Raised:
    return Raised(cast)


def test_what_nobody_supports_is_corrected_in_place(raised: Raised):
    corrected = made(raised.correct(), 200)
    assert {name: corrected[name] for name in OTHER} == OTHER
    assert (corrected["version"], corrected["state"]) == (1, "SUBMITTED")
    assert raised.versions() == []
    told = [(entry["kind"], entry["text"]) for entry in raised.story()]
    assert told == [("RAISED", "提出「路灯和门灯不亮」"), ("CORRECTED", "提出人更正文字")]
    id_ = raised.path.rpartition("/")[2]
    last = moves_of(raised.cast.app, id_)[-1]
    assert (last.verb, last.by) == ("correct", raised.raiser.id)


def test_what_somebody_supports_is_a_new_version_and_the_earlier_one_stays(raised: Raised):
    made(raised.neighbour.put(f"{raised.path}/endorsement"), 200)
    corrected = made(raised.correct(), 200)
    assert (corrected["title"], corrected["version"]) == (OTHER["title"], 2)
    (first,) = raised.versions()
    assert {name: first[name] for name in WORDS} == WORDS
    assert first["number"] == 1
    assert datetime.fromisoformat(first["replaced_at"])
    seen = raised.read()
    assert (seen["endorsements"], seen["is_endorsed"], seen["endorsed_version"]) == (1, True, 1)
    story = raised.story()
    assert story[0]["text"] == "提出「路灯不亮」"
    (entry,) = (each for each in story if each["kind"] == "CORRECTED")
    assert entry["text"] == "提出人更正文字（第 2 版）：「路灯和门灯不亮」"
    assert entry["figures"] == {"version": 2, **OTHER}
    made(raised.correct(title="第三版"), 200)
    assert [each["number"] for each in raised.versions()] == [2, 1]
    story = [each["text"] for each in raised.story() if each["kind"] == "CORRECTED"]
    assert "「路灯和门灯不亮」" in story[0]
    assert "「第三版」" in story[1]
    # Support is given anew to the words as they are now, or taken back.
    made(raised.neighbour.put(f"{raised.path}/endorsement"), 200)
    assert raised.read()["endorsed_version"] == 3
    back = made(raised.neighbour.delete(f"{raised.path}/endorsement"), 200)
    assert (back["endorsements"], back["endorsed_version"]) == (0, None)


def test_those_who_support_it_or_raised_what_it_took_in_are_to_be_told(raised: Raised):
    merged_raiser, its_supporter = raised.cast.resident(), raised.cast.resident()
    merged = raised.raise_by(merged_raiser)
    made(its_supporter.put(f"{merged}/endorsement"), 200)
    into = raised.path.rpartition("/")[2]
    made(raised.secretary.post(f"{merged}/screen", {"outcome": "MERGED", "into": into}), 200)
    left = raised.cast.resident()
    made(left.put(f"{raised.path}/endorsement"), 200)
    made(left.delete(f"{raised.path}/endorsement"), 200)
    for person in (raised.neighbour, raised.raiser):
        made(person.put(f"{raised.path}/endorsement"), 200)
    with raised.cast.app.app_context():
        matter = db.session.scalars(select(Matter).where(Matter.merged_into_id.is_(None))).one()
        found = supporters_of(db.session(), matter)
    assert found == {merged_raiser.id, its_supporter.id, raised.neighbour.id}
    assert made(raised.correct(), 200)["version"] == 2
    assert refusal(raised.withdraw()) == (409, "others_merged")


def test_matter_is_taken_back(raised: Raised):
    made(raised.neighbour.put(f"{raised.path}/endorsement"), 200)
    assert made(raised.withdraw(), 200)["state"] == "WITHDRAWN"
    assert raised.story()[-1]["kind"] == "WITHDRAWN"
    for answer in (
        raised.withdraw(),
        raised.correct(),
        raised.neighbour.put(f"{raised.path}/endorsement"),
        raised.secretary.post(f"{raised.path}/screen", {"outcome": "LISTED"}),
    ):
        assert refusal(answer) == (409, "wrong_state")
    assert MatterState.WITHDRAWN in NOT_COUNTED


def test_only_its_raiser_does_either(raised: Raised):
    for by in (raised.neighbour, raised.secretary):
        assert refusal(raised.correct(by)) == (403, "not_the_raiser")
        assert refusal(raised.withdraw(by)) == (403, "not_the_raiser")
    assert raised.read()["title"] == WORDS["title"]


def test_frozen_list_keeps_its_words(raised: Raised):
    made(raised.secretary.post(f"{raised.path}/screen", {"outcome": "LISTED"}), 200)
    assert made(raised.correct(), 200)["state"] == "LISTED"  # screened, on no list yet
    second = Raised(raised.cast)
    session = second.listed()
    listed = made(second.secretary.get(session), 200)["matters"]
    assert [each["title"] for each in listed] == [OTHER["title"], WORDS["title"]]
    for each in (raised, second):
        assert refusal(each.correct()) == (409, "on_a_list")
        assert refusal(each.withdraw()) == (409, "on_a_list")
    made(second.secretary.post(f"{session}/cancel"), 200)
    # What was printed once stays as it was printed; it may still be taken back.
    assert refusal(second.correct()) == (409, "on_a_list")
    assert made(second.withdraw(), 200)["state"] == "WITHDRAWN"


@pytest.mark.parametrize("state", [each for each in MatterState if each != "MERGED"])
def test_states_in_which_words_may_change(raised: Raised, state: MatterState):
    with raised.cast.app.app_context():
        matter = db.session.scalars(select(Matter)).one()
        matter.state, matter.reason = state, "说明"
        db.session.commit()
    may_correct = state in (MatterState.SUBMITTED, MatterState.LISTED)
    may_withdraw = may_correct or state is MatterState.DEFERRED
    wrong = (409, "wrong_state")
    if may_correct:
        made(raised.correct(), 200)
    else:
        assert refusal(raised.correct()) == wrong
    if may_withdraw:
        made(raised.withdraw(), 200)
    else:
        assert refusal(raised.withdraw()) == wrong
    assert stored(raised.cast.app, select(MatterVersion)) == []
