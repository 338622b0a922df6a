"""The act of the tour in which what was agreed becomes a convention in force (公约)."""

from typing import Any

from tests.demo.month import VOTERS
from tests.demo.round_table import RoundTable
from tests.demo.scene import Scene, chapter, code_of, indented, say

TITLE = "香樟苑小区停车与电动车充电解题规约"
# The twelve clauses of the worked example.
CLAUSES = (
    "为解决夜间停车乱、电动车充电险的问题，经三月「月月谈」商议，本小区居民自愿订立本规约。",
    "消防通道、单元门口和黄线内不停车；发现占用，先电话提醒，十五分钟未移的由物业上门劝导，"
    "仍不改的报有关部门依法处理。",
    "车位统一编号，先到先停，不私装地锁、不以杂物占位。访客车登记入内，一般不超过两小时。",
    "连续九十天不动且无人认领的车辆，张贴通知十五天，再由业委会商有关部门依法处置。",
    "与学校商定的错时车位，每日十九时至次日七时使用，登记轮换，老弱病残孕优先。",
    "电动车不进楼道、不进电梯、不拉飞线。充电到充电棚，充满及时移开。",
    "充电按度计价，价格、电量、收支每月五日前在公告栏和小程序公布。",
    "邻里先劝导、后调解；楼栋党小组与志愿者每晚巡一次，记入台账。",
    "本规约不设罚款，不限制任何人正常通行和用水用电。遵守好的家庭可记积分，积分不影响任何表决。",
    "花坛改车位（卡片C5）属业主共同决定事项，未经依法表决不实施。",
    "对本规约有意见的，公示期内向小区党支部提出，三个工作日内答复。",
    "试行六个月，期满由「月月谈」评议，决定修改、续行或废止。",
)
OWNERS_CLAUSE, OWNERS_ITEM = 10, 8


class Agreement:
    """The convention from its draft on 30 March to its first day, 8 April 2026."""

    def __init__(self, scene: Scene, steps: RoundTable) -> None:
        self.scene = scene
        self.people = scene.people
        self.resolutions = [steps.resolutions[title] for title in ("停车与消防通道", "电动车充电")]
        self.convention = ""
        self.version = ""

    def publish(self) -> None:
        """Drafted, checked, reviewed and put on the board on one day."""
        chapter("民约", "What was agreed becomes a convention")
        secretary = self.people[VOTERS[0]]
        body = {
            "legal_type": "SELF_DISCIPLINE",
            "title": TITLE,
            "is_trial": True,
            "resolution_ids": self.resolutions,
            "clauses": [
                {
                    "text": text,
                    "owner_vote_item": OWNERS_ITEM if number == OWNERS_CLAUSE else None,
                }
                for number, text in enumerate(CLAUSES, start=1)
            ],
        }
        path = f"{self.scene.compound}/conventions"
        draft = secretary.do("POST", path, body)
        self.convention, self.version = draft["convention_id"], draft["id"]
        path = f"/convention-versions/{self.version}"
        submitted = secretary.do("POST", f"{path}/submit")
        (flag,) = submitted["flags"]
        say(f"文字审查：{flag['clause_label']}有「{flag['word']}」", "a word is flagged")
        reviewer = self.people["community_secretary"]
        early = code_of(reviewer.call("POST", f"{path}/review", {"opinion": "APPROVED"}))
        self.scene.expect("有标记不能通过 · flags open", early, "409 flags_open")
        reason = {"reason": "这一条说的是不设罚款"}
        reviewer.do("POST", f"{path}/flags/{flag['id']}/clear", reason)
        reviewer.do("POST", f"{path}/review", {"opinion": "APPROVED"})
        noticed = secretary.do("POST", f"{path}/publish")
        say(
            f"公示至 {noticed['notice_ends_at']}",
            "the first day is not counted; 04-06 is a holiday",
        )
        self.scene.expect(
            "规约公示期 · notice", noticed["notice_ends_at"], "2026-04-08T00:00:00+08:00"
        )

    def object(self) -> None:
        """Somebody objects in the term, and is answered."""
        self.scene.go("2026-04-02 20:00")
        notice = self.scene.notice("CONVENTION_NOTICED", self.version)
        path = f"/notices/{notice['id'].removeprefix('urn:uuid:')}/objections"
        text = {"text": "访客车两小时太短，看望老人的子女停不下。"}
        objection = self.people["V07"].do("POST", path, text)
        self.scene.go("2026-04-03 10:00")
        answer = {"answer": "登记时说明看望老人的，可停一天。第三条的「一般」即留有余地。"}
        self.people[VOTERS[0]].do("POST", f"/objections/{objection['id']}/answer", answer)
        say("公示期内一条异议，次日答复", "one objection in the term, answered the next day")

    def enter_force(self) -> None:
        """Not a minute before 24:00 of 7 April; all of it is in the feed."""
        self.scene.go("2026-04-07 23:59")
        self.scene.expect("04-07 23:59", self.read()["state"], "NOTICED")
        self.scene.go("2026-04-08 00:00")
        version = self.read()
        say(f"《{version['name']}》{version['state']}", f"review by {version['review_by']}")
        self.scene.expect("04-08 00:00", version["state"], "IN_FORCE")
        self.scene.expect("评议 · review", version["review_by"], "2026-10-08")
        late = {"text": "我来晚了。"}
        notice = self.scene.notice("CONVENTION_NOTICED", self.version)
        notice_id = notice["id"].removeprefix("urn:uuid:")
        code = code_of(self.people["V07"].call("POST", f"/notices/{notice_id}/objections", late))
        self.scene.expect("公示期满后 · after the term", code, "409 objection_term_over")
        self.show(self.scene.notice("CONVENTION_IN_FORCE", self.version))

    def show(self, item: dict[str, Any]) -> None:
        """The convention as the feed carries it, and its poster."""
        data = item["_yueyuetan"]["data"]
        print(indented(data["text"]))
        texts = tuple(clause["text"] for clause in data["clauses"])
        self.scene.expect("公示里的条文 · clauses in the feed", texts, CLAUSES)
        inactive = [clause["number"] for clause in data["clauses"] if not clause["is_active"]]
        self.scene.expect("不实施的条文 · inactive clauses", inactive, [OWNERS_CLAUSE])
        poster = self.scene.http.get(
            f"/board/notices/{item['id'].removeprefix('urn:uuid:')}/poster.pdf"
        )
        self.scene.expect("海报 · poster", poster.content[:5], b"%PDF-")
        say(f"海报 {len(poster.content) // 1024} KB", f"poster: {poster.url}")

    def read(self) -> dict[str, Any]:
        """The version as a resident sees it now."""
        seen: dict[str, Any] = self.people["V24"].do("GET", f"/convention-versions/{self.version}")
        return seen
