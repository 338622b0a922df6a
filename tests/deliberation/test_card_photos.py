"""Photos on solution cards, and what they keep to themselves of an anonymous author."""

from uuid import UUID

from sqlalchemy import select

from app.attachments.models import Attachment
from app.deliberation.models import SolutionCard
from tests.attachments.files import PDF, content, image, uploaded
from tests.cast import Cast, stored
from tests.checks import Move, counted, moves_of, refusal
from tests.deliberation.steps import RoundTable, made


def test_card_shows_its_photos_everywhere(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    author, reader = table.voters[0], table.voters[1]
    ids = [uploaded(author, cast.home, name="划线.jpg")["id"]]
    ids.append(uploaded(author, cast.home, PDF, "报价.pdf")["id"])
    card = table.card(author, attachment_ids=ids[::-1])
    assert [each["id"] for each in card["attachments"]] == ids
    plain = table.card(author)
    assert plain["attachments"] == []

    read = made(reader.get(f"/cards/{card['id']}"))
    assert [each["name"] for each in read["attachments"]] == ["划线.jpg", "报价.pdf"]
    assert content(reader, read["attachments"][0]["url"]).status_code == 200
    shown = [[each["id"] for each in item["attachments"]] for item in table.cards(reader)]
    assert shown == [ids, []]
    (matter,) = table.read(reader)["agenda"]
    assert [len(each["attachments"]) for each in matter["cards"]] == [2, 0]
    rows = stored(cast.app, select(Attachment))
    assert {(row.about, str(row.about_id)) for row in rows} == {("solution_cards", card["id"])}
    assert moves_of(cast.app, ids[0])[-1] == Move("attach", None, None, author.id, card["id"])


def test_photo_of_an_anonymous_card_does_not_say_whose_it_is(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    author, reader = table.voters[0], table.voters[1]
    photo = uploaded(author, cast.home, image("PNG"), "王小明的手机.png", caption="3栋门前")
    assert photo["name"] == "王小明的手机.png"
    card = table.card(author, is_anonymous=True, attachment_ids=[photo["id"]])
    for person in (reader, table.secretary, author):
        read = made(person.get(f"/cards/{card['id']}"))
        (attachment,) = read["attachments"]
        same = made(person.get(f"/attachments/{photo['id']}"))
        assert attachment["name"] == same["name"] == "附件.png"
        assert attachment["caption"] == "3栋门前"
        answer = content(person, attachment["url"])
        assert "%E7%8E%8B" not in answer.headers["Content-Disposition"]
        for text in (
            person.get(f"/cards/{card['id']}").text,
            str(same),
            answer.headers.to_wsgi_list(),
        ):
            assert "王" not in str(text)
            assert str(author.id) not in str(text)
    (row,) = stored(cast.app, select(Attachment))
    assert row.name == "附件.png"


def test_anonymous_card_takes_no_document(cast: Cast):
    """A PDF is kept as it came, and may name its author."""
    table = RoundTable(cast, ["停车"]).start()
    author = table.voters[0]
    paper = uploaded(author, cast.home, PDF, "方案.pdf")["id"]
    photo = uploaded(author, cast.home, name="路.jpg")["id"]
    answer = table.put(author, is_anonymous=True, attachment_ids=[photo, paper])
    assert refusal(answer) == (422, "photos_only")
    assert stored(cast.app, select(SolutionCard)) == []
    rows = stored(cast.app, select(Attachment).order_by(Attachment.id))
    assert [(row.name, row.about_id) for row in rows] == [("方案.pdf", None), ("路.jpg", None)]
    made(table.put(author, attachment_ids=[photo, paper]))


def test_refused_photos_put_no_card(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    author = table.voters[0]
    good = uploaded(author, cast.home)["id"]
    foreign = uploaded(table.secretary, cast.home)["id"]
    many = [uploaded(author, cast.home)["id"] for _ in range(9)]
    for ids, code in (
        ([good, foreign], "unknown_attachment"),
        ([good, *many], "too_many_attachments"),
    ):
        for is_anonymous in (False, True):
            answer = table.put(author, attachment_ids=ids, is_anonymous=is_anonymous)
            assert refusal(answer) == (422, code)
    assert stored(cast.app, select(SolutionCard)) == []
    assert table.card(author, attachment_ids=[good])["label"] == table.cards()[0]["label"]


def test_card_of_an_ended_table_claims_no_photo(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    photo = uploaded(table.voters[0], cast.home)["id"]
    table.conclude()
    answer = table.put(table.voters[0], attachment_ids=[photo])
    assert refusal(answer) == (409, "wrong_state")
    (row,) = stored(cast.app, select(Attachment).where(Attachment.id == UUID(photo)))
    assert row.about_id is None


def test_card_again_with_the_same_key_keeps_its_photos(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    author = table.voters[0]
    body = {
        "matter_id": table.matters[0],
        "text": "划线",
        "attachment_ids": [uploaded(author, cast.home)["id"]],
    }
    cards = [
        made(author.post(f"{table.path}/cards", body, headers={"Idempotency-Key": "card-1"}))
        for _ in range(2)
    ]
    assert cards[0]["id"] == cards[1]["id"]
    assert [len(card["attachments"]) for card in cards] == [1, 1]


def test_list_with_photos_makes_no_more_queries(cast: Cast):
    table, costs = RoundTable(cast, ["停车"]).start(), []
    for count in (3, 27):
        for _ in range(count):
            author = cast.resident()
            ids = [uploaded(author, cast.home)["id"] for _ in range(2)]
            table.card(author, attachment_ids=ids)
        with counted(cast.app) as statements:
            cards = table.cards()
        assert all(len(card["attachments"]) == 2 for card in cards)
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 6
