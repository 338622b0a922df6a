"""The act of the tour in which what was done is judged (民评)."""

from typing import Any

from tests.demo.agreement import Agreement
from tests.demo.month import VOTERS, Month
from tests.demo.scene import Scene, chapter, say
from tests.demo.works import LATE_ANSWER, Works

RATES = {
    "response": ("响应率", "7/8 = 87.5%"),
    "solved_rate": ("解决率", "7/8 = 87.5%"),
    "satisfaction": ("满意率", "6/8 = 75.0%"),
    "in_time": ("按时率", "6/8 = 75.0%"),
}
SHEETS = {"satisfied": 38, "mostly": 9, "not_satisfied": 5}


class Judgement:
    """The look-back of May 2026: matters, rates, the convention, and the end of the session."""

    def __init__(self, scene: Scene, month: Month, works: Works, agreement: Agreement) -> None:
        self.scene = scene
        self.month, self.works, self.agreement = month, works, agreement
        self.secretary = scene.people[VOTERS[0]]

    def look_back(self) -> None:
        """回头看: the four matters that were done are judged by those who raised them."""
        chapter("民评", "Evaluate")
        self.scene.go("2026-05-15 10:00")
        self.secretary.do("POST", f"{self.month.session}/start-evaluation")
        self.secretary.do("POST", f"/orders/{self.works.orders[LATE_ANSWER]}/close")
        for label in ("M01", "M04", "M02", "M11"):
            path = f"/matters/{self.month.matters[label]}"
            judged = self.secretary.do("POST", f"{path}/close")
            print(f"  {label} {judged['explanation']}")
            self.scene.expect(f"{label} 评定 · verdict", judged["verdict"], "CLOSED")
            self.scene.expect(label, self.secretary.do("GET", path)["state"], "CLOSED")
        whistle = self.secretary.do("GET", self.works.whistle)
        say("W8 提出人答未解决，退回重办", f"unsolved: {whistle['state']}")
        self.scene.expect("W8 重办 · rework", whistle["state"], "REWORK")

    def show_rates(self) -> None:
        """各项比率, with both numbers; of so few raisers satisfaction is for officers."""
        path = f"{self.scene.compound}/rates?from=2026-03-01&to=2026-05-31"
        seen = self.scene.people["V24"].do("GET", path)
        self.scene.expect("居民看不到的满意率 · hidden from residents", seen["satisfaction"], None)
        rates = self.secretary.do("GET", path)
        for name, (zh, expected) in RATES.items():
            print(f"  {zh} {rates[name]['text']}")
            self.scene.expect(f"{zh} · {name}", rates[name]["text"], expected)

    def judge_convention(self) -> None:
        """Sixty sheets out, fifty-two back, counted by one and confirmed by another."""
        chapter("评议规约", "The convention is judged")
        body = {"closes_at": "2026-05-23T00:00:00+08:00", "sheets_out": 60}
        path = f"/conventions/{self.agreement.convention}/evaluation-rounds"
        asked = f"/evaluation-rounds/{self.secretary.do('POST', path, body)['id']}"
        self.scene.people["V03"].do("PUT", f"{asked}/paper", SHEETS)
        self.scene.people["grid_worker"].do("POST", f"{asked}/paper/confirm")
        self.scene.go("2026-05-23 00:00")
        closed: dict[str, Any] = self.scene.people["V24"].do("GET", asked)
        text = closed["result"]["satisfaction"]["text"]
        say(f"发出 60 份，收回 {closed['answers']} 份，满意 {text}", "sheets back, and satisfied")
        self.scene.expect("规约评议 · evaluation", text, "47/52 = 90.4%")

    def end(self) -> None:
        """It is known what became of each chosen matter."""
        session = self.secretary.do("POST", f"{self.month.session}/close")
        say("本期结束", f"the session is {session['state']}")
        self.scene.expect("本期 · session", session["state"], "CLOSED")
