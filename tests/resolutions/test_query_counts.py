"""Lists and single reads make as many queries for many resolutions as for few."""

import pytest

from tests.cast import Cast
from tests.checks import counted
from tests.resolutions.stage import Stage, Travel, body_of


@pytest.fixture
def stage(cast: Cast, travel: Travel) -> Stage:
    return Stage(cast, travel)


def test_list_makes_as_many_queries_for_thirty_as_for_three(cast: Cast, stage: Stage):
    cards = [stage.card(f"方案{i}", i % 3) for i in range(30)]
    made, sizes = 0, []
    for wanted in (3, 30):
        for i in range(made, wanted):
            draft = stage.draft(i % 3, [cards[i]])
            body_of(stage.do(draft, "review-request"))
        made = wanted
        with counted(cast.app) as sent:
            items = body_of(stage.secretary.get(f"{stage.path}/resolutions"))["items"]
        assert all(item["cards"] and item["review"] for item in items)
        sizes.append((len(items), len(sent)))
    assert sizes == [(3, 5), (30, 5)]


def test_feed_makes_as_many_queries_for_many_notices_as_for_one(cast: Cast, stage: Stage):
    path = f"/board/compounds/{cast.home.id}/feed.json"
    with counted(cast.app) as few:
        body_of(stage.secretary.get(path))
    for _ in range(5):
        body_of(stage.do(stage.passed(), "publish"))
    with counted(cast.app) as many:
        assert len(body_of(stage.secretary.get(path))["items"]) > 5
    assert len(many) == len(few)
