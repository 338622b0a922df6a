"""Putting, reading and supporting solution cards."""

from typing import Any

from flask import Flask
from sqlalchemy import select

from app.deliberation.models import CardSupport, SolutionCard
from app.people.models import Role
from tests.cast import Cast, stored
from tests.checks import Move, moves_of
from tests.deliberation.steps import RoundTable, made, outcome
from votes.civil_code import OWNERS_ITEMS


def test_put_card_numbers_cards_in_order(cast: Cast):
    table = RoundTable(cast)
    author = table.voters[1]
    first = table.card(author, text="清理僵尸车\n腾位", matter=2)
    second = table.card(author, matter=0)
    assert first == {
        "id": first["id"],
        "session_id": table.id,
        "matter_id": table.matters[2],
        "number": 1,
        "label": "C1",
        "text": "清理僵尸车\n腾位",
        "state": "OPEN",
        "merged_into_id": None,
        "author": "李○",
        "is_anonymous": False,
        "is_mine": True,
        "needs_owner_vote": False,
        "owner_vote_item": None,
        "owner_vote_basis": None,
        "owner_vote_basis_en": None,
        "supports": 0,
        "is_supported": False,
        "put_at": first["put_at"],
        "attachments": [],
    }
    assert second["label"] == "C2"

    rows = stored(cast.app, select(SolutionCard).order_by(SolutionCard.number))
    assert [(row.number, row.author_id, row.compound_id) for row in rows] == [
        (1, author.id, cast.home.id),
        (2, author.id, cast.home.id),
    ]
    for row in rows:
        assert moves_of(cast.app, row.id) == [Move("put", None, "OPEN", author.id, None)]


def test_numbers_begin_anew_with_each_session(cast: Cast):
    table = RoundTable(cast, ["停车"])
    assert table.card()["label"] == "C1"
    cast.community, cast.home = cast.other_community()
    assert RoundTable(cast, ["停车"]).card()["label"] == "C1"


def test_put_card_again_with_the_same_key_is_one_card(cast: Cast):
    table = RoundTable(cast, ["停车"])
    first, again = (
        made(
            table.voters[0].post(
                f"{table.path}/cards",
                {"matter_id": table.matters[0], "text": "划线"},
                headers={"Idempotency-Key": "card-1"},
            )
        )
        for _ in range(2)
    )
    assert again == first
    assert table.card()["label"] == "C2"


def test_put_card_for_a_matter_that_was_not_chosen(cast: Cast):
    """Five matters, three are chosen; a submitted one, a deferred one, one of another place."""
    secretary = cast.secretary()
    table = RoundTable(cast, ["甲", "乙", "丙", "丁"])
    raised = {"title": "漏水", "body": "屋面", "category": "LEAK_DRAIN"}
    submitted = made(table.voters[0].post(f"/compounds/{cast.home.id}/matters", raised))
    neighbour = cast.resident(cast.neighbour)
    foreign = made(neighbour.post(f"/compounds/{cast.neighbour.id}/matters", raised))
    for matter in (
        table.matters[3],
        submitted["id"],
        foreign["id"],
        "0198c0de-0000-7000-8000-00000000dead",
    ):
        body = {"matter_id": matter, "text": "划线"}
        for person in (table.voters[0], secretary):
            assert outcome(person.post(f"{table.path}/cards", body)) == "422 matter_not_chosen"
    assert stored(cast.app, select(SolutionCard)) == []


def test_put_card_that_needs_the_owners(cast: Cast):
    table = RoundTable(cast, ["停车"])
    for item, numeral in enumerate("一二三四五六七八九", start=1):
        card = table.card(owner_vote_item=item)
        assert (card["needs_owner_vote"], card["owner_vote_item"]) == (True, item)
        start = f"《民法典》第二百七十八条第一款第（{numeral}）项："
        assert card["owner_vote_basis"] == start + OWNERS_ITEMS[item].words_zh
        start = f"Civil Code 278(1)({item}): "
        assert card["owner_vote_basis_en"] == start + OWNERS_ITEMS[item].words_en


def test_an_anonymous_author_is_shown_to_nobody(cast: Cast, app: Flask):
    table = RoundTable(cast, ["停车"])
    author = cast.resident(name="欧阳明日")
    card = table.card(author, is_anonymous=True)
    path = f"/cards/{card['id']}"
    assert (card["is_mine"], card["author"], card["is_anonymous"]) == (True, None, True)
    readers = (
        table.secretary,
        table.voters[0],
        cast.officer(Role.AUDITOR),
        cast.community_secretary(),
    )
    table.start()
    for reader in readers:
        for answer in (
            reader.get(path),
            reader.get(f"{table.path}/cards"),
            reader.get(f"{table.path}/round-table"),
        ):
            assert answer.status_code == 200
            assert str(author.id) not in answer.text
            assert "欧" not in answer.text
        assert made(reader.get(path))["is_mine"] is False
    assert [each["is_mine"] for each in table.cards(author)] == [True]
    assert str(author.id) not in app.test_client().get(f"/board/compounds/{cast.home.id}").text


def test_a_named_author_is_masked(cast: Cast):
    table = RoundTable(cast, ["停车"])
    card = table.card(cast.resident(name="欧阳明日"))
    assert card["author"] == "欧○○○"
    assert [each["author"] for each in table.cards(table.secretary)] == ["欧○○○"]


def test_cards_are_listed_by_number_matter_and_state(cast: Cast):
    table = RoundTable(cast)
    put = [table.card(matter=matter) for matter in (0, 1, 0, 2, 0)]
    table.start()
    made(table.secretary.post(f"/cards/{put[2]['id']}/drop"))

    def labels(**query: Any) -> list[str]:
        return [card["label"] for card in table.cards(table.voters[0], **query)]

    assert labels() == ["C1", "C2", "C3", "C4", "C5"]
    assert labels(matter_id=table.matters[0]) == ["C1", "C3", "C5"]
    assert labels(matter_id=table.matters[0], state="OPEN") == ["C1", "C5"]
    assert labels(state="DROPPED") == ["C3"]
    first = made(table.secretary.get(f"{table.path}/cards", query_string={"limit": 2}))
    query = {"limit": 2, "cursor": first["next_cursor"]}
    second = made(table.secretary.get(f"{table.path}/cards", query_string=query))
    assert [card["label"] for card in second["items"]] == ["C3", "C4"]


def test_cards_beyond_nine_stay_in_order(cast: Cast):
    table = RoundTable(cast, ["停车"])
    for _ in range(11):
        table.card()
    labels = [card["label"] for card in table.cards()]
    assert labels == [f"C{number}" for number in range(1, 12)]


def test_support_counts_each_resident_once(cast: Cast):
    table = RoundTable(cast, ["停车"])
    path = f"/cards/{table.card()['id']}"
    for count, voter in enumerate(table.voters, start=1):
        for _ in range(2):
            card = made(voter.put(f"{path}/support"))
            assert (card["supports"], card["is_supported"]) == (count, True)
    for _ in range(2):
        card = made(table.voters[0].delete(f"{path}/support"))
        assert (card["supports"], card["is_supported"]) == (2, False)
    assert made(table.secretary.get(path))["supports"] == 2
    assert made(table.voters[0].put(f"{path}/support"))["supports"] == 3
    supports = stored(cast.app, select(CardSupport))
    assert {row.resident_id for row in supports} == {voter.id for voter in table.voters}
    assert [row.withdrawn_at for row in supports] == [None] * 3


def test_a_withdrawn_support_stays_with_its_time(cast: Cast):
    table = RoundTable(cast, ["停车"])
    path = f"/cards/{table.card()['id']}/support"
    made(table.voters[0].put(path))
    made(table.voters[0].delete(path))
    [row] = stored(cast.app, select(CardSupport))
    assert row.withdrawn_at > row.supported_at


def test_a_card_that_is_not_there(cast: Cast):
    resident, secretary = cast.resident(), cast.secretary()
    absent = "0198c0de-0000-7000-8000-00000000dead"
    path = f"/cards/{absent}"
    answers = [
        resident.get(path),
        resident.put(f"{path}/support"),
        resident.delete(f"{path}/support"),
        secretary.post(f"{path}/merge", {"into": absent}),
        secretary.post(f"{path}/adopt"),
        secretary.post(f"{path}/drop"),
        secretary.post(f"{path}/tag", {"item": 8}),
    ]
    assert [outcome(answer) for answer in answers] == ["404 not_found"] * len(answers)


def test_anonymous_author_is_not_in_the_log_either(cast: Cast):
    """Auditors, who may be neighbours, read it."""
    card = RoundTable(cast, ["停车"]).card(cast.resident(), is_anonymous=True)
    assert [move.by for move in moves_of(cast.app, card["id"])] == [None]


def test_a_card_may_be_dropped_before_the_round_table(cast: Cast):
    """It may name somebody, and the agenda prints what is open."""
    table = RoundTable(cast, ["停车"])
    card = table.card(cast.resident(), text="3栋502张某 13812345678")
    answer = table.secretary.post(f"/cards/{card['id']}/drop", {"reason": "写了他人的电话"})
    assert (answer.status_code, answer.json["state"]) == (200, "DROPPED")
