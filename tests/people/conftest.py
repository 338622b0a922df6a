"""WeChat's stand-in, forgetful: every test of people begins with an empty one."""

import pytest

from tests.wechat_standin import Control, StandIn


@pytest.fixture
def wechat(standin: StandIn) -> Control:
    standin.control.reset()
    return standin.control
