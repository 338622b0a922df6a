"""One stand-in and one plain HTTP client for the tests of WeChat; every test begins afresh."""

from collections.abc import Iterator

import httpx
import pytest

from tests.wechat_standin import StandIn
from tests.wechat_standin.state import SEED


@pytest.fixture(scope="session")
def stand_in() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture
def wechat(stand_in: StandIn) -> StandIn:
    stand_in.control.reset(SEED)
    return stand_in


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=5) as client:
        yield client
