"""One database for what is deployed: which engine lies behind is none of the proxy's business."""

import pytest


@pytest.fixture(scope="session", params=["sqlite"])
def engine_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name
