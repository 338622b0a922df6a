"""The application's operations, read from the addresses that it really serves, and a furnished
place whose things have those addresses."""

import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask

from app.attachments.models import Attachment
from app.board.models import Objection
from app.board.posting import post
from app.compounds.models import Community
from app.deliberation.models import CHECKLIST
from app.kit.clock import local_date
from app.kit.extensions import db
from app.kit.orm import new_id
from app.kit.web.api import PREFIX
from app.people.models import Role
from app.rating_lists.models import RatingList
from app.rating_lists.notices import RATING_NOTICED
from tests.cast import Cast, Person, Place

# Operations of the API that ask for no access token.
PUBLIC_API = frozenset(
    {
        f"GET {PREFIX}/openapi.json",
        f"POST {PREFIX}/auth/wechat",
        f"POST {PREFIX}/auth/refresh",
        f"GET {PREFIX}/operator-key",
        f"GET {PREFIX}/board/{{kind}}/{{place_id}}/feed.json",
        f"GET {PREFIX}/board/{{kind}}/{{place_id}}/feed.atom",
        f"GET {PREFIX}/sessions/{{session_id}}/bundle.json",
        f"GET {PREFIX}/compounds/{{compound_id}}/countersigners",
        f"GET {PREFIX}/attachments/{{attachment_id}}/content",
    }
)
# A PNG of one pixel.
PHOTO = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)
SLIPS = "票号,楼栋,单元,房号,姓名,5分,3分,1分\n222222,9栋,1单元,901,查无此人,M01,,\n"
REGISTER = "楼栋,单元,房号,面积\n9栋,1单元,901,88.50\n"


def template(rule: str) -> str:
    """A rule of Werkzeug as the API's description writes it: `/matters/{matter_id}`."""
    return re.sub(r"<(?:[^:<>]*:)?(\w+)>", r"{\1}", rule)


def operations(app: Flask) -> set[str]:
    """Every operation as `METHOD /path/{argument}`."""
    return {
        f"{method} {template(rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def request_for(operation: str, ids: Mapping[str, Any]) -> tuple[str, str]:
    """Method and path of an operation, its arguments filled in from `ids`."""
    method, path = operation.split(" ", 1)
    return method, path.format_map(ids)


def furnish(
    cast: Cast,
    compound: Place,
    community: Place,
    secretary: Person | None = None,
    resident: Person | None = None,
) -> dict[str, Any]:
    """A compound with voting open, an earlier one at its round table, and one of each thing.

    The ids stand under the names that addresses use; `matters` are those on the list,
    `matter_id` is one that nobody has screened. `session_id` is the session in which voting is
    open; `chosen` is the matter of the round table.
    """
    secretary = secretary or cast.secretary(compound)
    resident = resident or cast.resident(compound)
    newcomer = cast.visitor()
    cast.unit(compound, "101")
    unit = {"building": "3栋", "entrance": "2单元", "unit": "101", "relation": "tenant"}
    claim = {"compound_id": str(compound.id), **unit}
    residence = made(newcomer.post("/residences", claim))
    office = {"resident_id": str(resident.id), "role": Role.RESIDENT_REP, "from": "2020-01-01"}
    appointment = made(secretary.post(f"/compounds/{compound.id}/appointments", office))
    register = {"file": (io.BytesIO(REGISTER.encode()), "register.csv")}
    path = f"/compounds/{compound.id}/register-imports"
    taken_in = made(secretary.call("POST", path, data=register))

    discussed = discuss(cast, compound, secretary, resident)
    agreed = agree(compound, secretary)
    # It is this compound's turn again, if others of its community wait.
    change = {"compound_id": str(compound.id), "reason": "再议一次"}
    leader = cast.officer(Role.COMMUNITY_SECRETARY, community, level="community")
    swapped = leader.post(f"/communities/{community.id}/rotation/swap", change)
    assert swapped.status_code == 200 or swapped.json["code"] == "already_next"
    session = cast.session(secretary, compound=compound)
    steps = f"/sessions/{session['id']}"
    made(secretary.post(f"{steps}/start-collecting"), 200)
    listed = cast.matters(secretary, resident, ("停车", "路灯"), compound=compound)
    made(secretary.post(f"{steps}/freeze-list"), 200)
    made(secretary.post(f"{steps}/open-voting"), 200)
    batch = made(secretary.post(f"{steps}/paper-batches", {"count": 2}))
    matter = {"title": "积水", "body": "雨后积水", "category": "LEAK_DRAIN"}
    submitted = made(resident.post(f"/compounds/{compound.id}/matters", matter))
    feed = made(secretary.get(f"/board/compounds/{compound.id}/feed.json"), 200)
    notice_id = feed["items"][0]["id"].removeprefix("urn:uuid:")
    return {
        **discussed,
        **agreed,
        **works(cast, compound, secretary, resident),
        **judged(cast, compound, secretary, resident),
        **told(cast, compound, community, secretary, resident),
        **rated(cast, compound, community),
        "compound_id": compound.id,
        "community_id": community.id,
        "subdistrict_id": subdistrict_of(cast, community),
        "kind": "compounds",
        "place_id": compound.id,
        "kind_of_feed": "json",
        "filename": "site.css",
        "session_id": session["id"],
        "batch_id": batch["id"],
        "serial": batch["serials"][0],
        "matter_id": submitted["id"],
        "matters": listed,
        "residence_id": residence["id"],
        "appointment_id": appointment["id"],
        "import_id": taken_in["id"],
        "notice_id": notice_id,
        "objection_id": objection(cast, compound, notice_id, resident),
        "resident_id": str(resident.id),
        "message_id": own_message(resident),
        "unit": unit,
    }


def own_message(reader: Person) -> str:
    """The id of the newest message that is this person's alone."""
    items = made(reader.get("/me/inbox"), 200)["items"]
    return next(str(each["id"]) for each in items if each["notice_id"] is None)


def subdistrict_of(cast: Cast, community: Place) -> UUID:
    with cast.app.app_context():
        return db.session.get_one(Community, community.id).subdistrict_id


def discuss(cast: Cast, compound: Place, secretary: Person, resident: Person) -> dict[str, str]:
    """A round table on one matter, chosen without a vote (R8), with a card and a draft on it."""
    session = cast.session(secretary, compound=compound, period="2025-01")
    steps = f"/sessions/{session['id']}"
    made(secretary.post(f"{steps}/start-collecting"), 200)
    (matter,) = cast.matters(secretary, resident, ("加装电梯",), compound=compound)
    for step in ("freeze-list", "open-voting"):
        made(secretary.post(f"{steps}/{step}"), 200)
    for kind in CHECKLIST:
        made(secretary.post(f"{steps}/invitations", {"kind": kind, "name": "代表"}))
    made(secretary.post(f"{steps}/start-meeting"), 200)
    about = {"matter_id": matter, "text": "先听一楼的意见"}
    card = made(resident.post(f"{steps}/cards", about))
    draft = made(secretary.post(f"{steps}/resolutions", {**about, "title": "加装电梯"}))
    photo = published_photo(cast, compound, secretary, f"{steps}/remarks")
    return {
        "card_id": card["id"],
        "resolution_id": draft["id"],
        "chosen": matter,
        "attachment_id": photo,
    }


def published_photo(cast: Cast, compound: Place, clerk: Person, remarks: str) -> str:
    """The id of a photo of the minutes that anybody may see."""
    path = f"/compounds/{compound.id}/attachments"
    photo: str = made(clerk.post(path, data={"file": (io.BytesIO(PHOTO), "photo.png")}))["id"]
    remark = {"speaker": "租户代表", "text": "看照片", "attachment_ids": [photo]}
    made(clerk.post(remarks, remark))
    with cast.app.app_context():
        db.session.get_one(Attachment, UUID(photo)).show_publicly()
        db.session.commit()
    return photo


def agree(compound: Place, secretary: Person) -> dict[str, str]:
    """A residents' pact under review, with a clause for the owners in which a word is flagged."""
    clause = {"text": "花坛改车位，不设罚款。", "owner_vote_item": 8}
    pact = {"legal_type": "RESIDENT_PACT", "title": "居民公约", "clauses": [clause]}
    draft = made(secretary.post(f"/compounds/{compound.id}/conventions", pact))
    version = made(secretary.post(f"/convention-versions/{draft['id']}/submit"), 200)
    return {
        "convention_id": version["convention_id"],
        "version_id": version["id"],
        "clause_id": version["clauses"][0]["id"],
        "flag_id": version["flags"][0]["id"],
    }


def works(cast: Cast, compound: Place, secretary: Person, resident: Person) -> dict[str, str]:
    """An order that a seated member has taken on, with hours, and a whistle that was asked for."""
    home = f"/compounds/{compound.id}"
    matters = []
    for outcome in ("DISPATCHED", "WHISTLED"):
        raised = {"title": "路灯", "body": "不亮", "category": "LIGHTING"}
        matters.append(made(resident.post(f"{home}/matters", raised))["id"])
        made(secretary.post(f"/matters/{matters[-1]}/screen", {"outcome": outcome}), 200)
    member = cast.officer(Role.SEATED_MEMBER, compound)
    words = {"title": "换灯", "text": "换灯", "doer_kind": "SEATED_MEMBER", "doer_name": "党员"}
    order = made(secretary.post(f"/matters/{matters[0]}/orders", words))
    path = f"/orders/{order['id']}"
    made(secretary.post(f"{path}/assign", {"doer_ids": [str(member.id)]}), 200)
    made(member.post(f"{path}/accept"), 200)
    hours = {"worked_on": f"{local_date(datetime.now(UTC))}", "minutes": 30}
    logged = made(member.post(f"{path}/hours", hours))
    asked = {"ground": "EMERGENCY", "text": "塌陷"}
    whistle = made(secretary.post(f"/matters/{matters[1]}/whistles", asked))
    return {"order_id": order["id"], "hours_id": logged["id"], "whistle_id": whistle["id"]}


def finished_order(
    cast: Cast, compound: Place, secretary: Person, resident: Person
) -> dict[str, str]:
    """An order that was checked, and whose matter is done with it."""
    raised = {"title": "漏水", "body": "屋面", "category": "LEAK_DRAIN"}
    matter = made(resident.post(f"/compounds/{compound.id}/matters", raised))["id"]
    made(secretary.post(f"/matters/{matter}/screen", {"outcome": "DISPATCHED"}), 200)
    words = {"title": "补漏", "text": "补漏", "doer_kind": "SEATED_MEMBER", "doer_name": "党员"}
    order = made(secretary.post(f"/matters/{matter}/orders", words))
    path, member = f"/orders/{order['id']}", cast.officer(Role.SEATED_MEMBER, compound)
    made(secretary.post(f"{path}/assign", {"doer_ids": [str(member.id)]}), 200)
    made(member.post(f"{path}/accept"), 200)
    made(member.post(f"{path}/submit", {"text": "补好了"}), 200)
    return dict(made(secretary.post(f"{path}/verify"), 200))


def judged(cast: Cast, compound: Place, secretary: Person, resident: Person) -> dict[str, str]:
    """A round that is open, on a matter that is done."""
    order = finished_order(cast, compound, secretary, resident)
    closes_at = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    asked = {"closes_at": closes_at, "sheets_out": 10}
    path = f"/matters/{order['matter_id']}/evaluation-rounds"
    return {"round_id": made(secretary.post(path, asked))["id"]}


def closed_matter(cast: Cast, compound: Place, secretary: Person, resident: Person) -> str:
    """The id of a matter that was solved, as its raiser says."""
    order = finished_order(cast, compound, secretary, resident)
    good = {"solved": True, "satisfaction": "SATISFIED"}
    made(resident.post(f"/orders/{order['id']}/follow-ups", good))
    return str(made(secretary.post(f"/matters/{order['matter_id']}/close"), 200)["matter_id"])


def told(
    cast: Cast, compound: Place, community: Place, secretary: Person, resident: Person
) -> dict[str, str]:
    """A case in the library."""
    matter = closed_matter(cast, compound, secretary, resident)
    words = {"title": "屋面不再漏水", "problem": "屋面漏水"}
    case = made(secretary.post(f"/matters/{matter}/cases", words))
    leader = cast.officer(Role.COMMUNITY_SECRETARY, community, level="community")
    return {"case_id": made(leader.post(f"/cases/{case['id']}/publish"), 200)["id"]}


def rated(cast: Cast, compound: Place, community: Place) -> dict[str, str]:
    """A rating list on the board, with an objection to its entry; stored as it is, since a term
    needs the holidays of its year."""
    leader = cast.officer(Role.COMMUNITY_SECRETARY, community, level="community")
    entry = {"compound_id": str(compound.id), "firm_name": "安居物业"}
    rating = {"period": "2025-01", "entries": [{**entry, "colour": "RED", "reason": "按期办结"}]}
    path = f"/communities/{community.id}/rating-lists"
    drafted = made(leader.post(path, rating))
    reviewer, now = cast.visitor(), datetime.now(UTC)
    with cast.app.app_context():
        row = db.session.get_one(RatingList, UUID(drafted["id"]))
        row.review(reviewer.id, now)
        row.publish(now + timedelta(days=7))
        row.entries[0].notice = post(
            db.session(),
            RATING_NOTICED,
            row.entries[0],
            now,
            term_ends_at=now + timedelta(days=7),
        )
        db.session.commit()
        notice_id = str(row.entries[0].notice_id)
    objection(cast, compound, notice_id, reviewer)
    return {"list_id": drafted["id"], "entry_id": drafted["entries"][0]["id"]}


def objection(cast: Cast, compound: Place, notice_id: str, by: Person) -> str:
    """The id of an objection, stored as it is: raising one needs the holidays of that year."""
    raised_at = datetime.now(UTC)
    with cast.app.app_context():
        stored = Objection(
            id=new_id(),
            notice_id=UUID(notice_id),
            compound_id=compound.id,
            resident_id=by.id,
            text="限时两小时太短",
            raised_at=raised_at,
            answer_due_at=raised_at + timedelta(days=5),
        )
        db.session.add(stored)
        db.session.commit()
        return str(stored.id)


def made(answer: Any, status: int = 201) -> Any:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json
