"""What is overdue is reported upwards by the clock, once for each term and level."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.kit.extensions import db
from app.kit.orm import new_id
from app.works.due import ORDERS, WHISTLES
from app.works.escalations import Escalation, MissedStep
from app.works.orders.models import OrderState, WorkOrder
from app.works.whistles.models import Whistle, WhistleState
from tests.cast import Cast, stored
from tests.checks import moves_of
from tests.works.site import WORDS, Site, Travel, body_of

S, W = OrderState, WhistleState


@pytest.fixture
def site(cast: Cast, travel: Travel) -> Site:
    return Site(cast, travel)


def escalations(cast: Cast) -> list[tuple[str, int, str]]:
    """Step, level and local due day of every row."""
    rows = stored(cast.app, select(Escalation).order_by(Escalation.id))
    return [(row.step.value, row.level, f"{row.due_at:%m-%d}") for row in rows]


def finalise(cast: Cast) -> str:
    return cast.app.test_cli_runner().invoke(args=["finalise"]).output


def test_overdue_order_is_reported_twice_and_no_more(cast: Cast, site: Site):
    order = site.order(S.ACCEPTED, due_on="2026-03-05")
    site.go("2026-03-05T23:59:58+08:00")
    assert site.read(order)["escalation_level"] == 0
    site.go("2026-03-06T00:00:00+08:00")
    for _ in range(2):
        late = site.read(order)
        assert (late["is_overdue"], late["escalation_level"]) == (True, 1)
    (notice,) = site.notices("ORDER_OVERDUE")
    assert notice["title"] == "任务单 W1「换路灯6盏」逾期未办结"
    assert "期限：2026-03-05 24:00，尚未办结，已报社区" in notice["content_text"]
    # Due on Thursday the 5th; three working days later is Tuesday the 10th.
    site.go("2026-03-10T23:59:58+08:00")
    assert site.read(order)["escalation_level"] == 1
    site.go("2026-03-11T00:00:00+08:00")
    assert site.read(order)["escalation_level"] == 2
    site.go("2026-04-30T00:00:00+08:00")
    assert site.read(order)["escalation_level"] == 2
    assert escalations(cast) == [("SUBMIT", 1, "03-05"), ("SUBMIT", 2, "03-05")]
    assert len(site.notices("ORDER_OVERDUE")) == 1
    moves = [move for move in moves_of(cast.app, order["id"]) if move.verb == "escalate"]
    assert [(move.by, move.reason) for move in moves] == [(None, "level 1"), (None, "level 2")]
    body_of(site.do(order, "submit"))
    assert body_of(site.do(order, "verify"))["is_in_time"] is False


def test_order_that_nobody_touched_goes_up_to_both_at_once(cast: Cast, site: Site):
    site.order(S.ASSIGNED, due_on="2026-03-05")
    site.order(S.SUBMITTED, due_on="2026-03-05")
    proposal = {**WORDS, "due_on": "2026-03-05"}
    body_of(site.member.post(f"/matters/{site.matter()}/orders", proposal), 201)
    site.go("2026-03-20T09:00:00+08:00")
    assert "1" in finalise(cast)
    assert finalise(cast) == ""
    assert escalations(cast) == [("SUBMIT", 1, "03-05"), ("SUBMIT", 2, "03-05")]
    (notice,) = site.notices("ORDER_OVERDUE")
    assert "W1" in notice["title"]


def test_new_term_is_missed_anew_with_one_notice(cast: Cast, site: Site):
    order = site.order(S.ACCEPTED, due_on="2026-03-05")
    site.go("2026-03-06T09:00:00+08:00")
    body_of(site.do(order, "submit"))
    body_of(site.do(order, "return", due_on="2026-03-09"))
    site.go("2026-03-10T09:00:00+08:00")
    assert site.read(order)["escalation_level"] == 1
    assert escalations(cast) == [("SUBMIT", 1, "03-05"), ("SUBMIT", 1, "03-09")]
    assert len(site.notices("ORDER_OVERDUE")) == 1


def test_finaliser_reports_for_the_board_and_a_list_for_itself(cast: Cast, site: Site):
    site.order(S.ACCEPTED, due_on="2026-03-05")
    site.whistle(W.BLOWN)
    site.go("2026-03-06T09:00:00+08:00")
    said = finalise(cast)
    assert "overdue orders escalated: 1" in said
    assert "overdue whistles escalated: 1" in said
    page = site.resident.client.get(f"/board/subdistricts/{cast.subdistrict.id}")
    assert "逾期未办结" in page.text
    assert "逾期未签收" in page.text
    site.order(S.ACCEPTED, urgency="EMERGENCY")
    site.go("2026-03-06T12:00:00+08:00")
    listed = body_of(site.resident.get(f"{site.home}/orders", query_string={"overdue": "true"}))
    assert [order["escalation_level"] for order in listed["items"]] == [1, 1]


def test_each_late_step_of_a_whistle_is_reported(cast: Cast, site: Site):
    whistle = site.whistle(W.BLOWN)
    site.go("2026-03-04T10:00:01+08:00")
    late = site.read(whistle)
    assert (late["is_overdue"], late["escalation_level"]) == (True, 1)
    body_of(site.do(whistle, "sign"))
    assert site.read(whistle)["is_overdue"] is False
    site.go("2026-03-10T00:00:00+08:00")  # 3 working days to report
    assert site.read(whistle)["is_overdue"] is True
    body_of(site.do(whistle, "report"))
    site.go("2026-03-24T09:00:00+08:00")  # feedback was due on the 18th
    assert site.read(whistle)["escalation_level"] == 2
    body_of(site.do(whistle, "feed-back"))
    site.go("2026-05-24T09:00:00+08:00")
    site.read(whistle)
    assert escalations(cast) == [
        ("SIGN", 1, "03-04"),
        ("REPORT", 1, "03-09"),
        ("FEED_BACK", 1, "03-18"),
        ("FEED_BACK", 2, "03-18"),
    ]
    (notice,) = site.notices("WHISTLE_ESCALATED")
    assert notice["title"] == "推进哨（哨1）「1号路积水」已反馈，待核实"
    assert "区水务局应于 2026-03-04 10:00 前签收" in notice["content_text"]


def test_second_level_does_not_wait_for_a_table_of_holidays(cast: Cast, site: Site):
    order = site.order(S.ACCEPTED, due_on="2098-12-30")
    site.go("2099-03-01T09:00:00+08:00")
    assert site.read(order)["escalation_level"] == 2


def test_database_keeps_one_row_for_each_term_and_level(cast: Cast, site: Site):
    site.order(S.ACCEPTED, due_on="2026-03-05")
    site.whistle(W.BLOWN)
    site.go("2026-03-06T09:00:00+08:00")
    finalise(cast)
    with cast.app.app_context():
        assert [due.find(db.session()) for due in (ORDERS, WHISTLES)] == [[], []]
        for row in db.session.scalars(select(Escalation)).all():
            twin = {c.key: getattr(row, c.key) for c in Escalation.__mapper__.columns}
            db.session.add(Escalation(**{**twin, "id": new_id()}))
            with pytest.raises(IntegrityError):
                db.session.flush()
            db.session.rollback()
        order, whistle = (
            db.session.scalars(select(WorkOrder)).one(),
            db.session.scalars(select(Whistle)).one(),
        )
        both = Escalation(
            compound_id=order.compound_id,
            order_id=order.id,
            whistle_id=whistle.id,
            step=MissedStep.SUBMIT,
            level=1,
            due_at=order.requested_at,
            escalated_at=order.requested_at,
        )
        db.session.add(both)
        with pytest.raises(IntegrityError, match="about_one_thing"):
            db.session.flush()
        db.session.rollback()
