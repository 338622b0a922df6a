"""The page /verify as a reader uses it, in real Chromium on the application under gunicorn."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.cast import Cast, ballot
from tests.votes.published import (
    REPLACED_CAST,
    WORKED_CASTS,
    WORKED_FILE,
    WORKED_MANIFEST,
    receipt_of,
    sealed,
    worked_bundle,
)
from votes.bundle import canonical_json

SOURCES = Path(__file__).parents[2] / "app" / "static" / "verify"
PHONE = {"width": 320, "height": 640}
ROOT = worked_bundle()["root"]
ALL_WELL = "✓ 全部相符 All checks hold"
MARKUP = "<img src=x onerror=\"document.title='steered'\">"


def the_receipt(voter: str = "V08") -> bytes:
    return json.dumps(receipt_of(WORKED_MANIFEST.session_id, WORKED_CASTS[voter])).encode()


def another_score() -> bytes:
    bundle = worked_bundle()
    bundle["result"]["rows"][0]["score"] = 40
    return canonical_json(bundle)


def a_result_with_markup() -> bytes:
    bundle = worked_bundle()
    bundle["result"]["rows"][0]["outcome"] = MARKUP
    return canonical_json(sealed(bundle))


def file(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "mimeType": "application/json", "buffer": content}


@dataclass
class Desk:
    """The page with its parts by the names that a reader sees."""

    page: Page
    site: str

    def open(self, query: str = "") -> None:
        answer = self.page.goto(f"{self.site}/verify{query}")
        assert answer is not None
        assert "default-src 'self';" in answer.headers["content-security-policy"]

    def choose(self, label: str, content: bytes) -> None:
        self.page.get_by_label(re.compile(label)).set_input_files(file("file.json", content))

    def paste(self, summary: str, label: str, text: str) -> None:
        self.page.get_by_text(summary).click()
        self.page.get_by_label(re.compile(label)).fill(text)

    def root(self, text: str) -> None:
        self.page.get_by_label(re.compile("64 位")).fill(text)

    def check(self) -> None:
        self.page.get_by_role("button", name="核对").click()

    def expect(self, verdict: str) -> None:
        expect(self.page.locator("#verdict")).to_have_text(verdict)

    def lines(self) -> list[str]:
        return self.page.locator("#checks li").all_inner_texts()

    def bad_lines(self) -> list[str]:
        return self.page.locator("#checks li.bad").all_inner_texts()


@pytest.fixture
def desk(page: Page, site: str) -> Desk:
    desk = Desk(page, site)
    desk.open()
    return desk


# The whole way, from the board to the report


@dataclass
class Vote:
    """A sealed vote of three residents: its session, receipts, and the notice of its result."""

    id: str
    receipts: list[dict[str, Any]]
    notice: str
    root: str


@pytest.fixture
def vote(cast: Cast) -> Vote:
    secretary = cast.secretary()
    voters = [cast.resident(name=f"居民{i}") for i in range(3)]
    session, matters = cast.open_session(secretary, voters[0])
    path = f"/sessions/{session['id']}"
    receipts = [voter.put(f"{path}/ballot", ballot(*matters)).json for voter in voters]
    assert secretary.post(f"{path}/close-voting").json["state"] == "TALLIED"
    items = secretary.get(f"/board/compounds/{cast.home.id}/feed.json").json["items"]
    (tallied,) = (item for item in items if item["_yueyuetan"]["kind"] == "TALLIED")
    notice = tallied["id"].removeprefix("urn:uuid:")
    return Vote(session["id"], receipts, notice, tallied["_yueyuetan"]["data"]["bundle_root"])


def test_reader_comes_from_the_notice_and_sees_the_recount(page: Page, live: str, vote: Vote):
    page.goto(f"{live}/board/notices/{vote.notice}")
    page.get_by_role("link", name="重新计票").click()
    page.wait_for_url(f"{live}/verify?session={vote.id}")
    desk = Desk(page, live)
    desk.expect(ALL_WELL)
    assert len(desk.lines()) == 12

    desk.choose("收据文件", json.dumps(vote.receipts[1]).encode())
    desk.root(vote.root.upper())
    desk.check()
    desk.expect(ALL_WELL)
    assert len(desk.lines()) == 18


def test_reader_checks_a_saved_file_without_the_network(
    page: Page, live: str, vote: Vote, tmp_path: Path
):
    raw = httpx.get(f"{live}/api/v1/sessions/{vote.id}/bundle.json", trust_env=False).content
    desk = Desk(page, live)
    desk.open()
    saved, receipt = tmp_path / "bundle.json", tmp_path / "receipt.json"
    saved.write_bytes(raw)
    receipt.write_text(json.dumps({**vote.receipts[0], "session_id": vote.id}))
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))

    page.get_by_label(re.compile("存下来的文件")).set_input_files(saved)
    page.get_by_label(re.compile("收据文件")).set_input_files(receipt)
    desk.root(vote.root)
    desk.check()

    desk.expect(ALL_WELL)
    assert f"总指纹（树根）：{vote.root}" in "\n".join(desk.lines())
    assert requests == []


def test_open_vote_and_no_vote_are_told(page: Page, live: str, cast: Cast, complaints: list[str]):
    secretary = cast.secretary()
    session, _ = cast.open_session(secretary, cast.resident())
    desk = Desk(page, live)
    desk.open(f"?session={session['id']}")
    desk.expect("✗ 这一期还没有结果文件 This vote has no published result yet")
    desk.open("?session=019c0000-0000-7000-8000-000000000531")
    desk.expect("✗ 没有这一期 There is no such vote")
    # The browser's own words on the answers 409 and 404.
    assert [line[:30] for line in complaints] == ["error: Failed to load resource"] * 2
    complaints.clear()


# What can be brought


def test_report_shows_every_check_in_both_languages(desk: Desk):
    desk.choose("存下来的文件", WORKED_FILE)
    desk.choose("收据文件", the_receipt())
    desk.root(f" {ROOT[:32].upper()}\n{ROOT[32:]}")
    desk.check()
    desk.expect(ALL_WELL)
    lines = [re.sub(r"\s+", " ", line) for line in desk.lines()]
    assert lines[0] == "✓ 格式：yueyuetan-bundle-v1 Format: yueyuetan-bundle-v1"
    assert lines[-1] == "✓ 与先前公布的总指纹相同 The same root as the one seen earlier"
    assert len(lines) == 18
    assert desk.page.evaluate("document.activeElement.id") == "verdict"


def test_pasted_texts_do_as_well_as_files(desk: Desk):
    desk.paste("或者粘贴内容", "结果文件的全部内容", WORKED_FILE.decode() + "\n")
    desk.paste("或者粘贴收据", "收据的全部内容", the_receipt("V21").decode())
    desk.check()
    desk.expect(ALL_WELL)
    assert len(desk.lines()) == 17


def test_altered_result_is_told_with_both_figures(desk: Desk):
    desk.choose("存下来的文件", another_score())
    desk.check()
    desk.expect("✗ 4项不符 Checks failed: 4")
    recount, *others = desk.bad_lines()
    assert "第1行score 公布40，重算39" in recount
    assert "row 1 score is published as 40, counted as 39" in recount
    assert len(others) == 3

    desk.choose("存下来的文件", WORKED_FILE)
    desk.check()
    desk.expect(ALL_WELL)
    assert desk.bad_lines() == []


def test_receipt_of_a_replaced_ballot_and_another_root_are_told(desk: Desk):
    old = receipt_of(WORKED_MANIFEST.session_id, REPLACED_CAST)
    desk.choose("存下来的文件", WORKED_FILE)
    desk.choose("收据文件", json.dumps(old).encode())
    desk.root(ROOT[:-1])
    desk.check()
    desk.expect("✗ 2项不符 Checks failed: 2")
    marks, root = desk.bad_lines()
    assert "改投" in marks
    assert "总指纹抄错了" in root


def test_text_of_a_file_is_never_markup(desk: Desk):
    desk.choose("存下来的文件", a_result_with_markup())
    desk.check()
    desk.expect("✗ 1项不符 Checks failed: 1")
    assert MARKUP in desk.bad_lines()[0]
    assert desk.page.locator("#report img").count() == 0
    assert desk.page.title() == "核对投票结果 · 月月谈"


def test_what_cannot_be_checked_is_told(desk: Desk):
    desk.check()
    desk.expect("✗ 请先选结果文件 Choose a result file first")
    desk.choose("存下来的文件", b"\xef\xbb\xbf" + WORKED_FILE)
    desk.check()
    desk.expect("✗ 文件读不了，或不是 JSON A file cannot be read, or is no JSON")
    desk.choose("存下来的文件", WORKED_FILE)
    desk.choose("收据文件", b"{")
    desk.check()
    desk.expect("✗ 文件读不了，或不是 JSON A file cannot be read, or is no JSON")
    desk.paste("或者粘贴内容", "结果文件的全部内容", WORKED_FILE.decode())
    desk.check()
    desk.expect(
        "✗ 文件和粘贴的内容只能给一样，请清掉一样 "
        "Give either a file or pasted text: take one of them away"
    )
    assert desk.lines() == []


# Who can use it


@pytest.mark.parametrize("content", [WORKED_FILE, another_score(), a_result_with_markup()])
def test_narrow_phone_needs_no_sideways_scrolling(desk: Desk, content: bytes):
    desk.page.set_viewport_size(PHONE)
    assert sideways(desk.page) == 0
    for summary in ("或者粘贴内容", "或者粘贴收据"):
        desk.page.get_by_text(summary).click()
    desk.choose("存下来的文件", content)
    desk.choose("收据文件", the_receipt())
    desk.root("f" * 64)
    desk.check()
    expect(desk.page.locator("#checks li")).to_have_count(18)
    assert sideways(desk.page) == 0


def sideways(page: Page) -> int:
    """By how many pixels something sticks out of the window."""
    excess: int = page.evaluate(
        """() => Math.max(0, ...Array.from(document.querySelectorAll("body *"), (element) =>
             Math.ceil(element.getBoundingClientRect().right) - innerWidth),
             document.documentElement.scrollWidth - innerWidth)"""
    )
    return excess


CONTRASTS = """() => {
  const channels = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = channels(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const contrast = (element) => {
    const pair = [light(channels(getComputedStyle(element).color)), light(paper(element))];
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  };
  return Array.from(document.querySelectorAll("body *"))
    .filter((element) => element.innerText && element.checkVisibility())
    .map((element) => [element.tagName, contrast(element)]);
}"""


def test_everything_can_be_read_and_hit(desk: Desk):
    desk.page.set_viewport_size(PHONE)
    desk.choose("存下来的文件", another_score())
    desk.check()
    desk.expect("✗ 4项不符 Checks failed: 4")
    found = desk.page.evaluate(CONTRASTS)
    assert len(found) > 60
    assert [pair for pair in found if pair[1] < 4.5] == []
    controls = desk.page.locator("form :is(input, textarea, button, summary)").all()
    assert len(controls) == 8
    for control in controls:
        box = control.bounding_box()
        assert box is None or box["height"] >= 40, control
    for field in desk.page.locator("input, textarea").all():
        assert field.evaluate("(element) => element.labels.length") == 1
    marks = desk.page.locator("#checks [role=img]").evaluate_all(
        "(signs) => signs.map((sign) => sign.getAttribute('aria-label'))"
    )
    assert sorted(set(marks)) == ["不符", "相符"]


def test_page_without_scripts_tells_the_way_out(chromium: Browser, site: str):
    context = chromium.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto(f"{site}/verify")
    expect(page.locator("#without-script")).to_contain_text("python -m votes.verify bundle.json")
    expect(page.locator("#verify")).to_be_hidden()
    context.close()


def test_browser_that_cannot_read_the_program_tells_the_way_out(desk: Desk, complaints: list[str]):
    def old(route: Route) -> None:
        route.fulfill(body="export const ORDER = 1§;", content_type="text/javascript")

    desk.page.route("**/static/verify/ed25519.js", old)
    desk.open()
    expect(desk.page.locator("#without-script")).to_be_visible()
    expect(desk.page.locator("#verify")).to_be_hidden()
    assert "Invalid or unexpected token" in "\n".join(complaints)
    complaints.clear()


def test_page_says_what_it_cannot_show(desk: Desk):
    said = desk.page.locator("main").inner_text()
    for words in ("名单有假", "a false roll", "只和我们一样可信", "no more trust than we do"):
        assert words in said
    expect(desk.page.locator("#without-script")).to_be_hidden()


# The page as one file


@pytest.fixture
def kept(site: str, tmp_path: Path) -> Path:
    """The page as a reader keeps it."""
    answer = httpx.get(f"{site}/verify.html", trust_env=False)
    assert answer.headers["content-disposition"] == "attachment; filename=yueyuetan-verify.html"
    path = tmp_path / "yueyuetan-verify.html"
    path.write_bytes(answer.content)
    return path


def test_kept_page_works_from_a_disk_without_a_network(page: Page, kept: Path):
    page.context.set_offline(True)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(kept.as_uri())
    desk = Desk(page, "")
    desk.choose("存下来的文件", WORKED_FILE)
    desk.choose("收据文件", the_receipt())
    desk.root(ROOT)
    desk.check()
    desk.expect(ALL_WELL)
    assert len(desk.lines()) == 18

    desk.choose("存下来的文件", another_score())
    desk.root("")
    desk.check()
    desk.expect("✗ 4项不符 Checks failed: 4")
    assert requests == [kept.as_uri()]


def test_kept_page_cannot_send_anything(page: Page, kept: Path, site: str, complaints: list[str]):
    page.goto(kept.as_uri())
    sent = page.evaluate(
        "(address) => fetch(address, {mode: 'no-cors'}).then(() => true, () => false)",
        f"{site}/",
    )
    assert sent is False
    assert "Content Security Policy" in "\n".join(complaints)
    complaints.clear()


def test_kept_page_holds_the_same_program(kept: Path):
    """Whatever stands in our modules between the imports and exports stands in it too."""
    text = kept.read_text(encoding="utf-8")
    for module in sorted(SOURCES.glob("*.js")):
        source = module.read_text(encoding="utf-8")
        for piece in re.split(r"^import [^;]*;$|^export ", source, flags=re.MULTILINE):
            assert piece.strip() in text, module.name
