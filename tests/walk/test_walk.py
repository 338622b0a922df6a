"""Short walks, on both engines; `make torture` takes fifty long ones."""

import pytest
from flask import Flask

from app.kit.extensions import db
from tests.databases import empty
from tests.test_who_may_do_what import API
from tests.walk.rules import RULES
from tests.walk.telling import told
from tests.walk.trip import walk
from tests.walk.turn import BODIES, CROWDS, WHO
from tests.walk.walking import Call
from tests.wechat_standin import StandIn

SEED, STEPS = 3, 90


def test_a_walk_finds_nothing(app: Flask, standin: StandIn):
    report = walk(app, standin.control, SEED, STEPS)
    assert not report.faults, "\n" + told(report)


# The choices know no engine.
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_seed_walks_the_same_way_again(app: Flask, standin: StandIn):
    def choices(call: Call) -> tuple[str, str, int, str]:
        return call.operation, call.roles, call.status, call.code

    first = walk(app, standin.control, SEED, 30, drains=0)
    with app.app_context():
        empty(db.engine)
    again = walk(app, standin.control, SEED, 30, drains=0)
    assert list(map(choices, first.calls)) == list(map(choices, again.calls))


def test_rules_and_bodies_are_of_operations_that_there_are():
    assert RULES.keys() | BODIES.keys() | WHO.keys() | CROWDS.keys() <= API.keys()
