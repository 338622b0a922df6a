"""`python -m tests.demo.tour [run.json]`: plays one session of the worked example over HTTP.

It talks to the demo that `make run` started, as its people, and compares what comes back with the
worked example. It can be run again: each run takes the next free month.
"""

import json
import secrets
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.votes.worked_example import ENDORSEMENTS, EXPECTED, ROLL, SLIPS, TITLES
from tests.wechat_standin import Control

API = "/api/v1"
VOTERS = [f"V{number:02d}" for number in range(1, ROLL + 1)]
BRANCH_SECRETARY = VOTERS[0]
FIRST_SLIP_OF_V08 = "M06 M04 M01"
BLANK = "– – –"

CATEGORIES = {
    "M01": "PARKING",
    "M02": "LIFT_ADD",
    "M03": "FUME_NOISE",
    "M04": "EBIKE",
    "M05": "LEAK_DRAIN",
    "M06": "PROPERTY_FEE",
    "M07": "ILLEGAL_BUILD",
    "M08": "LEAK_DRAIN",
    "M09": "PETS_NEIGHBOUR",
    "M10": "FIRE_CORRIDOR",
    "M11": "LIGHTING",
    "M12": "EBIKE",
}
ALL_TITLES = {**TITLES, "M11": "路灯 6 盏不亮", "M12": "充电口太少"}
DECIDED_BY = {"score": "总分", "n5": "5 分票", "endorsements": "附议人数", None: "–"}
TIES = {"n5": "(同分,5 分票更多 · tie broken by firsts)"}
OUTCOMES = {"SELECTED": "入选", "DEFERRED": "结转"}


class TourFailed(RuntimeError):
    """An answer that the tour cannot go on from."""


@dataclass(frozen=True)
class Person:
    """Somebody logged in: the resident's id and a client that carries the token."""

    id: str
    http: httpx.Client
    token: str

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send a request to the API and answer whatever comes back."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.http.request(method, API + path, json=body, headers=headers)

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """The body of a success. Raises TourFailed."""
        return success(self.call(method, path, body))


def success(answer: httpx.Response) -> Any:
    """The answer's body. Raises TourFailed unless it is a success."""
    if not answer.is_success:
        request = answer.request
        raise TourFailed(f"{request.method} {request.url}: {answer.status_code} {answer.text}")
    return answer.json()


def code_of(answer: httpx.Response) -> str:
    """The code of a refusal, with that of its first part: `422 invalid_ballot/not_listed`."""
    if answer.is_success:
        return f"{answer.status_code} OK"
    problem = answer.json()
    parts = [problem["code"], *(part["code"] for part in problem.get("errors", [])[:1])]
    return f"{answer.status_code} {'/'.join(parts)}"


class Tour:
    """One session from its plan to the feed. `faults` collects what differs from the example."""

    def __init__(self, run: Mapping[str, Any], http: httpx.Client) -> None:
        self.compound = f"/compounds/{run['compound_id']}"
        self.compound_id = run["compound_id"]
        self.rotation = f"/communities/{run['community_id']}/rotation"
        self.http = http
        self.control = Control(run["wechat_control"])
        self.openids = {key: persona["openid"] for key, persona in run["personas"].items()}
        self.people: dict[str, Person] = {}
        self.matters: dict[str, str] = {}  # M01 -> id
        self.session = ""
        self.chosen: list[str] = []
        self.faults: list[str] = []

    def play(self) -> list[str]:
        """All of it; answers what differs from the worked example, best nothing."""
        print(f"月月谈演示 · A tour of one session\n服务器 · server: {self.http.base_url}")
        self.log_everybody_in()
        self.clear_the_table()
        self.plan_session()
        self.raise_matters()
        self.screen_and_freeze()
        self.vote()
        self.try_what_is_refused()
        self.close()
        self.show_result()
        self.show_feed()
        print(f"\n入选 · selected: {', '.join(self.chosen)}")
        return self.faults

    @property
    def secretary(self) -> Person:
        return self.people[BRANCH_SECRETARY]

    def log_everybody_in(self) -> None:
        """Each person gets a code from WeChat and exchanges it for tokens."""
        chapter("登录", "Logging in through WeChat")
        for key, openid in self.openids.items():
            code = self.control.code(openid)
            login = success(self.http.post(f"{API}/auth/wechat", json={"code": code}))
            self.people[key] = Person(login["resident"]["id"], self.http, login["access_token"])
        say(f"{len(self.people)} 人已登录", f"{len(self.people)} people are logged in")

    def clear_the_table(self) -> None:
        """End what an interrupted tour may have left, or its matters would join this list."""
        left = self.secretary.do("GET", f"{self.compound}/sessions?limit=100")["items"]
        for session in left:
            path = f"/sessions/{session['id']}"
            if session["state"] in ("DRAFT", "COLLECTING", "LISTED"):
                self.secretary.do("POST", f"{path}/cancel", {"reason": "上次演示没有走完"})
                say("取消没有走完的一期", f"cancelled what was left: {session['name']}")
            while session["state"] in ("VOTING", "EXTENDED"):
                session = self.secretary.do("POST", f"{path}/close-voting")
                say("截止没有走完的一期", f"closed what was left: {session['name']}")
        listed = f"{self.compound}/matters?state=LISTED&limit=100"
        while matters := self.secretary.do("GET", listed)["items"]:
            for matter in matters:
                body = {"outcome": "DISPATCHED", "reason": "为演示腾出题单"}
                self.secretary.do("POST", f"/matters/{matter['id']}/screen", body)

    def plan_session(self) -> None:
        """The branch secretary plans the first free month; if need be the turn is swapped."""
        chapter("开设一期", "A session is planned")
        now = datetime.now(UTC)
        body = {
            "mode": "ROSTER",
            "place": "小区党群服务站",
            "voting_opens_at": (now + timedelta(days=9)).isoformat(),
            "voting_closes_at": (now + timedelta(days=16)).isoformat(),
            "round_table_at": (now + timedelta(days=24)).isoformat(),
            "roll": [self.people[voter].id for voter in VOTERS],
        }
        for period in months(datetime.now(ZoneInfo("Asia/Shanghai")).date()):
            body["period"] = period
            answer = self.secretary.call("POST", f"{self.compound}/sessions", body)
            if code_of(answer) == "409 not_the_host":
                self.swap_turn()
                answer = self.secretary.call("POST", f"{self.compound}/sessions", body)
            if code_of(answer) != "409 period_taken":
                break
        session = success(answer)
        self.session = f"/sessions/{session['id']}"
        session = self.secretary.do("POST", f"{self.session}/start-collecting")
        say(
            f"{session['name']}:名册制,可投票 {session['turnout']['roll']} 人,开始征集",
            f"period {session['period']}, {session['state']}",
        )

    def swap_turn(self) -> None:
        """The community secretary lets the compound change places with the next host."""
        body = {"compound_id": self.compound_id, "reason": "演示:请香樟苑小区先坐庄"}
        self.people["community_secretary"].do("POST", f"{self.rotation}/swap", body)
        say("还没轮到这个小区,社区书记写明理由后调换", "not its turn: swapped, with a reason")

    def raise_matters(self) -> None:
        """Twelve residents raise a matter each; two matters are endorsed."""
        chapter("民提", "Residents raise matters")
        for (label, title), raiser in zip(ALL_TITLES.items(), VOTERS[1:], strict=False):
            body = {"title": title, "body": f"{title}。", "category": CATEGORIES[label]}
            matter = self.people[raiser].do("POST", f"{self.compound}/matters", body)
            self.matters[label] = matter["id"]
            print(f"  {label} {title}")
        for label, support in ENDORSEMENTS.items():
            for voter in VOTERS[:support]:
                path = f"/matters/{self.matters[label]}/endorsement"
                matter = self.people[voter].do("PUT", path)
            say(f"{label} 附议 {matter['endorsements']} 人", "endorsements")

    def screen_and_freeze(self) -> None:
        """M11 is dispatched, M12 merged into M04, the rest listed; then the list is frozen."""
        chapter("审题、定题单", "Screening, and the list is frozen")
        for label, matter in self.matters.items():
            body: dict[str, Any] = {"outcome": "LISTED"}
            if label == "M11":
                body = {"outcome": "DISPATCHED", "reason": "已派物业更换"}
            if label == "M12":
                body = {"outcome": "MERGED", "into": self.matters["M04"]}
            self.secretary.do("POST", f"/matters/{matter}/screen", body)
        session = self.secretary.do("POST", f"{self.session}/freeze-list")
        listed = {matter["label"]: matter["id"] for matter in session["matters"]}
        say("题单", f"the list: {' '.join(listed)}")
        say("M11 派单,M12 并入 M04", "M11 dispatched, M12 merged into M04")
        self.expect("题单 · list", listed, {label: self.matters[label] for label in TITLES})

    def vote(self) -> None:
        """Opened by hand; 21 ballots come in, one of them replaced, one blank."""
        chapter("531 投票", "5-3-1 ballots")
        early = self.cast("V01", SLIPS["V01"])
        say("开始前投票被拒", f"before opening: {code_of(early)}")
        self.expect("开始前 · before opening", code_of(early), "409 wrong_state")
        self.secretary.do("POST", f"{self.session}/open-voting")
        receipt = self.cast_well("V08", FIRST_SLIP_OF_V08)
        say(f"V08 {FIRST_SLIP_OF_V08}  第 {receipt['version']} 版", "before changing it")
        for voter, slip in SLIPS.items():
            note = ""
            if voter == "V08":
                note = "改票,以这张为准 · replaced, this one counts"
            if voter == "V10":
                note = "例子里是纸质票,这里用手机投;纸质票以后提供 · on paper in the example; "
                note += "paper comes later, so cast by phone here"
            if slip == BLANK:
                note = "空白票 · blank"
            receipt = self.cast_well(voter, slip)
            print(f"  {voter} {slip}  第 {receipt['version']} 版 {note}".rstrip())
        self.retry()
        turnout = self.people["auditor"].do("GET", f"{self.session}/turnout")
        say(f"收回 {turnout['returned']} / {turnout['roll']} 票", "ballots returned")
        self.expect(
            "投票人数 · turnout", (turnout["returned"], turnout["roll"]), (len(SLIPS), ROLL)
        )

    def retry(self) -> None:
        """A phone that lost the answer sends the same ballot again: the same receipt."""
        body = self.ballot(SLIPS["V05"])
        receipts = [self.people["V05"].do("PUT", f"{self.session}/ballot", body) for _ in "12"]
        say(
            "V05 没收到回执,原样重发:还是那张回执",
            f"sent again: the same receipt {receipts[1]['commitment'][:16]}…",
        )
        self.expect("重发的回执 · receipt of a retry", receipts[1], receipts[0])

    def try_what_is_refused(self) -> None:
        """What the rules refuse while voting is open."""
        chapter("不该收的都被拒", "What must be refused is")
        good = SLIPS["V01"]
        for zh, en, voter, slip, code in (
            ("同一件事选两次", "same matter twice", "V01", "M01 M01 M04", "matter_repeated"),
            ("选已派单的 M11", "M11 was dispatched", "V01", "M11 M01 M04", "matter_not_listed"),
            ("选已并入的 M12", "M12 was merged", "V01", "M01 M12 M04", "matter_not_listed"),
            ("物业经理", "property manager", "property_manager", good, "staff_may_not_vote"),
            ("17 岁的居民", "a resident aged 17", "minor", good, "under_age"),
            ("别的小区的居民", "resident elsewhere", "neighbour", good, "not_found"),
        ):
            answer = code_of(self.cast(voter, slip))
            say(zh, f"{en}: {answer}")
            self.expect(f"{zh} · {en}", answer.rsplit("/")[-1].rsplit(" ")[-1], code)
        answer = code_of(self.people["V01"].call("GET", f"{self.session}/result"))
        say("截止前看结果", f"result before closing: {answer}")
        self.expect("截止前看结果 · early result", answer, "409 voting_not_closed")
        say("V10 有纸质票后再上网投:纸质票以后提供", "V10 online after paper: comes with paper")

    def close(self) -> None:
        """Closed by hand; a ballot after that is refused."""
        chapter("截止、计票", "Closing and counting")
        session = self.secretary.do("POST", f"{self.session}/close-voting")
        say("状态", f"state: {session['state']}, {session['outcome']}")
        late = code_of(self.cast("V22", SLIPS["V01"]))
        say("截止后投票被拒", f"after closing: {late}")
        self.expect("截止后 · after closing", late, "409 wrong_state")

    def show_result(self) -> None:
        """The table and its explanation, compared with the worked example."""
        chapter("结果", "The result")
        result = self.people["V24"].do("GET", f"{self.session}/result")
        labels = {matter: label for label, matter in self.matters.items()}
        rows: list[tuple[Any, ...]] = []
        print("  名次 题目  5分 3分 1分  总分  结果  由何决定 · decided by")
        for row in result["rows"]:
            label, counts = labels[row["matter_id"]], (row["n5"], row["n3"], row["n1"])
            rows.append((label, counts, row["score"], row["decided_by"], row["outcome"]))
            n5, n3, n1 = counts
            print(
                f"  {row['rank']:>3}  {label} {n5:>5} {n3:>4} {n1:>4} {row['score']:>6}  "
                f"{OUTCOMES.get(row['outcome'], row['outcome'])}  "
                f"{DECIDED_BY.get(row['decided_by'], row['decided_by'])}  {row['title']}"
            )
        print("\n" + indented(result["explanation"]) + "\n" + indented(result["explanation_en"]))
        blank = list(SLIPS.values()).count(BLANK)
        figures = tuple(result[name] for name in ("roll", "returned", "blank"))
        self.expect("票数 · ballots", figures, (ROLL, len(SLIPS), blank))
        self.expect("结果 · result", rows, [(*row[:4], str(row[4])) for row in EXPECTED])
        self.chosen = [
            f"{label} {score}" + TIES.get(decided_by, "")
            for label, _, score, decided_by, outcome in rows
            if outcome == "SELECTED"
        ]

    def show_feed(self) -> None:
        """The tally stands on the public board; no token is needed to read it."""
        chapter("公示", "The public board")
        feed = success(self.http.get(f"{API}/board{self.compound}/feed.json"))
        print(f"  {self.http.base_url.join(f'/board{self.compound}')}")
        print(f"  {feed['feed_url']}")
        tallies = [
            item["title"]
            for item in feed["items"]
            if item["_yueyuetan"]["kind"] == "TALLIED"
            and self.session.endswith(item["_yueyuetan"]["session_id"])
        ]
        for title in tallies:
            print(f"  {title}")
        self.expect("公示的计票结果 · tallies on the board", len(tallies), 1)

    def ballot(self, slip: str) -> dict[str, Any]:
        """A new ballot as a phone sends it."""
        marks = [
            {"weight": weight, "matter_id": self.matters[label]}
            for weight, label in zip((5, 3, 1), slip.split(), strict=True)
            if label != "–"
        ]
        return {"marks": marks, "nonce": secrets.token_hex(16)}

    def cast(self, voter: str, slip: str) -> httpx.Response:
        return self.people[voter].call("PUT", f"{self.session}/ballot", self.ballot(slip))

    def cast_well(self, voter: str, slip: str) -> Any:
        return success(self.cast(voter, slip))

    def expect(self, what: str, found: object, expected: object) -> None:
        """Note a difference; the tour goes on."""
        if found != expected:
            self.faults.append(f"{what}\n    应为 · expected {expected}\n    实为 · found {found}")


def chapter(zh: str, en: str) -> None:
    print(f"\n{zh} · {en}")


def say(zh: str, en: str) -> None:
    print(f"  {zh} · {en}")


def indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def months(day: date) -> Iterator[str]:
    """The month of a day and those after it: `2026-03`, `2026-04`, ..."""
    while True:
        yield f"{day:%Y-%m}"
        day = (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def main() -> int:
    """Returns 0 where everything is as in the worked example, else 1."""
    run_file = Path(sys.argv[1] if len(sys.argv) > 1 else "instance/run.json")
    try:
        run = json.loads(run_file.read_text(encoding="utf-8"))
        with httpx.Client(base_url=run["app"], trust_env=False, timeout=30) as http:
            faults = Tour(run, http).play()
    except (OSError, httpx.TransportError) as error:
        sys.stderr.write(f"连不上演示服务器,请先运行 make run · start `make run` first: {error}\n")
        return 1
    except TourFailed as error:
        sys.stderr.write(f"演示中断 · the tour broke off: {error}\n")
        return 1
    for fault in faults:
        sys.stderr.write(f"与例子不符 · differs from the worked example: {fault}\n")
    if not faults:
        print("与例子完全一致 · Everything is as in the worked example.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
