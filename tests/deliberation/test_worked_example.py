"""The round table of 香樟苑, March 2026: section 11 of the domain notes, over HTTP."""

from typing import Any

from app.people.models import Role
from tests.cast import Cast, Person, ballot
from tests.deliberation.steps import RoundTable, made
from tests.votes.worked_example import SLIPS, TITLES

CARDS = {
    "M01": [
        "清理僵尸车 8 辆，腾位",
        "与隔壁学校谈夜间错时车位 40 个",
        "车位编号，访客登记限时 2 小时",
        "消防通道划黄线、装隔离桩",
        "中心花坛改 12 个车位",
    ],
    "M04": [
        "原自行车棚改充电棚，60 个充电口",
        "清理飞线 17 处",
        "电费公开、按度计价",
        "上楼电瓶劝导队",
    ],
    "M02": ["请电梯公司做采光实测", "一楼不出资、逐层递增分摊", "先做单元意向、再依法表决"],
}
ADOPTED = ["C1", "C2", "C3", "C4", "C6", "C7", "C8", "C9", "C10", "C11", "C12"]
OFFICERS = (
    Role.COMMUNITY_SECRETARY,
    Role.GRID_WORKER,
    Role.PROPERTY_MANAGER,
    Role.SUBDISTRICT_OFFICER,
    Role.DEPARTMENT,
    Role.DEPARTMENT,
    Role.DEPARTMENT,
)


class March(RoundTable):
    """The session after its vote: a roll of 24, 21 ballots, three of ten matters chosen."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.secretary = cast.secretary()
        self.voters = [cast.resident(name=f"代表{number}") for number in range(24)]
        roll = [str(voter.id) for voter in self.voters]
        session, matters = cast.open_session(
            self.secretary, self.voters[0], list(TITLES.values()), mode="ROSTER", roll=roll
        )
        self.by_label = dict(zip(TITLES, matters, strict=True))
        self.id, self.path = session["id"], f"/sessions/{session['id']}"
        for voter, slip in zip(self.voters, SLIPS.values(), strict=False):
            marks = ballot(*(self.by_label.get(label) for label in slip.split()))
            made(voter.put(f"{self.path}/ballot", marks))
        made(self.secretary.post(f"{self.path}/close-voting"))
        self.matters = [self.by_label[label] for label in CARDS]

    def decide(self, verb: str, card: dict[str, Any], body: Any = None) -> None:
        made(self.secretary.post(f"/cards/{card['id']}/{verb}", body))

    def support(self, card: dict[str, Any], *people: Person) -> None:
        for person in people:
            made(person.put(f"/cards/{card['id']}/support"))


def test_march_round_table(cast: Cast):
    table = March(cast)
    assert [matter["label"] for matter in table.read()["agenda"]] == ["M01", "M04", "M02"]

    manager = cast.officer(Role.PROPERTY_MANAGER)
    put = [
        table.card(table.voters[number] if number else manager, text=text, matter=place)
        for place, texts in enumerate(CARDS.values())
        for number, text in enumerate(texts)
    ]
    assert [card["label"] for card in put] == [f"C{number}" for number in range(1, 13)]
    cards = {card["label"]: card for card in put}
    table.decide("tag", cards["C5"], {"item": 8})
    double = table.card(table.voters[20], text="车棚里多装充电口", matter=1, is_anonymous=True)
    table.support(cards["C6"], *table.voters[:9])
    table.support(double, *table.voters[6:12])

    table.start()
    for voter in table.voters[:21]:
        table.secretary.post(f"{table.path}/attendance", {"resident_id": str(voter.id)})
    code = made(table.secretary.get(f"{table.path}/attendance-code"))["code"]
    for role in OFFICERS:
        made(cast.officer(role).post(f"{table.path}/attendance", {"code": code}))
    assert table.read()["attendance"] == {"roll": 24, "on_roll": 21, "others": 7}

    table.decide("merge", double, {"into": cards["C6"]["id"]})
    for label in ADOPTED:
        table.decide("adopt", cards[label])

    read = table.read(table.voters[7])
    assert [matter["state"] for matter in read["agenda"]] == ["DELIBERATED"] * 3
    seen = {card["label"]: card for matter in read["agenda"] for card in matter["cards"]}
    assert [label for label, card in seen.items() if card["state"] == "ADOPTED"] == ADOPTED
    assert (seen["C6"]["supports"], seen["C6"]["is_supported"]) == (12, True)
    assert (seen["C13"]["state"], seen["C13"]["author"]) == ("MERGED", None)
    flower_bed = seen["C5"]
    assert (flower_bed["state"], flower_bed["needs_owner_vote"]) == ("OPEN", True)
    assert "改变共有部分的用途" in flower_bed["owner_vote_basis"]
    assert not any(card["needs_owner_vote"] for label, card in seen.items() if label != "C5")
