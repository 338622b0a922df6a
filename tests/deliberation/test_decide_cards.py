"""What the round table does with cards: merge, adopt, drop, tag."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.deliberation.models import CARD_MOVES, CardState, SolutionCard
from app.kit.errors import WrongState
from app.matters.models import Matter, MatterState
from tests.cast import Cast, Person, stored
from tests.checks import Move, moves_of
from tests.deliberation.steps import RoundTable, made, outcome


def support(card: dict[str, Any], *people: Person) -> None:
    for person in people:
        made(person.put(f"/cards/{card['id']}/support"))


def merge(table: RoundTable, card: dict[str, Any], into: dict[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = made(
        table.secretary.post(f"/cards/{card['id']}/merge", {"into": into["id"]})
    )
    return merged


def by_label(table: RoundTable, person: Person) -> dict[str, tuple[str, int, bool]]:
    return {
        card["label"]: (card["state"], card["supports"], card["is_supported"])
        for card in table.cards(person)
    }


def test_merge_counts_supports_of_both_once(cast: Cast):
    table = RoundTable(cast, ["停车"])
    one, two = table.card(), table.card()
    anna, ben, carl = table.voters
    support(one, anna, ben)
    support(two, ben, carl)
    table.start()
    merged = merge(table, two, one)
    assert (merged["state"], merged["merged_into_id"]) == ("MERGED", one["id"])
    assert by_label(table, carl) == {"C1": ("OPEN", 3, True), "C2": ("MERGED", 0, False)}

    move = Move("merge", "OPEN", "MERGED", table.secretary.id, "C2 > C1")
    assert moves_of(cast.app, two["id"])[1:] == [move]


def test_what_was_merged_follows_its_card(cast: Cast):
    table = RoundTable(cast, ["停车"])
    cards = [table.card() for _ in range(3)]
    for card, voter in zip(cards, table.voters, strict=True):
        support(card, voter)
    table.start()
    merge(table, cards[2], cards[1])
    merge(table, cards[1], cards[0])
    assert [card["merged_into_id"] for card in table.cards()] == [
        None,
        cards[0]["id"],
        cards[0]["id"],
    ]
    assert by_label(table, table.voters[2])["C1"] == ("OPEN", 3, True)


def test_support_of_a_merged_card_can_be_withdrawn_at_its_target(cast: Cast):
    table = RoundTable(cast, ["停车"])
    one, two = table.card(), table.card()
    anna = table.voters[0]
    support(one, anna)
    support(two, anna)
    table.start()
    merge(table, two, one)
    after = made(anna.delete(f"/cards/{one['id']}/support"))
    assert (after["supports"], after["is_supported"]) == (0, False)


def test_merge_into_what_cannot_stand_for_it(cast: Cast):
    table = RoundTable(cast)
    card, other, adopted, dropped, merged = (table.card() for _ in range(5))
    elsewhere = table.card(matter=1)
    table.start()
    made(table.secretary.post(f"/cards/{adopted['id']}/adopt"))
    made(table.secretary.post(f"/cards/{dropped['id']}/drop"))
    merge(table, merged, other)
    home = cast.home
    cast.community, cast.home = cast.other_community()
    foreign = RoundTable(cast, ["停车"]).card()
    cast.home = home

    nowhere = {"id": "0198c0de-0000-7000-8000-00000000dead"}
    for target in (card, adopted, dropped, merged, elsewhere, foreign, nowhere):
        body = {"into": target["id"]}
        answer = table.secretary.post(f"/cards/{card['id']}/merge", body)
        assert outcome(answer) == "422 invalid_card_target"
    [row] = stored(cast.app, select(SolutionCard).where(SolutionCard.id == UUID(card["id"])))
    assert (row.state, row.merged_into_id) == (CardState.OPEN, None)


def test_first_adopted_card_makes_the_matter_deliberated(cast: Cast):
    table = RoundTable(cast)
    cards = [table.card(), table.card(), table.card(matter=1)]
    table.start()
    for card in cards[:2]:
        assert made(table.secretary.post(f"/cards/{card['id']}/adopt"))["state"] == "ADOPTED"
        states = [matter["state"] for matter in table.read()["agenda"]]
        assert states == ["DELIBERATED", "SELECTED", "SELECTED"]
    assert table.card()["label"] == "C4"  # more may be put for it

    by = table.secretary.id
    for card in cards[:2]:
        assert moves_of(cast.app, card["id"])[1:] == [Move("adopt", "OPEN", "ADOPTED", by, None)]
    deliberated = [m for m in moves_of(cast.app, table.matters[0]) if m.to_state == "DELIBERATED"]
    assert deliberated == [Move("deliberate", "SELECTED", "DELIBERATED", by, "C1")]
    rows = {str(row.id): row.state for row in stored(cast.app, select(Matter))}
    assert rows[table.matters[0]] is MatterState.DELIBERATED


@pytest.mark.parametrize(("body", "reason"), [(None, None), ({"reason": "没有钱"}, "没有钱")])
def test_drop_leaves_the_matter_as_it_is(
    cast: Cast, body: dict[str, str] | None, reason: str | None
):
    table = RoundTable(cast, ["停车"])
    card = table.card()
    table.start()
    assert made(table.secretary.post(f"/cards/{card['id']}/drop", body))["state"] == "DROPPED"
    assert table.read()["agenda"][0]["state"] == "SELECTED"
    move = Move("drop", "OPEN", "DROPPED", table.secretary.id, reason)
    assert moves_of(cast.app, card["id"])[1:] == [move]


def test_tag_changes_and_takes_away_the_item(cast: Cast):
    table = RoundTable(cast, ["停车"])
    card_id = table.card()["id"]
    for item in (8, 7, None):
        card = made(table.secretary.post(f"/cards/{card_id}/tag", {"item": item}))
        assert (card["owner_vote_item"], card["needs_owner_vote"]) == (item, item is not None)
    assert (card["owner_vote_basis"], card["owner_vote_basis_en"]) == (None, None)
    assert moves_of(cast.app, card_id)[1:] == [
        Move("tag", "OPEN", "OPEN", table.secretary.id, f"278: {change}")
        for change in ("- > 8", "8 > 7", "7 > -")
    ]


def other() -> SolutionCard:
    return SolutionCard(id=UUID(int=2))


VERBS = {
    CardState.MERGED: lambda card: card.merge_into(other()),
    CardState.ADOPTED: lambda card: card.adopt(),
    CardState.DROPPED: lambda card: card.drop(),
}


@pytest.mark.parametrize("origin", CardState)
@pytest.mark.parametrize("target", VERBS)
def test_card_moves_are_the_table(origin: CardState, target: CardState):
    card = SolutionCard(id=UUID(int=1), state=origin)
    if target in CARD_MOVES[origin]:
        VERBS[target](card)
        assert card.state is target
    else:
        with pytest.raises(WrongState):
            VERBS[target](card)
        assert (card.state, card.merged_into_id) == (origin, None)
