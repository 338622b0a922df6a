"""Who may do what: every operation x everyone who may ask x own, foreign and absent place.

The table is written by hand from section 2 of the domain notes; it does not read the rules of the
views. A route that is missing from it fails, and so does a line that no route answers to.
"""

import io
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.kit.clock import local_date
from app.kit.web.api import PREFIX, Blueprint
from app.people.guards import allow
from app.people.models import Role
from tests.cast import Cast, Person, Place, ballot
from tests.operations import PHOTO, PUBLIC_API, REGISTER, SLIPS, furnish, operations, request_for
from tests.wechat_standin import Control, StandIn

# Who asks: two residents, one of them 17 years old; every office; somebody logged in who neither
# lives nor works there; and nobody, that is without a token.
RESIDENT, MINOR, VISITOR, NOBODY = "RESIDENT", "MINOR", "VISITOR", "NOBODY"
OFFICES = {
    "RESIDENT_REP": "compound",
    "BUILDING_HEAD": "compound",
    "GRID_WORKER": "compound",
    "BRANCH_SECRETARY": "compound",
    "OC_DIRECTOR": "compound",
    "PROPERTY_MANAGER": "compound",
    "SEATED_MEMBER": "compound",
    "AUDITOR": "community",
    "COMMUNITY_SECRETARY": "community",
    "SUBDISTRICT_OFFICER": "subdistrict",
    "DEPARTMENT": "subdistrict",
}
ASKERS = (NOBODY, VISITOR, RESIDENT, MINOR, *OFFICES)


class Open(Enum):
    """Operations for which no role is asked."""

    PUBLIC = "nobody is asked who they are"
    SIGNED_IN = "whoever has logged in"
    REFRESH_TOKEN = "whoever holds a refresh token, which no access token is"
    ADDRESSEE = "whom it is addressed to, who is none of those who ask"


PUBLIC, SIGNED_IN, REFRESH_TOKEN, ADDRESSEE = Open
THERE = frozenset({RESIDENT, MINOR, *OFFICES})
LIVE_THERE = frozenset({RESIDENT, MINOR})
BRANCH = frozenset({"BRANCH_SECRETARY"})
VERIFY = BRANCH | {"GRID_WORKER"}  # a building head visits and reports to them
# Beyond section 2: calling a session off, correcting its notices and taking a register in are the
# community secretary's too.
LEAD = BRANCH | {"COMMUNITY_SECRETARY"}
APPOINT = LEAD | {"SUBDISTRICT_OFFICER"}
AUDITOR = frozenset({"AUDITOR"})
COMMUNITY = frozenset({"COMMUNITY_SECRETARY"})
STREET = frozenset({"SUBDISTRICT_OFFICER"})
OWNER_VOTES = COMMUNITY | {"OC_DIRECTOR"}
# Beyond section 2: solutions come from whoever has standing there; auditors only read.
CARD_AUTHORS = THERE - AUDITOR
MINUTES = BRANCH | {"GRID_WORKER"}  # those who keep the minutes
DOERS = LEAD | {
    "BUILDING_HEAD",
    "OC_DIRECTOR",
    "PROPERTY_MANAGER",
    "SEATED_MEMBER",
    "DEPARTMENT",
}
TAKERS = DOERS - LEAD
CHECKERS = LEAD | {"GRID_WORKER", "BUILDING_HEAD"}
SEATED = frozenset({"SEATED_MEMBER"})
DEPARTMENT = frozenset({"DEPARTMENT"})
CLERKS = VERIFY | {"BUILDING_HEAD"}
ASKED = LIVE_THERE | CLERKS
PAPER_CLERKS = CLERKS - BRANCH  # the secretary hosts the vote and touches no ballot
CLOSERS = COMMUNITY | STREET | {"GRID_WORKER"}

API: dict[str, Open | frozenset[str]] = {
    "GET /openapi.json": PUBLIC,
    "GET /operator-key": PUBLIC,
    "POST /auth/wechat": PUBLIC,
    "POST /auth/refresh": REFRESH_TOKEN,
    "GET /me": SIGNED_IN,
    "PATCH /me": SIGNED_IN,
    "GET /me/participations": SIGNED_IN,
    "POST /me/offices": SIGNED_IN,
    "GET /me/inbox": SIGNED_IN,
    "POST /me/inbox/{message_id}/read": ADDRESSEE,
    "POST /me/inbox/read-all": SIGNED_IN,
    # nobody but officers above compounds gets further than the proof, which is false here
    "PUT /me/officer-key": SIGNED_IN,
    "POST /me/officer-key/revoke": SIGNED_IN,
    # places
    "GET /communities/{community_id}": SIGNED_IN,
    "GET /communities/{community_id}/compounds": SIGNED_IN,
    "GET /compounds/{compound_id}": SIGNED_IN,
    "POST /compounds/{compound_id}/register-imports": LEAD,
    "GET /register-imports/{import_id}": LEAD | AUDITOR,
    # people
    "POST /residences": SIGNED_IN,
    "GET /compounds/{compound_id}/residences": VERIFY,
    "POST /residences/{residence_id}/verify": VERIFY,
    "POST /residences/{residence_id}/refuse": VERIFY,
    "GET /compounds/{compound_id}/residents": VERIFY | COMMUNITY | STREET | AUDITOR,
    "GET /compounds/{compound_id}/appointments": APPOINT | AUDITOR,
    "GET /communities/{community_id}/appointments": COMMUNITY | STREET | AUDITOR,
    "GET /subdistricts/{subdistrict_id}/appointments": STREET,
    "POST /compounds/{compound_id}/appointments": APPOINT,
    "POST /communities/{community_id}/appointments": STREET,
    "POST /appointments/{appointment_id}/end": APPOINT,
    # matters: residents for themselves, the others on behalf of those who come to them
    "GET /compounds/{compound_id}/matters": THERE,
    "POST /compounds/{compound_id}/matters": LIVE_THERE | VERIFY | {"BUILDING_HEAD"},
    "GET /matters/{matter_id}": THERE,
    "PUT /matters/{matter_id}/endorsement": LIVE_THERE,
    "DELETE /matters/{matter_id}/endorsement": LIVE_THERE,
    "POST /matters/{matter_id}/screen": BRANCH,
    "POST /matters/{matter_id}/correct": LIVE_THERE | VERIFY | {"BUILDING_HEAD"},
    "POST /matters/{matter_id}/withdraw": LIVE_THERE | VERIFY | {"BUILDING_HEAD"},
    "GET /matters/{matter_id}/versions": THERE,
    # host list
    "GET /communities/{community_id}/rotation": THERE,
    "POST /communities/{community_id}/rotation/skip": COMMUNITY,
    "POST /communities/{community_id}/rotation/swap": COMMUNITY,
    # sessions; a ballot is read after it was cast and before the session is closed
    "GET /compounds/{compound_id}/sessions": THERE,
    "POST /compounds/{compound_id}/sessions": BRANCH,
    "GET /sessions/{session_id}": THERE,
    "GET /sessions/{session_id}/turnout": THERE,
    "GET /sessions/{session_id}/result": THERE,
    "GET /sessions/{session_id}/roll": BRANCH | AUDITOR,
    "PUT /sessions/{session_id}/roll": BRANCH,
    "PUT /sessions/{session_id}/ballot": LIVE_THERE,
    "GET /sessions/{session_id}/ballot": LIVE_THERE,
    "POST /sessions/{session_id}/start-collecting": BRANCH,
    "POST /sessions/{session_id}/freeze-list": BRANCH,
    "POST /sessions/{session_id}/open-voting": BRANCH,
    "POST /sessions/{session_id}/extend-voting": BRANCH,
    "POST /sessions/{session_id}/close-voting": BRANCH,
    "POST /sessions/{session_id}/cancel": LEAD,
    "GET /sessions/{session_id}/bundle.json": PUBLIC,
    # the second officer: somebody above the branch, whose sessions these are
    "GET /compounds/{compound_id}/countersigners": PUBLIC,
    "PUT /compounds/{compound_id}/countersigner": COMMUNITY | STREET,
    "POST /sessions/{session_id}/countersignature": COMMUNITY | STREET,
    "POST /sessions/{session_id}/countersignature/refusal": COMMUNITY | STREET,
    # ballots on paper; the slip here was not given out yet
    "POST /sessions/{session_id}/paper-batches": BRANCH,
    "GET /paper-batches/{batch_id}/slips.pdf": BRANCH,
    "GET /sessions/{session_id}/paper-slips": CLERKS | AUDITOR,
    "POST /sessions/{session_id}/paper-slips/{serial}/enter": PAPER_CLERKS,
    "POST /sessions/{session_id}/paper-slips/{serial}/confirm": PAPER_CLERKS,
    "POST /sessions/{session_id}/paper-slips/{serial}/withdraw": PAPER_CLERKS,
    "POST /sessions/{session_id}/paper-slips/{serial}/void": PAPER_CLERKS,
    "POST /sessions/{session_id}/paper-slips/{serial}/photos": PAPER_CLERKS,
    "POST /sessions/{session_id}/paper-voter": PAPER_CLERKS,
    "GET /sessions/{session_id}/paper-sheet.xlsx": PAPER_CLERKS,
    "POST /sessions/{session_id}/paper-sheet/enter": PAPER_CLERKS,
    "POST /sessions/{session_id}/paper-sheet/confirm": PAPER_CLERKS,
    "DELETE /sessions/{session_id}/ballot": LIVE_THERE,
    # assemblies; none is counted here
    "PUT /sessions/{session_id}/manual-method": BRANCH,
    "GET /sessions/{session_id}/manual-count": THERE,
    "PUT /sessions/{session_id}/manual-count": PAPER_CLERKS,
    "POST /sessions/{session_id}/manual-count/confirm": THERE,
    "POST /sessions/{session_id}/conclude-count": BRANCH,
    # round table
    "GET /sessions/{session_id}/round-table": THERE,
    "POST /sessions/{session_id}/start-meeting": BRANCH,
    "POST /sessions/{session_id}/conclude-meeting": BRANCH,
    "GET /sessions/{session_id}/invitations": MINUTES | COMMUNITY | AUDITOR,
    "POST /sessions/{session_id}/invitations": BRANCH,
    "GET /sessions/{session_id}/attendance-code": BRANCH,
    "GET /sessions/{session_id}/attendance": THERE,
    "POST /sessions/{session_id}/attendance": THERE,
    "GET /sessions/{session_id}/remarks": THERE,
    "POST /sessions/{session_id}/remarks": MINUTES,
    # photos and documents; the bytes are signed for, or public as the photo here
    "POST /compounds/{compound_id}/attachments": CARD_AUTHORS,
    "GET /attachments/{attachment_id}": THERE,
    "GET /attachments/{attachment_id}/content": PUBLIC,
    "GET /sessions/{session_id}/cards": THERE,
    "POST /sessions/{session_id}/cards": CARD_AUTHORS,
    "GET /cards/{card_id}": THERE,
    "PUT /cards/{card_id}/support": LIVE_THERE,
    "DELETE /cards/{card_id}/support": LIVE_THERE,
    "POST /cards/{card_id}/tag": BRANCH,
    "POST /cards/{card_id}/merge": BRANCH,
    "POST /cards/{card_id}/adopt": BRANCH,
    "POST /cards/{card_id}/drop": BRANCH,
    # resolutions
    "GET /sessions/{session_id}/resolutions": THERE,
    "POST /sessions/{session_id}/resolutions": BRANCH,
    "GET /resolutions/{resolution_id}": THERE,
    "PUT /resolutions/{resolution_id}": BRANCH,
    "POST /resolutions/{resolution_id}/review-request": BRANCH | {"OC_DIRECTOR"},
    "POST /resolutions/{resolution_id}/review": BRANCH,
    "POST /resolutions/{resolution_id}/table": BRANCH,
    "PUT /resolutions/{resolution_id}/vote": LIVE_THERE,
    "POST /resolutions/{resolution_id}/count": BRANCH,
    "POST /resolutions/{resolution_id}/close-vote": BRANCH,
    "POST /resolutions/{resolution_id}/shelve": BRANCH,
    "POST /resolutions/{resolution_id}/escalate": BRANCH,
    "POST /resolutions/{resolution_id}/publish": BRANCH,
    "POST /matters/{matter_id}/owner-vote": OWNER_VOTES,
    # conventions; the furnished one is a residents' pact, other kinds have a table of their own
    "GET /compounds/{compound_id}/conventions": THERE,
    "POST /compounds/{compound_id}/conventions": BRANCH,
    "GET /conventions/{convention_id}": THERE,
    "GET /conventions/{convention_id}/difference": THERE,
    "POST /conventions/{convention_id}/amend": BRANCH,
    "POST /conventions/{convention_id}/repeal": BRANCH,
    "POST /conventions/{convention_id}/withdraw-repeal": COMMUNITY,
    "GET /convention-versions/{version_id}": THERE,
    "PUT /convention-versions/{version_id}": BRANCH,
    "POST /convention-versions/{version_id}/submit": BRANCH,
    "POST /convention-versions/{version_id}/flags/{flag_id}/clear": STREET,
    "POST /convention-versions/{version_id}/flags/{flag_id}/uphold": STREET,
    "POST /convention-versions/{version_id}/review": STREET,
    "POST /convention-versions/{version_id}/record-vote": COMMUNITY,
    "POST /convention-versions/{version_id}/record-owner-vote": OWNER_VOTES,
    "POST /convention-versions/{version_id}/publish": BRANCH,
    "POST /convention-versions/{version_id}/file": STREET,
    "POST /convention-versions/{version_id}/withdraw": BRANCH | STREET,
    "POST /clauses/{clause_id}/owner-vote": OWNER_VOTES,
    # work orders; the order here is being carried out by somebody else than those who ask
    "POST /matters/{matter_id}/orders": BRANCH | SEATED,
    "POST /resolutions/{resolution_id}/orders": BRANCH | SEATED,
    "GET /compounds/{compound_id}/orders": THERE,
    "GET /orders/{order_id}": THERE,
    "POST /matters/{matter_id}/shelve": COMMUNITY,
    "POST /orders/{order_id}/assign": LEAD,
    "POST /orders/{order_id}/take": TAKERS,
    "POST /orders/{order_id}/accept": DOERS,
    "POST /orders/{order_id}/decline": DOERS,
    "POST /orders/{order_id}/withdraw": LEAD,
    "POST /orders/{order_id}/contact": DOERS,
    "POST /orders/{order_id}/progress": DOERS,
    "POST /orders/{order_id}/submit": DOERS,
    "POST /orders/{order_id}/verify": CHECKERS,
    "POST /orders/{order_id}/return": CHECKERS,
    "POST /orders/{order_id}/hours": SEATED,
    "GET /compounds/{compound_id}/hours": LEAD | AUDITOR | SEATED,
    "POST /hours/{hours_id}/reverse": BRANCH | SEATED,
    # whistles; the one here was not blown yet
    "POST /matters/{matter_id}/whistles": LEAD,
    "GET /compounds/{compound_id}/whistles": THERE,
    "GET /whistles/{whistle_id}": THERE,
    "POST /whistles/{whistle_id}/object": DEPARTMENT,
    "POST /whistles/{whistle_id}/sign": DEPARTMENT,
    "POST /whistles/{whistle_id}/contact": DEPARTMENT,
    "POST /whistles/{whistle_id}/report": DEPARTMENT,
    "POST /whistles/{whistle_id}/feed-back": DEPARTMENT,
    "POST /whistles/{whistle_id}/verify-close": CLOSERS,
    "POST /whistles/{whistle_id}/rework": CLOSERS,
    "POST /whistles/{whistle_id}/withdraw": LEAD | STREET,
    "POST /whistles/{whistle_id}/blow": STREET,
    "POST /whistles/{whistle_id}/recall": STREET,
    # evaluations; the raiser of the matter here is none of those who ask
    "POST /orders/{order_id}/follow-ups": ASKED,
    "POST /orders/{order_id}/follow-ups/taken": CLERKS,
    "POST /orders/{order_id}/close": LEAD,
    "POST /orders/{order_id}/reopen": BRANCH,
    "POST /whistles/{whistle_id}/follow-ups": ASKED,
    "POST /whistles/{whistle_id}/follow-ups/taken": CLERKS,
    "GET /matters/{matter_id}/follow-ups": CLERKS | AUDITOR,
    "POST /matters/{matter_id}/close": BRANCH,
    "GET /matters/{matter_id}/evaluations": THERE,
    "POST /matters/{matter_id}/evaluation-rounds": BRANCH,
    "POST /conventions/{convention_id}/evaluation-rounds": BRANCH,
    "GET /compounds/{compound_id}/evaluation-rounds": THERE,
    "GET /evaluation-rounds/{round_id}": THERE,
    "PUT /evaluation-rounds/{round_id}/answer": LIVE_THERE,
    "PUT /evaluation-rounds/{round_id}/paper": CLERKS,
    "POST /evaluation-rounds/{round_id}/paper/confirm": CLERKS,
    "GET /evaluation-rounds/{round_id}/comments": THERE,
    "POST /sessions/{session_id}/start-evaluation": BRANCH,
    "POST /sessions/{session_id}/close": BRANCH,
    "GET /compounds/{compound_id}/rates": THERE,
    "GET /sessions/{session_id}/rates": THERE,
    # reports
    "GET /matters/{matter_id}/story": THERE,
    **{
        f"GET {place}/figures{form}": rule
        for form in ("", ".csv")
        for place, rule in {
            "/sessions/{session_id}": THERE,
            "/compounds/{compound_id}": THERE,
            "/communities/{community_id}": COMMUNITY | AUDITOR | STREET,
            "/subdistricts/{subdistrict_id}": STREET | AUDITOR,
        }.items()
    },
    # case library; the case here is published
    "POST /matters/{matter_id}/cases": BRANCH,
    "GET /cases": SIGNED_IN,
    "GET /cases/{case_id}": SIGNED_IN,
    "PUT /cases/{case_id}": BRANCH,
    "POST /cases/{case_id}/publish": COMMUNITY,
    "POST /cases/{case_id}/withdraw": LEAD,
    "GET /compounds/{compound_id}/cases": LEAD | STREET | AUDITOR,
    "POST /compounds/{compound_id}/conventions/from-case": BRANCH,
    "GET /conventions/{convention_id}/lineage": THERE,
    "GET /communities/{community_id}/frequent-categories": THERE,
    # red and black lists; the one here is on the board
    "GET /communities/{community_id}/rating-lists": THERE,
    "POST /communities/{community_id}/rating-lists": COMMUNITY,
    "GET /rating-lists/{list_id}": THERE,
    "PUT /rating-lists/{list_id}": COMMUNITY,
    "POST /rating-lists/{list_id}/review": STREET,
    "POST /rating-lists/{list_id}/publish": COMMUNITY,
    "POST /rating-entries/{entry_id}/strike": COMMUNITY,
    "POST /rating-entries/{entry_id}/recolour": COMMUNITY,
    # board
    "GET /board/{kind}/{place_id}/feed.json": PUBLIC,
    "GET /board/{kind}/{place_id}/feed.atom": PUBLIC,
    "GET /notices/{notice_id}/objections": THERE,
    # the firm's manager objects to ratings alone, and the community answers to these alone
    "POST /notices/{notice_id}/objections": LIVE_THERE | {"PROPERTY_MANAGER"},
    "POST /objections/{objection_id}/answer": LEAD,
    "POST /notices/{notice_id}/correct": LEAD,
    "POST /notices/{notice_id}/withdraw": LEAD,
    # oversight
    "GET /compounds/{compound_id}/audit": AUDITOR,
    "GET /compounds/{compound_id}/audit/check": AUDITOR,
    "GET /communities/{community_id}/audit": AUDITOR,
    "GET /communities/{community_id}/audit/check": AUDITOR,
    # last, since it ends the token that asks
    "POST /auth/logout": SIGNED_IN,
}
PAGES: dict[str, Open | frozenset[str]] = {
    "GET /": PUBLIC,
    "GET /healthz": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /docs": PUBLIC,
    "GET /docs/errors": PUBLIC,
    "GET /verify": PUBLIC,
    "GET /verify.html": PUBLIC,
    "GET /board/{kind}/{place_id}": PUBLIC,
    "GET /board/{kind}/{place_id}/feed.{kind_of_feed}": PUBLIC,
    "GET /board/notices/{notice_id}": PUBLIC,
    "GET /board/notices/{notice_id}/poster.pdf": PUBLIC,
    "GET /static/{filename}": PUBLIC,
}
TABLE = {**PAGES, **{op.replace("/", PREFIX + "/", 1): rule for op, rule in API.items()}}

PASSED = "passed"
OWN, FOREIGN, ABSENT = "own", "foreign", "absent"

# What refuses somebody whose role suffices.
BY_RULE = {
    ("PUT /sessions/{session_id}/ballot", MINOR): "403 under_age",
    ("GET /sessions/{session_id}/ballot", MINOR): "404 not_found",  # there is none
    ("DELETE /sessions/{session_id}/ballot", MINOR): "403 under_age",
    **{
        ("GET /sessions/{session_id}/manual-count", who): "404 not_found"  # there is none
        for who in THERE
    },
    **{
        (f"POST /matters/{{matter_id}}/{verb}", who): "403 not_the_raiser"
        for verb in ("correct", "withdraw")
        for who in LIVE_THERE | VERIFY | {"BUILDING_HEAD"}
    },
    **{
        ("POST /sessions/{session_id}/paper-voter", who): "404 not_found"  # nobody of that name
        for who in PAPER_CLERKS
    },
    # The last of those who entered the slip, by the line before.
    (
        "POST /sessions/{session_id}/paper-slips/{serial}/confirm",
        "GRID_WORKER",
    ): "403 entered_by_the_same",
    # The auditor of a community is not the subdistrict's.
    **{
        (f"GET /subdistricts/{{subdistrict_id}}/figures{form}", "AUDITOR"): "403 forbidden"
        for form in ("", ".csv")
    },
    **{
        ("PUT /resolutions/{resolution_id}/vote", who): "403 not_present"
        for who in (RESIDENT, MINOR)
    },
    **{
        (f"POST /orders/{{order_id}}/{verb}", who): "403 not_the_doer"
        for verb in ("accept", "decline", "contact", "progress", "submit")
        for who in DOERS
    },
    **{
        (f"POST /{work}/follow-ups", who): "403 not_asked"
        for work in ("orders/{order_id}", "whistles/{whistle_id}")
        for who in ASKED
    },
    # The last of those who counted the sheets, by the line before.
    (
        "POST /evaluation-rounds/{round_id}/paper/confirm",
        "BRANCH_SECRETARY",
    ): "403 confirmed_by_the_same",
    # It was voted, by a line before.
    ("POST /convention-versions/{version_id}/withdraw", "BRANCH_SECRETARY"): "403 forbidden",
    ("POST /notices/{notice_id}/objections", "PROPERTY_MANAGER"): "403 forbidden",
    ("POST /objections/{objection_id}/answer", "COMMUNITY_SECRETARY"): "403 forbidden",
    ("POST /orders/{order_id}/hours", "SEATED_MEMBER"): "403 not_the_doer",
    ("POST /hours/{hours_id}/reverse", "SEATED_MEMBER"): "403 not_the_doer",
}

Ids = Mapping[str, Any]


def office(role: Role) -> Callable[[Ids], dict[str, Any]]:
    return lambda ids: {"resident_id": ids["resident_id"], "role": role, "from": "2026-01-01"}


def paper(ids: Ids) -> dict[str, Any]:
    return {"resident_id": ids["resident_id"], **ballot(*ids["matters"])}


def change_of_host(ids: Ids) -> dict[str, Any]:
    return {"compound_id": str(ids["compound_id"]), "reason": "小区正在改造"}


def next_session(ids: Ids) -> dict[str, Any]:
    at = datetime.now(UTC) + timedelta(days=400)
    days = {"voting_opens_at": 0, "voting_closes_at": 7, "round_table_at": 14}
    times = {name: (at + timedelta(days=day)).isoformat() for name, day in days.items()}
    return {"period": f"{at:%Y-%m}", "place": "社区会议室", **times}


def words(ids: Ids) -> dict[str, Any]:
    return {"title": "加装电梯", "text": "先听一楼的意见"}


def pact(ids: Ids) -> dict[str, Any]:
    return {"title": "居民公约", "clauses": [{"text": "楼道不堆物。"}]}


def because(ids: Ids) -> dict[str, Any]:
    return {"reason": "只是声明不设罚款"}


def owner_vote(ids: Ids) -> dict[str, Any]:
    areas = {"area_all": 147200, "area_part": 128800, "area_yes": 100850}
    heads = {"heads_all": 15, "heads_part": 13, "heads_yes": 10}
    return {"official_ref": "电子投票系统 2026-0415", **areas, **heads}


def order(ids: Ids) -> dict[str, Any]:
    return {"title": "换灯", "text": "换灯", "doer_kind": "COMMUNITY", "doer_name": "社区"}


def words_only(ids: Ids) -> dict[str, Any]:
    return {"text": "已办"}


def why(ids: Ids) -> dict[str, Any]:
    return {"reason": "与另一张重复"}


def follow_up(ids: Ids) -> dict[str, Any]:
    return {"solved": True, "satisfaction": "SATISFIED"}


def taken(ids: Ids) -> dict[str, Any]:
    return {**follow_up(ids), "channel": "VISIT"}


def asked(ids: Ids) -> dict[str, Any]:
    return {"closes_at": f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}"}


def case_words(ids: Ids) -> dict[str, Any]:
    return {"title": "屋面不再漏水", "problem": "屋面漏水"}


def entries(ids: Ids) -> dict[str, Any]:
    firm = {"compound_id": str(ids["compound_id"]), "firm_name": "安居物业"}
    return {"entries": [{**firm, "colour": "RED", "reason": "按期办结"}]}


# A valid body for each operation that takes one, so that nothing but the asker can be refused.
BODIES: dict[str, Callable[[Ids], Any]] = {
    "POST /me/inbox/read-all": lambda ids: {"up_to": str(ids["message_id"])},
    "PATCH /me": lambda ids: {"name": "王小明"},
    "POST /me/offices": lambda ids: {"code": "0000-0000-0000"},
    "PUT /me/officer-key": lambda ids: {"public_key": "00" * 32, "proof": "00" * 64},
    "PUT /compounds/{compound_id}/countersigner": lambda ids: {"officer_key_id": str(uuid4())},
    "POST /sessions/{session_id}/countersignature": lambda ids: {"signature": "00" * 64},
    "POST /sessions/{session_id}/countersignature/refusal": lambda ids: {"reason": "名单有误"},
    "POST /residences": lambda ids: {"compound_id": str(ids["compound_id"]), **ids["unit"]},
    "POST /residences/{residence_id}/verify": lambda ids: {},
    "POST /residences/{residence_id}/refuse": lambda ids: {"reason": "房号与证件不符"},
    "POST /compounds/{compound_id}/appointments": office(Role.RESIDENT_REP),
    "POST /communities/{community_id}/appointments": office(Role.GRID_WORKER),
    "POST /compounds/{compound_id}/matters": lambda ids: {
        "title": "路灯不亮",
        "body": "3栋门前",
        "category": "LIGHTING",
    },
    "POST /matters/{matter_id}/screen": lambda ids: {"outcome": "REFUSED", "reason": "重复"},
    "POST /matters/{matter_id}/correct": lambda ids: {
        "title": "路灯都不亮",
        "body": "3栋门前",
        "category": "LIGHTING",
    },
    "POST /communities/{community_id}/rotation/skip": change_of_host,
    "POST /communities/{community_id}/rotation/swap": change_of_host,
    "POST /compounds/{compound_id}/sessions": next_session,
    "PUT /sessions/{session_id}/roll": lambda ids: {"roll": [ids["resident_id"]]},
    "PUT /sessions/{session_id}/ballot": lambda ids: ballot(*ids["matters"]),
    "POST /sessions/{session_id}/paper-batches": lambda ids: {"count": 1},
    "POST /sessions/{session_id}/paper-voter": lambda ids: {
        "building": "3栋",
        "entrance": "2单元",
        "unit": "999",
        "name": "查无此人",
    },
    "POST /sessions/{session_id}/paper-slips/{serial}/enter": paper,
    "POST /sessions/{session_id}/paper-slips/{serial}/confirm": paper,
    "POST /sessions/{session_id}/paper-slips/{serial}/withdraw": lambda ids: {
        "resident_id": ids["resident_id"],
        **why(ids),
    },
    "POST /sessions/{session_id}/paper-slips/{serial}/void": why,
    "POST /sessions/{session_id}/paper-slips/{serial}/photos": lambda ids: {
        "attachment_ids": [str(ids["attachment_id"])]
    },
    "PUT /sessions/{session_id}/manual-method": lambda ids: {"method": "HANDS"},
    "PUT /sessions/{session_id}/manual-count": lambda ids: {
        "participants": 2,
        "totals": [],
        "witness_ids": [ids["resident_id"], str(uuid4())],
    },
    "POST /sessions/{session_id}/manual-count/confirm": lambda ids: {"totals_hash": "00" * 32},
    "POST /sessions/{session_id}/cancel": lambda ids: {"reason": "与防汛值守冲突"},
    "POST /sessions/{session_id}/invitations": lambda ids: {"kind": "EXPERT", "name": "设计院"},
    "POST /sessions/{session_id}/attendance": lambda ids: {"code": "抄错的签到码"},
    "POST /sessions/{session_id}/remarks": lambda ids: {"speaker": "租户代表", "text": "同意"},
    "POST /sessions/{session_id}/cards": lambda ids: {"matter_id": ids["chosen"], "text": "划线"},
    "POST /cards/{card_id}/tag": lambda ids: {"item": 8},
    "POST /cards/{card_id}/merge": lambda ids: {"into": str(ids["card_id"])},
    "POST /sessions/{session_id}/resolutions": lambda ids: {
        "matter_id": ids["chosen"],
        **words(ids),
    },
    "PUT /resolutions/{resolution_id}": words,
    "POST /resolutions/{resolution_id}/review": lambda ids: {"opinion": "AGREED"},
    "POST /resolutions/{resolution_id}/table": lambda ids: {"method": "PHONE", "secrecy": "SECRET"},
    "PUT /resolutions/{resolution_id}/vote": lambda ids: {"answer": "YES"},
    "POST /resolutions/{resolution_id}/count": lambda ids: {"yes": 2, "no": 1, "abstain": 0},
    "POST /resolutions/{resolution_id}/shelve": lambda ids: {"reason": "等采光报告"},
    "POST /resolutions/{resolution_id}/escalate": lambda ids: {
        "forum": "COMMUNITY",
        "reason": "意见相持",
    },
    "POST /compounds/{compound_id}/conventions": lambda ids: {
        "legal_type": "RESIDENT_PACT",
        **pact(ids),
    },
    "POST /conventions/{convention_id}/amend": lambda ids: {},
    "POST /conventions/{convention_id}/repeal": lambda ids: {
        "resolution_id": str(ids["resolution_id"]),
        "reason": "已由新规约代替",
    },
    "POST /conventions/{convention_id}/withdraw-repeal": because,
    "PUT /convention-versions/{version_id}": pact,
    "POST /convention-versions/{version_id}/flags/{flag_id}/clear": because,
    "POST /convention-versions/{version_id}/flags/{flag_id}/uphold": because,
    "POST /convention-versions/{version_id}/review": lambda ids: {"opinion": "APPROVED"},
    "POST /convention-versions/{version_id}/record-vote": lambda ids: {
        "minutes_ref": "纪要2号",
        **{"roll": 60, "present": 41, "yes": 36, "no": 3, "abstain": 2},
    },
    "POST /convention-versions/{version_id}/record-owner-vote": owner_vote,
    "POST /convention-versions/{version_id}/file": lambda ids: {"filing_ref": "备3号"},
    "POST /convention-versions/{version_id}/withdraw": because,
    "POST /clauses/{clause_id}/owner-vote": owner_vote,
    "POST /matters/{matter_id}/owner-vote": lambda ids: {"item": 8, **owner_vote(ids)},
    "POST /matters/{matter_id}/orders": order,
    "POST /matters/{matter_id}/shelve": why,
    "POST /resolutions/{resolution_id}/orders": order,
    "POST /orders/{order_id}/assign": lambda ids: {"doer_name": "物业"},
    "POST /orders/{order_id}/decline": why,
    "POST /orders/{order_id}/withdraw": why,
    "POST /orders/{order_id}/contact": lambda ids: {"note": "已联系"},
    "POST /orders/{order_id}/progress": words_only,
    "POST /orders/{order_id}/submit": words_only,
    "POST /orders/{order_id}/return": why,
    "POST /orders/{order_id}/hours": lambda ids: {"worked_on": "2026-03-04", "minutes": 60},
    "POST /hours/{hours_id}/reverse": why,
    "POST /matters/{matter_id}/whistles": lambda ids: {"ground": "EMERGENCY", "text": "塌陷"},
    "POST /whistles/{whistle_id}/blow": lambda ids: {"kind": "PUSH", "department": "区水务局"},
    "POST /whistles/{whistle_id}/object": why,
    "POST /whistles/{whistle_id}/recall": why,
    "POST /whistles/{whistle_id}/withdraw": why,
    "POST /whistles/{whistle_id}/contact": lambda ids: {"note": "已联系"},
    "POST /whistles/{whistle_id}/report": words_only,
    "POST /whistles/{whistle_id}/feed-back": words_only,
    "POST /whistles/{whistle_id}/rework": lambda ids: {"reason": "积水", "due_on": "2199-01-01"},
    "POST /orders/{order_id}/follow-ups": follow_up,
    "POST /orders/{order_id}/follow-ups/taken": taken,
    "POST /orders/{order_id}/reopen": why,
    "POST /whistles/{whistle_id}/follow-ups": follow_up,
    "POST /whistles/{whistle_id}/follow-ups/taken": taken,
    "POST /matters/{matter_id}/evaluation-rounds": asked,
    "POST /conventions/{convention_id}/evaluation-rounds": asked,
    "PUT /evaluation-rounds/{round_id}/answer": follow_up,
    "PUT /evaluation-rounds/{round_id}/paper": lambda ids: {
        **{"satisfied": 1, "mostly": 0, "not_satisfied": 0, "solved": 1, "unsolved": 0}
    },
    "POST /matters/{matter_id}/cases": case_words,
    "PUT /cases/{case_id}": case_words,
    "POST /cases/{case_id}/withdraw": why,
    "POST /compounds/{compound_id}/conventions/from-case": lambda ids: {
        "case_id": str(ids["case_id"])
    },
    "POST /communities/{community_id}/rating-lists": lambda ids: {
        "period": "2026-02",
        **entries(ids),
    },
    "PUT /rating-lists/{list_id}": lambda ids: entries(ids),
    "POST /rating-entries/{entry_id}/strike": why,
    "POST /rating-entries/{entry_id}/recolour": lambda ids: {"colour": "BLACK", **why(ids)},
    "POST /notices/{notice_id}/objections": lambda ids: {"text": "限时两小时太短"},
    "POST /objections/{objection_id}/answer": lambda ids: {"answer": "采纳"},
    "POST /notices/{notice_id}/correct": lambda ids: {"note": "地点改为社区会议室"},
    "POST /notices/{notice_id}/withdraw": lambda ids: {"reason": "发错了小区"},
}


def test_the_table_names_every_operation_and_no_other(application: Flask):
    served = operations(application)
    assert served - TABLE.keys() == set(), "operations without a line in the table"
    assert TABLE.keys() - served == set(), "lines of the table that no route answers to"


def test_the_table_names_every_office():
    assert set(OFFICES) == set(Role) - {Role.RESIDENT, Role.OWNER}


def test_public_operations_of_the_api_are_few():
    free = {op for op, rule in TABLE.items() if rule in (PUBLIC, REFRESH_TOKEN)}
    assert free - PAGES.keys() == PUBLIC_API


def test_body_is_given_for_operations_of_the_table_only():
    assert BODIES.keys() <= API.keys()


def test_who_may_do_what(cast: Cast, client: FlaskClient, standin: StandIn):
    world = World(cast, client, standin.control)
    wrong = []
    for operation in TABLE:
        for who in ASKERS:
            for where in places_of(operation):
                found, wanted = world.ask(operation, who, where), expected(operation, who, where)
                if found != wanted:
                    wrong.append(f"{operation}: {who} in {where} place: {found}, not {wanted}")
    assert not wrong, "\n" + "\n".join(wrong)


def expected(operation: str, who: str, where: str) -> str:
    """What the table says of an operation, somebody who asks, and a place."""
    rule, short = TABLE[operation], operation.replace(PREFIX, "", 1)
    if rule is REFRESH_TOKEN or (who == NOBODY and rule is not PUBLIC):
        return "401 unauthorized"
    if where == ABSENT or rule is ADDRESSEE:
        # A redirect to a feed looks nothing up; the feed itself says that there is no such place.
        return PASSED if short.endswith("feed.{kind_of_feed}") else "404 not_found"
    if rule in (PUBLIC, SIGNED_IN):
        return PASSED
    if who == VISITOR or where == FOREIGN:
        return "404 not_found"
    return BY_RULE.get((short, who), PASSED) if who in rule else "403 forbidden"


def places_of(operation: str) -> tuple[str, ...]:
    """The places to try; one does where neither address nor body names any."""
    names_a_place = "{" in operation or operation.endswith("/residences")
    return (OWN, FOREIGN, ABSENT) if names_a_place else (OWN,)


def outcome(answer: TestResponse) -> str:
    """PASSED, also where a rule of the thing itself refuses; else status and code."""
    status = answer.status_code
    if status < 400:
        return PASSED
    if not answer.is_json:
        return {404: "404 not_found"}.get(status, f"{status} page")
    code = answer.json["code"]
    is_rule_of_the_thing = status in (409, 422) and code != "invalid_input"
    return PASSED if is_rule_of_the_thing else f"{status} {code}"


class World:
    """Three furnished compounds, and everyone who may ask."""

    def __init__(self, cast: Cast, client: FlaskClient, wechat: Control) -> None:
        self._client, self._wechat = client, wechat
        next_community, other_compound = cast.other_community()
        far_community, far_compound = cast.other_subdistrict()
        self._own = furnish(cast, cast.home, cast.community)
        self._nearby = furnish(cast, other_compound, next_community)
        self._far = furnish(cast, far_compound, far_community)
        # The next community lies under the same street office; the nearest other one is the far.
        self._nearby["subdistrict_id"] = self._far["subdistrict_id"]
        minor = local_date(datetime.now(UTC)) - timedelta(days=17 * 365)
        self._people = {
            VISITOR: cast.visitor(),
            RESIDENT: cast.resident(),
            MINOR: cast.resident(born=minor),
            **{role: cast.officer(Role(role), level=level) for role, level in OFFICES.items()},
        }

    def ask(self, operation: str, who: str, where: str) -> str:
        """What somebody is answered who tries an operation in a place."""
        ids = self._ids(who, where)
        method, path = request_for(operation, ids)
        kwargs = self._body(operation.replace(PREFIX, "", 1), ids)
        if who != NOBODY:
            kwargs["headers"] = {"Authorization": f"Bearer {self._people[who].token}"}
        return outcome(self._client.open(path, method=method, buffered=True, **kwargs))

    def _ids(self, who: str, where: str) -> Ids:
        if where == OWN:
            return self._own
        # The nearest place that an office does not reach.
        foreign = self._far if OFFICES.get(who) == "subdistrict" else self._nearby
        if where == FOREIGN:
            return foreign
        absent = {name: uuid4() for name in self._own if name.endswith("_id")}
        return {**self._own, **absent, "filename": "absent.css"}

    def _body(self, operation: str, ids: Ids) -> dict[str, Any]:
        if operation.endswith("/register-imports"):
            return {"data": {"file": (io.BytesIO(REGISTER.encode()), "register.csv")}}
        if operation.endswith("/attachments"):
            return {"data": {"file": (io.BytesIO(PHOTO), "photo.png")}}
        if "/paper-sheet/" in operation:
            return {"data": {"file": (io.BytesIO(SLIPS.encode()), "slips.csv")}}
        if operation == "DELETE /sessions/{session_id}/ballot":
            return {"query_string": {"expected_version": 1}}
        if operation == "POST /auth/wechat":
            return {"json": {"code": self._wechat.code(self._wechat.user())}}
        return {"json": BODIES[operation](ids)} if operation in BODIES else {}


# An office counts from its first day to its last, in its place and everything below it, and what
# ends it ends it at once: the token that was given out before is still good, the office is not.

READ = "/compounds/{}/matters"


def sees(person: Person, compound: Place) -> bool:
    """Whether the person has any standing in the compound."""
    status = person.get(READ.format(compound.id)).status_code
    assert status in (200, 404)
    return status == 200


def days_from_now(days: int) -> date:
    return local_date(datetime.now(UTC)) + timedelta(days=days)


@pytest.mark.parametrize(
    ("since", "until", "counts"),
    [
        (-10, None, True),
        (0, None, True),
        (1, None, False),
        (-10, 1, True),
        (-10, 0, False),
        (-10, -1, False),
        (0, 0, False),
    ],
)
def test_appointment_counts_from_its_first_day_until_its_last(
    cast: Cast, since: int, until: int | None, counts: bool
):
    person = cast.visitor()
    end = None if until is None else days_from_now(until)
    cast.appoint(person, Role.GRID_WORKER, since=days_from_now(since), until=end)
    assert sees(person, cast.home) is counts


def test_appointment_begins_and_ends_at_midnight_in_the_compound(
    cast: Cast, travel: Callable[[str], None]
):
    travel("2026-03-11T23:55:00+08:00")
    coming, going = cast.visitor(), cast.visitor()
    cast.appoint(coming, Role.GRID_WORKER, since=date(2026, 3, 12))
    cast.appoint(going, Role.GRID_WORKER, until=date(2026, 3, 12))
    assert (sees(coming, cast.home), sees(going, cast.home)) == (False, True)
    travel("2026-03-12T00:00:00+08:00")
    assert (sees(coming, cast.home), sees(going, cast.home)) == (True, False)


def test_appointment_ended_is_refused_at_once_with_a_live_token(cast: Cast):
    officer = cast.visitor()
    office_id = cast.appoint(officer, Role.BRANCH_SECRETARY)
    matter = cast.matters(officer, cast.resident(), ["停车"])[0]
    assert cast.community_secretary().post(f"/appointments/{office_id}/end").status_code == 200
    assert not sees(officer, cast.home)
    answer = officer.post(f"/matters/{matter}/screen", {"outcome": "REFUSED", "reason": "重复"})
    assert outcome(answer) == "404 not_found"
    assert officer.get("/me").json["appointments"] == []


def test_appointment_ended_leaves_a_resident_a_resident(cast: Cast):
    secretary = cast.resident()
    office_id = cast.appoint(secretary, Role.BRANCH_SECRETARY)
    cast.session(secretary)
    assert cast.community_secretary().post(f"/appointments/{office_id}/end").status_code == 200
    body = next_session({})
    answer = secretary.post(f"/compounds/{cast.home.id}/sessions", body)
    assert outcome(answer) == "403 forbidden"
    assert sees(secretary, cast.home)


def test_appointment_is_laid_down_by_its_holder(cast: Cast):
    auditor = cast.visitor()
    office_id = cast.appoint(auditor, Role.AUDITOR)
    assert auditor.post(f"/appointments/{office_id}/end").status_code == 200
    assert not sees(auditor, cast.home)


def test_residence_ended_by_a_move_is_refused_at_once_with_a_live_token(cast: Cast):
    resident, away = cast.resident(), cast.neighbour
    cast.unit(away, "101")
    unit = {"building": "3栋", "entrance": "2单元", "unit": "101", "relation": "tenant"}
    claim = resident.post("/residences", {"compound_id": str(away.id), **unit})
    verifier = cast.officer(Role.GRID_WORKER, away)
    assert verifier.post(f"/residences/{claim.json['id']}/verify").status_code == 200
    assert (sees(resident, cast.home), sees(resident, away)) == (False, True)


def test_residence_gives_no_standing_before_it_is_verified(cast: Cast):
    newcomer, verifier = cast.visitor(), cast.officer(Role.GRID_WORKER)
    cast.unit(cast.home, "101")
    unit = {"building": "3栋", "entrance": "2单元", "unit": "101", "relation": "owner"}
    claim = newcomer.post("/residences", {"compound_id": str(cast.home.id), **unit}).json["id"]
    assert not sees(newcomer, cast.home)
    refused = verifier.post(f"/residences/{claim}/refuse", {"reason": "房号与证件不符"})
    assert refused.status_code == 200
    assert not sees(newcomer, cast.home)
    claim = newcomer.post("/residences", {"compound_id": str(cast.home.id), **unit}).json["id"]
    assert verifier.post(f"/residences/{claim}/verify").status_code == 200
    assert sees(newcomer, cast.home)


def test_login_that_was_logged_out_is_refused_at_once(cast: Cast):
    person = cast.secretary()
    other_phone = cast.logged_in_anew(person)
    assert person.post("/auth/logout").status_code == 204
    assert outcome(person.get(READ.format(cast.home.id))) == "401 unauthorized"
    assert sees(other_phone, cast.home)


@pytest.mark.parametrize(
    ("level", "reach"),
    [
        ("compound", {"home"}),
        ("community", {"home", "next door"}),
        ("subdistrict", {"home", "next door", "next community"}),
    ],
)
def test_appointment_counts_in_everything_below_its_place(cast: Cast, level: str, reach: set[str]):
    compounds = {
        "home": cast.home,
        "next door": cast.neighbour,
        "next community": cast.other_community()[1],
        "next street": cast.other_subdistrict()[1],
    }
    worker = cast.officer(Role.GRID_WORKER, level=level)
    seen = {name for name, compound in compounds.items() if sees(worker, compound)}
    verifying = {
        name
        for name, compound in compounds.items()
        if worker.get(f"/compounds/{compound.id}/residences").status_code == 200
    }
    assert seen == verifying == reach


def test_roles_of_two_places_do_not_mix(cast: Cast):
    person = cast.resident(cast.neighbour)
    cast.appoint(person, Role.BRANCH_SECRETARY, cast.home)
    raised = {"title": "停车", "body": "说明", "category": "PARKING"}
    matter = person.post(f"/compounds/{cast.neighbour.id}/matters", raised).json["id"]
    assert outcome(person.put(f"/matters/{matter}/endorsement")) == PASSED
    answer = person.post(f"/matters/{matter}/screen", {"outcome": "LISTED"})
    assert outcome(answer) == "403 forbidden"
    matter = person.post(f"/compounds/{cast.home.id}/matters", raised).json["id"]
    assert outcome(person.put(f"/matters/{matter}/endorsement")) == "403 forbidden"
    assert outcome(person.post(f"/matters/{matter}/screen", {"outcome": "LISTED"})) == PASSED


# A view cannot be forgotten: without a rule it is not registered, and a rule that was not applied
# to a place does not answer.


def test_view_without_a_rule_cannot_be_registered():
    def look() -> None:
        """Look."""

    with pytest.raises(TypeError, match="has no rule"):
        Blueprint("forgotten", __name__).route("/forgotten")(look)


def test_view_that_obtains_no_place_does_not_answer(cast: Cast):
    secretary = cast.secretary()
    headers = {"Authorization": f"Bearer {secretary.token}"}
    careless = allow(Role.BRANCH_SECRETARY)(lambda: "everything")
    with (
        cast.app.test_request_context(headers=headers),
        pytest.raises(RuntimeError, match="obtained no place"),
    ):
        careless()
