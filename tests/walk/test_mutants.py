"""A walk goes red on each sabotaged variant."""

import pytest
from flask import Flask

from tests.walk.sabotage import SABOTAGES
from tests.walk.telling import told
from tests.walk.trip import walk
from tests.wechat_standin import StandIn

SEED = 3


# What is sabotaged knows no engine.
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", SABOTAGES)
def test_a_walk_notices_a_sabotage(app: Flask, standin: StandIn, name: str):
    sabotage = SABOTAGES[name]
    with sabotage.doing():
        report = walk(
            app,
            standin.control,
            SEED,
            sabotage.steps,
            drains=sabotage.drains,
            until=sabotage.fault,
        )
    assert report.has(sabotage.fault), told(report)
