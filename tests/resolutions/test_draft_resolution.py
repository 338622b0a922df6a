"""Drafting and revising: which matter, which cards, which older resolution."""

from typing import Any

import pytest

from app.resolutions.models import Resolution
from tests.cast import Cast, stored
from tests.checks import refusal, refused_fields
from tests.resolutions.stage import Stage, Travel, body_of

NOWHERE = "0198c0de-0000-7000-8000-000000000001"


@pytest.fixture
def stage(cast: Cast, travel: Travel) -> Stage:
    return Stage(cast, travel)


def _draft(stage: Stage, **changes: Any) -> tuple[int, str]:
    return refusal(stage.secretary.post(f"{stage.path}/resolutions", stage.words(**changes)))


def _revise(stage: Stage, resolution: dict[str, Any], **changes: Any) -> Any:
    words = stage.words(**changes)
    del words["matter_id"]
    return stage.secretary.put(f"/resolutions/{resolution['id']}", words)


def test_drafts_are_numbered_and_listed_in_order(stage: Stage):
    drafts = [stage.draft(matter) for matter in (2, 0, 1)]
    assert [draft["label"] for draft in drafts] == ["决议1", "决议2", "决议3"]
    first = body_of(stage.voters[0].get(f"{stage.path}/resolutions?limit=2"))
    rest = stage.voters[0].get(
        f"{stage.path}/resolutions", query_string={"cursor": first["next_cursor"]}
    )
    assert [*first["items"], *body_of(rest)["items"]] == drafts


def test_same_key_drafts_once(cast: Cast, stage: Stage):
    path, headers = f"{stage.path}/resolutions", {"Idempotency-Key": "once"}
    first, again = (stage.secretary.post(path, stage.words(), headers=headers) for _ in range(2))
    assert body_of(first, 201)["id"] == body_of(again, 201)["id"]
    assert len(stored(cast.app, Resolution.__table__.select())) == 1


def test_draft_carries_adopted_cards_of_its_matter(stage: Stage):
    cards = [stage.card("划黄线"), stage.card("改花坛", item=8)]
    draft = stage.draft(cards=[*cards, cards[0]])
    assert [(card["label"], card["owner_vote_item"]) for card in draft["cards"]] == [
        ("C1", None),
        ("C2", 8),
    ]


def test_card_that_is_not_adopted_or_of_another_matter_is_refused(stage: Stage):
    put = {"matter_id": stage.matters[0], "text": "未处理"}
    open_card = body_of(stage.voters[0].post(f"{stage.path}/cards", put), 201)["id"]
    for card in (open_card, stage.card(matter=1), NOWHERE):
        assert _draft(stage, cards=[card]) == (422, "invalid_cards")


def test_card_belongs_to_one_resolution_until_that_comes_to_nothing(stage: Stage):
    card = stage.card()
    first, second = stage.draft(cards=[card]), stage.draft()
    assert _draft(stage, cards=[card]) == (409, "card_taken")
    assert refusal(_revise(stage, second, cards=[card])) == (409, "card_taken")
    assert body_of(_revise(stage, first, cards=[card]))["cards"]  # its own stays its own
    body_of(stage.do(first, "shelve", reason="另拟"))
    assert body_of(_revise(stage, second, cards=[card]))["cards"][0]["id"] == card


def test_revision_replaces_words_and_cards(stage: Stage):
    old, new = stage.card("划黄线"), stage.card("装隔离桩")
    draft = stage.draft(cards=[old])
    revised = body_of(_revise(stage, draft, cards=[new], title="改题", text="改文"))
    assert (revised["title"], revised["text"]) == ("改题", "改文")
    assert [card["id"] for card in revised["cards"]] == [new]
    assert stage.read(draft) == revised


def test_matter_that_the_session_did_not_choose_is_refused(cast: Cast, stage: Stage):
    other = cast.matters(stage.secretary, stage.voters[0], ["没有入选"])[0]
    for matter_id in (other, NOWHERE):
        assert _draft(stage, matter_id=matter_id) == (422, "matter_not_chosen")


def test_draft_after_the_round_table_is_refused(stage: Stage):
    body_of(stage.secretary.post(f"{stage.path}/conclude-meeting"))
    assert _draft(stage) == (409, "wrong_state")


def test_only_a_resolution_in_force_here_can_be_superseded(stage: Stage):
    passed = stage.passed()
    for older in (passed["id"], NOWHERE):
        assert _draft(stage, supersedes_id=older) == (422, "invalid_superseded")


UGLY: list[tuple[dict[str, Any], str]] = [
    ({"title": " "}, "title"),
    ({"title": "长" * 81}, "title"),
    ({"title": "两\n行"}, "title"),
    ({"text": "\x00"}, "text"),
    ({"text": None}, "text"),
    ({"text": "长" * 5001}, "text"),
    ({"matter_id": "M01"}, "matter_id"),
    ({"card_ids": ["C1"]}, "card_ids.0"),
    ({"card_ids": [NOWHERE] * 101}, "card_ids"),
    ({"supersedes_id": 1}, "supersedes_id"),
    ({"state": "PASSED"}, "state"),
    ({"yes": 18}, "yes"),
]


def test_ugly_draft_is_refused(stage: Stage):
    path = f"{stage.path}/resolutions"
    found = [
        refused_fields(stage.secretary.post(path, {**stage.words(), **changes}))
        for changes, _ in UGLY
    ]
    assert found == [[where] for _, where in UGLY]


def test_longest_words_are_taken(stage: Stage):
    draft = stage.draft(title="长" * 80, text="😀" * 5000)
    assert stage.read(draft)["text"] == "😀" * 5000
