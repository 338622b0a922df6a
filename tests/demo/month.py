"""The first act of the tour: residents raise matters and cast 5-3-1 ballots."""

import json
import secrets
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.demo.scene import API, Person, Scene, chapter, code_of, indented, say, success
from tests.operations import PHOTO
from tests.votes.worked_example import ENDORSEMENTS, EXPECTED, ROLL, SLIPS, TITLES
from votes.bundle import officer_key_message
from votes.countersign import DONE, sign
from votes.verify import verify_file

VOTERS = [f"V{number:02d}" for number in range(1, ROLL + 1)]
BRANCH_SECRETARY = VOTERS[0]
COUNTERSIGNER = "community_secretary"
FIRST_SLIP_OF_V08 = "M06 M04 M01"
BLANK = "– – –"
ON_PAPER, SECOND_CLERK = "V10", "V03"

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
TIES = {"n5": "（同分，5 分票更多 · tie broken by firsts）"}
OUTCOMES = {"SELECTED": "入选", "DEFERRED": "结转"}


class Month:
    """民提 and the vote: the session of March 2026 from its plan to the tally."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.people = scene.people
        self.compound = scene.compound
        self.matters: dict[str, str] = {}  # M01 -> id
        self.raisers: dict[str, str] = {}  # M01 -> V02
        self.session = ""
        self.serial = ""
        self.chosen: list[str] = []
        self.receipts: dict[str, dict[str, Any]] = {}
        self.officer_key = Ed25519PrivateKey.generate()

    @property
    def secretary(self) -> Person:
        """The branch secretary."""
        return self.people[BRANCH_SECRETARY]

    def plan_session(self) -> None:
        """The branch secretary of the compound whose turn it is plans the month."""
        chapter("开设一期", "A session is planned")
        self.scene.go("2026-03-02 09:00")
        body = {
            "period": "2026-03",
            "mode": "ROSTER",
            "place": "小区党群服务站",
            "voting_opens_at": "2026-03-12T00:00:00+08:00",
            "voting_closes_at": "2026-03-19T00:00:00+08:00",
            "round_table_at": "2026-03-27T19:00:00+08:00",
            "roll": [self.people[voter].id for voter in VOTERS],
        }
        session = self.secretary.do("POST", f"{self.compound}/sessions", body)
        self.session = f"/sessions/{session['id']}"
        session = self.secretary.do("POST", f"{self.session}/start-collecting")
        say(
            f"{session['name']}：名册制，可投票 {session['turnout']['roll']} 人，开始征集",
            f"period {session['period']}, {session['state']}",
        )

    def name_countersigner(self) -> None:
        """The community's secretary makes a key at home, registers it, and is named."""
        chapter("约定会签人", "A second officer is named")
        officer = self.people[COUNTERSIGNER]
        public_key = self.officer_key.public_key().public_bytes_raw()
        proof = self.officer_key.sign(officer_key_message(officer.id, public_key))
        body = {"public_key": public_key.hex(), "proof": proof.hex()}
        key = officer.do("PUT", "/me/officer-key", body)
        named = {"officer_key_id": key["id"]}
        (listed,) = officer.do("PUT", f"{self.compound}/countersigner", named)
        say(
            f"社区书记{listed['officer']}，公钥 {listed['public_key'][:16]}…",
            "the private key never leaves the officer",
        )

    def raise_matters(self) -> None:
        """Twelve residents raise a matter each; two matters are endorsed."""
        chapter("民提", "Residents raise matters")
        self.scene.go("2026-03-05 20:00")
        for (label, title), raiser in zip(ALL_TITLES.items(), VOTERS[1:], strict=False):
            self.raisers[label] = raiser
            body = {"title": title, "body": f"{title}。", "category": CATEGORIES[label]}
            matter = self.people[raiser].do("POST", f"{self.compound}/matters", body)
            self.matters[label] = matter["id"]
            print(f"  {label} {title}")
        for label, support in ENDORSEMENTS.items():
            for voter in VOTERS[:support]:
                path = f"/matters/{self.matters[label]}/endorsement"
                matter = self.people[voter].do("PUT", path)
            say(f"{label} 附议 {matter['endorsements']} 人", "endorsements")

    def screen(self) -> None:
        """M11 is dispatched, M12 merged into M04, the rest listed."""
        chapter("审题", "Screening")
        self.scene.go("2026-03-06 10:00")
        for label, matter in self.matters.items():
            body: dict[str, Any] = {"outcome": "LISTED"}
            if label == "M11":
                body = {"outcome": "DISPATCHED", "reason": "已派物业更换"}
            if label == "M12":
                body = {"outcome": "MERGED", "into": self.matters["M04"]}
            self.secretary.do("POST", f"/matters/{matter}/screen", body)
        say("M11 派单，M12 并入 M04", "M11 dispatched, M12 merged into M04")

    def freeze(self) -> None:
        """The list is numbered and changes no more."""
        chapter("定题单", "The list is frozen")
        self.scene.go("2026-03-11 17:00")
        session = self.secretary.do("POST", f"{self.session}/freeze-list")
        listed = {matter["label"]: matter["id"] for matter in session["matters"]}
        say("题单", f"the list: {' '.join(listed)}")
        self.expect("题单 · list", listed, {label: self.matters[label] for label in TITLES})

    def vote(self) -> None:
        """Opened by the clock; 21 ballots come in, one of them replaced, one blank."""
        chapter("531 投票", "5-3-1 ballots")
        self.scene.go("2026-03-11 23:59")
        early = self.cast("V01", SLIPS["V01"])
        say("开始前投票被拒", f"before opening: {code_of(early)}")
        self.expect("开始前 · before opening", code_of(early), "409 wrong_state")
        self.scene.go("2026-03-12 08:00")
        receipt = self.cast_well("V08", FIRST_SLIP_OF_V08)
        say(f"V08 {FIRST_SLIP_OF_V08}  第 {receipt['version']} 版", "before changing it")
        for voter, slip in SLIPS.items():
            note = ""
            if voter == "V08":
                note = "改票，以这张为准 · replaced, this one counts"
            if voter == ON_PAPER:
                note = (
                    "纸质票：一人录入、另一人确认 · on paper: entered by one, confirmed by another"
                )
            if slip == BLANK:
                note = "空白票 · blank"
            way = self.vote_on_paper if voter == ON_PAPER else self.cast_well
            receipt = self.receipts[voter] = way(voter, slip)
            print(f"  {voter} {slip}  第 {receipt['version']} 版 {note}".rstrip())
        self.retry()
        turnout = self.people["auditor"].do("GET", f"{self.session}/turnout")
        say(f"收回 {turnout['returned']} / {turnout['roll']} 票", "ballots returned")
        self.expect(
            "投票人数 · turnout", (turnout["returned"], turnout["roll"]), (len(SLIPS), ROLL)
        )

    def vote_on_paper(self, voter: str, slip: str) -> Any:
        """A printed slip, entered by the grid worker and confirmed by a building head; its receipt,
        as the voter reads it with the own login."""
        batch = self.secretary.do("POST", f"{self.session}/paper-batches", {"count": 1})
        self.serial = batch["serials"][0]
        sheet = self.secretary.call("GET", f"/paper-batches/{batch['id']}/slips.pdf")
        self.expect("纸票 PDF · printed slips", sheet.content[:5], b"%PDF-")
        path = f"{self.session}/paper-slips/{self.serial}"
        read = {"resident_id": self.people[voter].id, "marks": self.ballot(slip)["marks"]}
        first, second = self.people["grid_worker"], self.people[SECOND_CLERK]
        first.do("POST", f"{path}/enter", {**read, "attachment_ids": [self.photograph(first)]})
        own = code_of(first.call("POST", f"{path}/confirm", read))
        self.expect("录入人自己确认 · confirmed by the same", own, "403 entered_by_the_same")
        second.do("POST", f"{path}/confirm", read)
        (told,) = self.people[voter].do("GET", "/me/participations")
        self.expect("本人看到的途径 · channel told to the voter", told["channel"], "PAPER")
        return self.people[voter].do("GET", f"{self.session}/ballot")

    def photograph(self, clerk: Person) -> str:
        """The id of an uploaded photo of a slip."""
        answer = self.scene.http.post(
            f"{API}{self.compound}/attachments",
            files={"file": ("slip.png", PHOTO, "image/png")},
            headers={"Authorization": f"Bearer {clerk.token}"},
        )
        return str(success(answer)["id"])

    def retry(self) -> None:
        """A phone that lost the answer sends the same ballot again: the same receipt."""
        body = self.ballot(SLIPS["V05"])
        receipts = [self.people["V05"].do("PUT", f"{self.session}/ballot", body) for _ in "12"]
        self.receipts["V05"] = receipts[1]
        say(
            "V05 没收到回执，原样重发：还是那张回执",
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
            ("已有纸质票又上网投", "online after paper", ON_PAPER, good, "paper_ballot_exists"),
        ):
            answer = code_of(self.cast(voter, slip))
            say(zh, f"{en}: {answer}")
            self.expect(f"{zh} · {en}", answer.rsplit("/")[-1].rsplit(" ")[-1], code)
        answer = code_of(self.people["V01"].call("GET", f"{self.session}/result"))
        say("截止前看结果", f"result before closing: {answer}")
        self.expect("截止前看结果 · early result", answer, "409 voting_not_closed")

    def close(self) -> None:
        """Closed by the clock at 24:00; a ballot at that instant is refused."""
        chapter("截止、计票、封存", "Closing, counting, sealing")
        self.scene.go("2026-03-19 00:00")
        late = code_of(self.cast("V22", SLIPS["V01"]))
        say("截止后投票被拒", f"after closing: {late}")
        self.expect("截止后 · after closing", late, "409 wrong_state")
        session = self.secretary.do("GET", self.session)
        say("状态", f"state: {session['state']}, {session['outcome']}")

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

    def countersign(self) -> None:
        """The officer recounts and signs the bundle with the command, and hands it in."""
        chapter("第二人会签", "The second officer countersigns")
        told = self.scene.notice("TALLIED", self.session.rpartition("/")[2])["_yueyuetan"]
        with TemporaryDirectory() as folder:
            bundle, key = Path(folder) / "bundle.json", Path(folder) / "officer.pem"
            bundle.write_bytes(self.scene.http.get(f"{API}{self.session}/bundle.json").content)
            key.write_bytes(
                self.officer_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            )
            answer = sign(bundle, key, told["data"]["bundle_root"])
        lines = "\n".join(answer.lines)
        print(indented(lines))
        self.expect("会签命令 · the command", answer.status, DONE)
        officer, path = self.people[COUNTERSIGNER], f"{self.session}/countersignature"
        body = {"signature": lines.rpartition("\n")[2]}
        session = officer.do("POST", path, body)
        say("已会签", f"countersigned at {session['countersigned_at']}")
        again = code_of(officer.call("POST", path, body))
        self.expect("再会签一次 · countersigned again", again, "409 countersigning_decided")

    def recount(self) -> None:
        """The verifier, which knows nothing of the server, recounts the published bundle."""
        chapter("人人可以重新计票", "Anybody can recount")
        raw = self.scene.http.get(f"{API}{self.session}/bundle.json").content
        told = self.scene.notice("TALLIED", self.session.rpartition("/")[2])["_yueyuetan"]
        root = told["data"]["bundle_root"]
        say("总指纹（公示栏上也有）", f"root, also on the board: {root}")
        for voter, receipt in self.receipts.items():
            wrong = [check.zh for check in verify_file(raw, receipt, root) if not check.ok]
            self.expect(f"{voter} 的收据 · receipt", wrong, [])
        serials = json.loads(raw)["paper_serials"]
        self.expect("计入的纸票号 · serials of slips", serials, [self.serial])
        say(f"结果文件核对无误，{len(self.receipts)} 张收据都在里面", "all checks hold")

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
        self.scene.expect(what, found, expected)
