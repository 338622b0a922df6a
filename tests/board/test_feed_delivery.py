"""How feeds are delivered: versions, 304 without items, addresses, other sites' pages."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.board.services import PAGE_SIZE
from tests.board.steps import announce, feed_path, post_notices
from tests.cast import Cast
from tests.checks import counted

FORMS = pytest.mark.parametrize("form", ["json", "atom"])


@FORMS
def test_reader_who_has_seen_it_all_costs_no_items(
    cast: Cast, app: Flask, client: FlaskClient, form: str
):
    post_notices(cast, 5)
    path = feed_path(cast.home, form=form)
    with counted(app) as first:
        seen = client.get(path)
    with counted(app) as again:
        answer = client.get(path, headers={"If-None-Match": seen.headers["ETag"]})
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == seen.headers["ETag"]
    assert any("public_notices.text" in statement for statement in first)
    assert not any("public_notices.text" in statement for statement in again)
    # What is due, the place, the version.
    assert len(again) == 3, again
    assert len(first) == (5 if form == "json" else 4), first  # Atom says nothing of objections


@FORMS
def test_version_changes_with_each_new_notice_correction_and_withdrawal(
    cast: Cast, client: FlaskClient, form: str
):
    path = feed_path(cast.home, form=form)
    secretary = cast.secretary()
    etags = [client.get(path).headers["ETag"]]
    notice = announce(cast, secretary)
    etags.append(client.get(path).headers["ETag"])
    for verb, body in (("correct", {"note": "改地点"}), ("withdraw", {"reason": "发错小区"})):
        assert secretary.post(f"/notices/{notice}/{verb}", body).status_code == 200
        etags.append(client.get(path).headers["ETag"])
    assert len(set(etags)) == 4
    for etag in etags[:-1]:
        answer = client.get(path, headers={"If-None-Match": etag})
        assert answer.status_code == 200


@FORMS
def test_version_of_a_page_minds_only_the_notices_on_it(cast: Cast, client: FlaskClient, form: str):
    """So that it costs the same in a place that has published for ten years."""
    secretary = cast.secretary()
    oldest = announce(cast, secretary)
    post_notices(cast, PAGE_SIZE + 1)
    first = feed_path(cast.home, form=form)
    before = client.get(feed_path(cast.home)).json["next_url"].partition("?")[2]
    paths = [first, f"{first}?{before}"]
    etags = [client.get(path).headers["ETag"] for path in paths]
    assert len(set(etags)) == 2
    corrected = secretary.post(f"/notices/{oldest}/correct", {"note": "改地点"})
    assert corrected.status_code == 200
    answers = [
        client.get(path, headers={"If-None-Match": etag}).status_code
        for path, etag in zip(paths, etags, strict=True)
    ]
    assert answers == [304, 200]


@FORMS
def test_version_does_not_change_with_a_notice_of_elsewhere(
    cast: Cast, client: FlaskClient, form: str
):
    path = feed_path(cast.home, form=form)
    before = client.get(path).headers["ETag"]
    post_notices(cast, 1, cast.neighbour)
    assert client.get(path).headers["ETag"] == before


def test_reader_without_etags_asks_by_time(
    cast: Cast, client: FlaskClient, travel: Callable[[datetime], None]
):
    path = feed_path(cast.home)
    post_notices(cast, 1)
    modified = client.get(path).headers["Last-Modified"]
    asked = {"If-Modified-Since": modified}
    assert client.get(path, headers=asked).status_code == 304
    travel(datetime.now(UTC) + timedelta(seconds=2))
    post_notices(cast, 1)
    assert client.get(path, headers=asked).status_code == 200


@FORMS
def test_feed_may_be_read_by_pages_of_other_sites_and_kept_a_minute(
    cast: Cast, client: FlaskClient, form: str
):
    answer = client.get(feed_path(cast.home, form=form))
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nothing_else_may_be_read_by_pages_of_other_sites(cast: Cast):
    answer = cast.resident().get(f"/compounds/{cast.home.id}/matters")
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


@FORMS
def test_short_address_leads_to_the_feed_for_good(cast: Cast, client: FlaskClient, form: str):
    answer = client.get(f"/board/compounds/{cast.home.id}/feed.{form}")
    assert answer.status_code == 308
    assert answer.headers["Location"] == feed_path(cast.home, form=form)
    followed = client.get(f"/board/compounds/{cast.home.id}/feed.{form}", follow_redirects=True)
    assert followed.data == client.get(feed_path(cast.home, form=form)).data


def test_feed_asks_for_no_token_and_minds_none(cast: Cast, client: FlaskClient):
    answer = client.get(feed_path(cast.home), headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 200
