"""What a module of the protocol says about one of its paths."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.wechat_standin.protocol import Call
from tests.wechat_standin.state import State


@dataclass(frozen=True)
class Endpoint:
    """A path: its method and content type, the query it knows, whom a call is about, what it does.

    `answer` runs under the state's lock and returns the fields of a success or raises ApiError.
    """

    method: str
    content_type: str
    query: frozenset[str]
    openid_of: Callable[[State, Call], str | None]
    answer: Callable[[State, Call], dict[str, object]]
