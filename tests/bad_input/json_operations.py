"""Every operation that takes a JSON body, with one that is good."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tests.test_who_may_do_what import BODIES as RIGHTS

OFFICE = {
    "resident_id": "{resident_id}",
    "role": "BUILDING_HEAD",
    "from": "2026-01-01",
    "until": "2027-01-01",
}
CHANGE = {"compound_id": "{compound_id}", "reason": "小区正在改造"}
SESSION = {
    "period": "2099-03",
    "mode": "OPEN",
    "place": "党群服务站",
    "voting_opens_at": "2099-03-12T00:00:00+08:00",
    "voting_closes_at": "2099-03-19T00:00:00+08:00",
    "round_table_at": "2099-03-27T19:00:00+08:00",
    "roll": [],
}
BALLOT = {
    "marks": [{"weight": 5, "matter_id": "{listed_id}"}],
    "nonce": "00112233445566778899aabbccddeeff",
    "word": "我的暗记",
    "expected_version": 0,
}
WORDS = {"title": "加装电梯", "text": "先听一楼的意见"}

# In braces: a name of the furnished place. Operations that also take no body are marked.
BODIES: dict[str, dict[str, Any]] = {
    "POST /auth/wechat": {"code": "0f1Xyz00code"},
    "POST /auth/refresh": {"refresh_token": "eyJhbGciOiJIUzI1NiJ9.e30.x"},
    "PATCH /me": {"name": "王小明", "birth_date": "1980-05-17"},
    "POST /residences": {
        "compound_id": "{compound_id}",
        "building": "3栋",
        "entrance": "2单元",
        "unit": "101",
        "relation": "owner",
    },
    "POST /residences/{residence_id}/verify": {"birth_date": "1980-05-17"},
    "POST /residences/{residence_id}/refuse": {"reason": "房号与证件不符"},
    "POST /compounds/{compound_id}/appointments": OFFICE,
    "POST /communities/{community_id}/appointments": {**OFFICE, "role": "COMMUNITY_SECRETARY"},
    "POST /compounds/{compound_id}/matters": {
        "title": "夜间停车难",
        "body": "晚上八点以后没有车位。",
        "category": "PARKING",
        "attachment_ids": [],
    },
    "POST /matters/{matter_id}/screen": {"outcome": "REFUSED", "reason": "邻里纠纷"},
    "POST /communities/{community_id}/rotation/skip": CHANGE,
    "POST /communities/{community_id}/rotation/swap": CHANGE,
    "POST /compounds/{compound_id}/sessions": SESSION,
    "PUT /sessions/{session_id}/roll": {"roll": ["{resident_id}"]},
    "POST /sessions/{session_id}/cancel": {"reason": "与防汛值守冲突"},
    "PUT /sessions/{session_id}/ballot": BALLOT,
    "POST /sessions/{session_id}/invitations": {"kind": "EXPERT", "name": "设计院"},
    "POST /sessions/{session_id}/attendance": {"code": "抄错的签到码"},
    "POST /sessions/{session_id}/remarks": {"speaker": "租户代表", "text": "同意"},
    "POST /sessions/{session_id}/cards": {"matter_id": "{chosen}", "text": "划线"},
    "POST /cards/{card_id}/tag": {"item": 8},
    "POST /cards/{card_id}/merge": {"into": "{card_id}"},
    "POST /cards/{card_id}/drop": {"reason": "与消防要求不符"},
    "POST /sessions/{session_id}/resolutions": {"matter_id": "{chosen}", **WORDS},
    "PUT /resolutions/{resolution_id}": WORDS,
    "POST /resolutions/{resolution_id}/review": {"opinion": "AGREED"},
    "POST /resolutions/{resolution_id}/table": {"method": "PHONE", "secrecy": "SECRET"},
    "PUT /resolutions/{resolution_id}/vote": {"answer": "YES"},
    "POST /resolutions/{resolution_id}/count": {"yes": 2, "no": 1, "abstain": 0},
    "POST /resolutions/{resolution_id}/shelve": {"reason": "等采光报告"},
    "POST /resolutions/{resolution_id}/escalate": {"forum": "COMMUNITY", "reason": "意见相持"},
    "POST /notices/{notice_id}/objections": {"text": "限时两小时太短"},
    "POST /objections/{objection_id}/answer": {"answer": "采纳"},
    "POST /notices/{notice_id}/correct": {"note": "地点改为社区会议室。"},
    "POST /notices/{notice_id}/withdraw": {"reason": "发布到了错误的小区。"},
}
# The rest are those with which everybody's rights are tried.
BODIES |= {
    "POST /conventions/{convention_id}/amend": {"resolution_ids": []},
    "POST /orders/{order_id}/verify": {"note": "现场查看，通道已畅通。"},
    "POST /whistles/{whistle_id}/verify-close": {"note": "雨后查看，没有积水。"},
}
_TRIED: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    name: body for name, body in RIGHTS.items() if name not in BODIES
}
OPERATIONS = [*BODIES, *_TRIED]
BODY_IS_OPTIONAL = frozenset(
    {
        "POST /auth/refresh",
        "POST /residences/{residence_id}/verify",
        "POST /sessions/{session_id}/cancel",
        "POST /cards/{card_id}/drop",
        "POST /conventions/{convention_id}/amend",
        "POST /orders/{order_id}/assign",
        "POST /orders/{order_id}/verify",
        "POST /whistles/{whistle_id}/verify-close",
    }
)
# No field is required here: an empty object is a good body.
EMPTY_IS_GOOD = BODY_IS_OPTIONAL | {"PATCH /me"}


class Operation(NamedTuple):
    """An operation with its good body, at the addresses of things that exist."""

    method: str
    path: str
    body: dict[str, Any]


def at(operation: str, place: Mapping[str, Any]) -> Operation:
    """The operation at a furnished place."""
    method, path = operation.split(" ")
    names = {**place, "listed_id": place["matters"][0]}
    body = _TRIED[operation](place) if operation in _TRIED else _filled(BODIES[operation], names)
    return Operation(method, path.format_map(names), body)


def _filled(value: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, names) for each in value]
    return value.format_map(names) if isinstance(value, str) else value
