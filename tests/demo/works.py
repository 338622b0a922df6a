"""The act of the tour in which what was decided is done (民办): seven orders and a whistle."""

from typing import Any, NamedTuple

from tests.demo.month import VOTERS, Month
from tests.demo.round_table import RoundTable
from tests.demo.scene import Person, Scene, chapter, code_of, say


class Line(NamedTuple):
    """One order of the worked example; times are those of 2026."""

    title: str
    decision: str
    doer_kind: str
    doer_name: str
    doer: str
    due_on: str
    done: str


LINES = {
    "W1": Line(
        "清僵尸车 8 辆、划黄线",
        "停车与消防通道",
        "PARTY_BRANCH",
        "党支部、物业（交管协助）",
        "property_manager",
        "2026-04-17",
        "2026-04-15 17:00",
    ),
    "W2": Line(
        "错时车位 40 个",
        "停车与消防通道",
        "SEATED_MEMBER",
        "下沉党员",
        "V23",
        "2026-04-30",
        "2026-04-28 17:00",
    ),
    "W3": Line(
        "车位编号、访客登记",
        "停车与消防通道",
        "PROPERTY_FIRM",
        "物业",
        "property_manager",
        "2026-04-20",
        "2026-04-24 17:00",
    ),
    "W4": Line(
        "充电棚 60 口",
        "电动车充电",
        "OWNERS_COMMITTEE",
        "业委会、物业",
        "V02",
        "2026-05-15",
        "2026-05-12 17:00",
    ),
    "W5": Line(
        "清飞线 17 处",
        "电动车充电",
        "PARTY_GROUP",
        "楼栋党小组",
        "V03",
        "2026-04-10",
        "2026-04-09 17:00",
    ),
    "W6": Line(
        "组织单元表决",
        "加装电梯",
        "OWNERS_COMMITTEE",
        "业委会、社区",
        "V02",
        "2026-04-30",
        "2026-04-30 17:00",
    ),
}
LATE_ANSWER = "W3"
# Order -> its matter, and what the raiser answers: solved, and how content.
ANSWERS = {
    "W1": ("M01", True, "SATISFIED"),
    "W2": ("M01", True, "MOSTLY"),
    "W3": ("M01", True, "NOT"),
    "W4": ("M04", True, "SATISFIED"),
    "W5": ("M04", True, "SATISFIED"),
    "W6": ("M02", True, "SATISFIED"),
    "W7": ("M11", True, "SATISFIED"),
    "W8": ("M05", False, "NOT"),
}
WORDS = {"SATISFIED": "满意", "MOSTLY": "基本满意", "NOT": "不满意"}


class Works:
    """From the street lamps of March to the charging shed of May."""

    def __init__(self, scene: Scene, month: Month) -> None:
        self.scene = scene
        self.people = scene.people
        self.month = month
        self.orders: dict[str, str] = {}  # W1 -> id
        self.whistle = ""

    @property
    def secretary(self) -> Person:
        """The branch secretary."""
        return self.people[VOTERS[0]]

    def mend_lamps(self) -> None:
        """W7: M11 was dispatched without a vote, and is done on the same day."""
        chapter("派单", "An ordinary repair needs no vote")
        path = f"/matters/{self.month.matters['M11']}/orders"
        self.assign(
            "W7", path, "换路灯 6 盏", "PROPERTY_FIRM", "物业", "property_manager", "2026-03-08"
        )
        self.accept("W7", "property_manager")
        self.scene.go("2026-03-06 17:00")
        self.finish("W7", "property_manager")

    def hand_out(self, steps: RoundTable) -> None:
        """W1 to W6 on 30 March; W3's doer answers too late."""
        chapter("民办", "Do: work orders")
        for name, line in LINES.items():
            path = f"/resolutions/{steps.resolutions[line.decision]}/orders"
            self.assign(
                name, path, line.title, line.doer_kind, line.doer_name, line.doer, line.due_on
            )
            if name != LATE_ANSWER:
                self.accept(name, line.doer)

    def accept_late(self) -> None:
        """More than 24 hours after it was assigned."""
        self.scene.go("2026-04-01 10:00")
        self.accept(LATE_ANSWER, LINES[LATE_ANSWER].doer)
        say(f"{LATE_ANSWER} 超过 24 小时才接单", "accepted after its 24 hours")

    def do(self, *names: str) -> None:
        """Finish these orders, each on its day."""
        for name in names:
            self.scene.go(LINES[name].done)
            self.finish(name, LINES[name].doer)

    def blow_whistle(self) -> None:
        """W8: M05 was carried over, then whistled; the department signs after 40 minutes."""
        chapter("吹哨报到", "A whistle to the department")
        self.scene.go("2026-04-13 09:00")
        matter = f"/matters/{self.month.matters['M05']}"
        screened = {"outcome": "WHISTLED", "reason": "管网改造，街道无力办理"}
        self.secretary.do("POST", f"{matter}/screen", screened)
        body = {"ground": "CARED_UNSOLVED", "text": "1号路雨后积水，影响 3 栋出行。"}
        whistle = self.people["community_secretary"].do("POST", f"{matter}/whistles", body)
        self.whistle = f"/whistles/{whistle['id']}"
        call = {
            "kind": "HARD",
            "department": "区水务局",
            "receiver_id": self.people["department"].id,
            "due_on": "2026-04-30",
        }
        self.people["subdistrict_officer"].do("POST", f"{self.whistle}/blow", call)
        department = self.people["department"]
        self.scene.go("2026-04-13 09:40")
        department.do("POST", f"{self.whistle}/sign")
        department.do("POST", f"{self.whistle}/contact", {"note": "已与居民代表通话。"})
        self.scene.go("2026-04-15 09:00")
        department.do("POST", f"{self.whistle}/report", {"text": "到场查看，系管径不足。"})
        say("40 分钟签收，第 2 个工作日报到", "signed after 40 minutes, on site on working day 2")

    def feed_back(self) -> None:
        """The department says what it did, and cannot close its own whistle."""
        self.scene.go("2026-04-27 15:00")
        department = self.people["department"]
        text = {"text": "已疏通并加装两处雨水口。"}
        department.do("POST", f"{self.whistle}/feed-back", text)
        own = code_of(department.call("POST", f"{self.whistle}/verify-close", {}))
        say("部门自己不能结项", f"the doer cannot close it: {own}")
        self.scene.expect("自己结项 · closing one's own", own.split(" ")[0], "403")
        self.ask_raiser("W8", self.whistle)

    def assign(
        self,
        name: str,
        path: str,
        title: str,
        doer_kind: str,
        doer_name: str,
        doer: str,
        due_on: str,
    ) -> None:
        """Make an order and hand it to its doer."""
        words = {
            "title": title,
            "text": title,
            "doer_kind": doer_kind,
            "doer_name": doer_name,
            "due_on": due_on,
        }
        order = self.secretary.do("POST", path, words)
        self.orders[name] = order["id"]
        body = {"doer_ids": [self.people[doer].id]}
        self.secretary.do("POST", f"/orders/{order['id']}/assign", body)
        print(f"  {name} {title}  {doer_name}  {due_on} 前")

    def accept(self, name: str, doer: str) -> None:
        self.people[doer].do("POST", f"/orders/{self.orders[name]}/accept")

    def finish(self, name: str, doer: str) -> None:
        """Say that it is done; somebody else looks."""
        path = f"/orders/{self.orders[name]}"
        self.people[doer].do("POST", f"{path}/submit", {"text": "已办完。"})
        own = self.people[doer].call("POST", f"{path}/verify", {})
        if own.is_success:
            self.scene.expect(f"{name} 自己核实 · own check", code_of(own), "403")
        order: dict[str, Any] = self.people["grid_worker"].do("POST", f"{path}/verify", {})
        in_time = "按时 · in time" if order["is_in_time"] else "超期 · late"
        print(f"  {name} 核实 · verified  {in_time}")
        self.scene.expect(f"{name} 按时 · in time", order["is_in_time"], name != LATE_ANSWER)
        self.ask_raiser(name, path)

    def ask_raiser(self, name: str, path: str) -> None:
        """回访: whoever raised the matter says whether it is solved."""
        matter, solved, satisfaction = ANSWERS[name]
        raiser = self.month.raisers[matter]
        body = {"solved": solved, "satisfaction": satisfaction}
        self.people[raiser].do("POST", f"{path}/follow-ups", body)
        word = "已解决 · solved" if solved else "未解决 · unsolved"
        print(f"     {raiser}：{word}，{WORDS[satisfaction]}")
