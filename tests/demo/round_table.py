"""The second act of the tour: what was chosen is discussed and decided (民议、民决)."""

from typing import Any

from tests.demo.month import VOTERS, Month
from tests.demo.scene import Person, Scene, chapter, code_of, say

CHECKLIST = {
    "OWNERS": "业主代表",
    "TENANTS": "租户代表",
    "AFFECTED": "3栋2单元一楼住户",
    "DEPARTMENT": "区城管执法局、区房管局、区消防救援大队",
}
PRESENT = VOTERS[:21]
CAME_FIRST = VOTERS[:12]

# Card -> its matter, its text, and the item of Civil Code 278 that makes it the owners' to decide.
CARDS: dict[str, tuple[str, str, int | None]] = {
    "C1": ("M01", "清理僵尸车 8 辆，腾位", None),
    "C2": ("M01", "与隔壁学校谈夜间错时车位 40 个", None),
    "C3": ("M01", "车位编号，访客登记限时 2 小时", None),
    "C4": ("M01", "消防通道划黄线、装隔离桩", None),
    "C5": ("M01", "中心花坛改 12 个车位", 8),
    "C6": ("M04", "原自行车棚改充电棚，60 个充电口", None),
    "C7": ("M04", "清理飞线 17 处", None),
    "C8": ("M04", "电费公开、按度计价", None),
    "C9": ("M04", "上楼电瓶劝导队", None),
    "C10": ("M02", "请电梯公司做采光实测", None),
    "C11": ("M02", "一楼不出资、逐层递增分摊", None),
    "C12": ("M02", "先做单元意向、再依法表决", None),
}
# Title -> its matter, its text, its cards, and yes, no, abstain.
Decision = tuple[str, str, list[str], tuple[int, int, int]]
DECISIONS: dict[str, Decision] = {
    "停车与消防通道": (
        "M01",
        "采纳 C1 至 C4；C5 另行提请业主表决。",
        ["C1", "C2", "C3", "C4"],
        (18, 2, 1),
    ),
    "电动车充电": ("M04", "采纳 C6 至 C9。", ["C6", "C7", "C8", "C9"], (19, 1, 1)),
    "加装电梯": (
        "M02",
        "采纳 C10 至 C12，启动 3 栋 2 单元业主表决。",
        ["C10", "C11", "C12"],
        (15, 4, 2),
    ),
    "由物业先行垫资装梯": ("M02", "请物业先行垫资。", [], (10, 9, 2)),
}
OUTCOMES = {"PASSED": "通过", "FAILED": "未通过", "NO_QUORUM": "到会不足"}


class RoundTable:
    """The round table of 27 March 2026 and its resolutions."""

    def __init__(self, scene: Scene, month: Month) -> None:
        self.scene = scene
        self.people = scene.people
        self.compound = scene.compound
        self.session = month.session
        self.matters = month.matters
        self.cards: dict[str, str] = {}
        self.resolutions: dict[str, str] = {}

    @property
    def secretary(self) -> Person:
        """The branch secretary."""
        return self.people[VOTERS[0]]

    def put_cards(self) -> None:
        """Twelve solutions; one of them is the owners' to decide."""
        chapter("民议", "Discuss: solution cards")
        self.scene.go("2026-03-23 10:00")
        for author, (label, (matter, text, item)) in zip(VOTERS, CARDS.items(), strict=False):
            body = {"matter_id": self.matters[matter], "text": text, "owner_vote_item": item}
            card = self.people[author].do("POST", f"{self.session}/cards", body)
            self.cards[label] = card["id"]
            note = f"  须业主共同决定 · owners decide, Civil Code 278({item})" if item else ""
            print(f"  {card['label']} {matter} {text}{note}")
            self.scene.expect("卡片号 · card number", card["label"], label)
        supported = f"/cards/{self.cards['C2']}/support"
        for voter in VOTERS[2:8]:
            seen = self.people[voter].do("PUT", supported)
        say(f"C2 支持 {seen['supports']} 人", "supporters")
        for kind, name in CHECKLIST.items():
            self.secretary.do("POST", f"{self.session}/invitations", {"kind": kind, "name": name})
        say(
            "业主、租户、直接受影响的住户、部门都已邀请", "the checklist of invitations is complete"
        )

    def meet(self) -> None:
        """The round table begins with twelve of twenty-four: too few to decide anything."""
        chapter("圆桌会", "The round table")
        self.scene.go("2026-03-27 19:00")
        self.secretary.do("POST", f"{self.session}/start-meeting")
        code = self.secretary.do("GET", f"{self.session}/attendance-code")["code"]
        for voter in CAME_FIRST:
            self.people[voter].do("POST", f"{self.session}/attendance", {"code": code})
        say(f"扫码签到 {len(CAME_FIRST)} 人", "came in by the code")
        body = {"speaker": "租户代表", "text": "晚上十点以后车棚没有灯，充电的人不敢去。"}
        self.people["grid_worker"].do("POST", f"{self.session}/remarks", body)
        for label in CARDS.keys() - {"C5"}:
            self.secretary.do("POST", f"/cards/{self.cards[label]}/adopt")
        say("C1 至 C4、C6 至 C12 采纳", "adopted")

    def decide(self) -> None:
        """Four drafts are voted on by hands: three pass, one fails; the first had no quorum."""
        chapter("民决", "Decide: resolutions of those present")
        for title, (matter, text, cards, _) in DECISIONS.items():
            body = {
                "matter_id": self.matters[matter],
                "title": title,
                "text": text,
                "card_ids": [self.cards[card] for card in cards],
            }
            draft = self.secretary.do("POST", f"{self.session}/resolutions", body)
            self.resolutions[title] = draft["id"]
        first = next(iter(DECISIONS))
        self.count(first, (12, 0, 0), (12, "NO_QUORUM"))
        for voter in PRESENT[len(CAME_FIRST) :]:
            body = {"resident_id": self.people[voter].id}
            self.secretary.do("POST", f"{self.session}/attendance", body)
        say(f"后来的由党支部登记，到会 {len(PRESENT)} / 24 人", "now present")
        too_many = code_of(self.try_to_count(first, (18, 2, 2)))
        say("票数比到会的人多", f"more votes than present: {too_many}")
        self.scene.expect("票多于人 · too many votes", too_many.split(" ")[0], "422")
        for title, (*_, votes) in DECISIONS.items():
            outcome = "FAILED" if title == "由物业先行垫资装梯" else "PASSED"
            self.count(title, votes, (len(PRESENT), outcome), tabled=title == first)
        self.secretary.do("POST", f"{self.session}/conclude-meeting")

    def publish(self) -> None:
        """What was passed goes on the board for seven days, counted by law."""
        chapter("公示决议", "The resolutions on the board")
        self.scene.go("2026-03-30 10:00")
        for title, (*_, votes) in DECISIONS.items():
            if votes[0] > 10:
                path = f"/resolutions/{self.resolutions[title]}/publish"
                resolution = self.secretary.do("POST", path)
        say("三项决议公示至", f"notice until: {resolution['notice_ends_at']}")
        self.scene.expect(
            "决议公示期 · notice", resolution["notice_ends_at"], "2026-04-08T00:00:00+08:00"
        )

    def count(
        self,
        title: str,
        votes: tuple[int, int, int],
        expected: tuple[int, str],
        *,
        tabled: bool = False,
    ) -> None:
        """Table it, count hands, and compare what comes of it."""
        answer = self.try_to_count(title, votes, tabled=tabled)
        resolution: dict[str, Any] = answer.json()
        figures = tuple(resolution[name] for name in ("yes", "no", "abstain"))
        print(
            f"  {resolution['label']} {title}：到会 {resolution['present']}，"
            f"{'/'.join(map(str, figures))} {OUTCOMES.get(resolution['state'], '?')} · "
            f"{resolution['state']}"
        )
        found = (figures, resolution["present"], resolution["state"])
        self.scene.expect(f"{title} · resolution", found, (votes, *expected))

    def try_to_count(self, title: str, votes: tuple[int, int, int], *, tabled: bool = False) -> Any:
        """The answer to a count of hands, whatever it is."""
        path = f"/resolutions/{self.resolutions[title]}"
        if not tabled:
            self.secretary.do("POST", f"{path}/table", {"method": "HANDS", "secrecy": "NAMED"})
        body = dict(zip(("yes", "no", "abstain"), votes, strict=True))
        return self.secretary.call("POST", f"{path}/count", body)
