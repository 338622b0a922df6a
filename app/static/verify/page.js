// The page /verify: takes file, receipt and root from the form and shows the report. Nothing is
// sent; the one request fetches the bundle that the address asks for.

import { Unreadable } from "./json.js";
import { verifyFile } from "./verify.js";

const MAX_FILE_BYTES = 256 * 1024 * 1024;
const NOT_FOUND = 404;
const NOT_YET = 409;

/** Something that the reader has to mend before anything can be checked. */
class Refusal extends Error {
  constructor(zh, en) {
    super(en);
    this.zh = zh;
    this.en = en;
  }
}

const element = (id) => document.getElementById(id);
const form = element("verify");

async function report() {
  showVerdict("正在核对…", "Checking…");
  element("checks").textContent = "";
  try {
    const file = (await given("bundle")) || (await published());
    const root = element("root").value.trim();
    const receipt = await given("receipt");
    await nextFrame();
    showChecks(verifyFile(file, receipt, root === "" ? null : root));
  } catch (error) {
    const { zh, en } = refusalOf(error);
    showVerdict(`✗ ${zh}`, en, "bad");
  }
  element("verdict").focus();
}

/** The bytes of the chosen file or of the pasted text; null for neither. */
async function given(name) {
  const [file] = element(`${name}-file`).files;
  const text = element(`${name}-text`).value.trim();
  if (file && text) {
    throw new Refusal(
      "文件和粘贴的内容只能给一样，请清掉一样",
      "Give either a file or pasted text: take one of them away",
    );
  }
  if (!file) {
    return text ? new TextEncoder().encode(text) : null;
  }
  if (file.size > MAX_FILE_BYTES) {
    throw new Refusal("文件太大", "The file is too large");
  }
  return new Uint8Array(await file.arrayBuffer());
}

/** The bytes of the bundle that the address asks for. */
async function published() {
  const address = form.dataset.bundle;
  if (address === undefined) {
    throw new Refusal("请先选结果文件", "Choose a result file first");
  }
  const answer = await fetch(address, { cache: "no-cache" });
  if (answer.status === NOT_FOUND) {
    throw new Refusal("没有这一期", "There is no such vote");
  }
  if (answer.status === NOT_YET) {
    throw new Refusal("这一期还没有结果文件", "This vote has no published result yet");
  }
  if (!answer.ok) {
    throw new Refusal("取不到结果文件，请稍后再试", "The result cannot be had now; try again later");
  }
  return new Uint8Array(await answer.arrayBuffer());
}

/** Lets the browser show what was written before a long computation. */
function nextFrame() {
  return new Promise((resolve) => {
    setTimeout(resolve, 30);
  });
}

function refusalOf(error) {
  if (error instanceof Refusal) {
    return error;
  }
  if (error instanceof Unreadable) {
    return new Refusal("文件读不了，或不是 JSON", "A file cannot be read, or is no JSON");
  }
  console.error(error);
  return new Refusal("没能核对，请换一个浏览器再试", "It could not be checked; try another browser");
}

function showChecks(checks) {
  const failed = checks.filter((check) => !check.ok).length;
  if (failed > 0) {
    showVerdict(`✗ ${failed}项不符`, `Checks failed: ${failed}`, "bad");
  } else {
    showVerdict("✓ 全部相符", "All checks hold", "good");
  }
  element("checks").append(...checks.map(line));
}

function line({ name, ok, zh, en }) {
  const item = document.createElement("li");
  item.className = ok ? "good" : "bad";
  item.dataset.check = name;
  item.append(mark(ok), `${zh} `, inEnglish(en));
  return item;
}

function mark(ok) {
  const sign = document.createElement("strong");
  sign.textContent = ok ? "✓" : "✗";
  sign.setAttribute("role", "img");
  sign.setAttribute("aria-label", ok ? "相符" : "不符");
  return sign;
}

function inEnglish(words) {
  const span = document.createElement("span");
  span.lang = "en";
  span.textContent = words;
  return span;
}

function showVerdict(zh, en, kind = "") {
  element("report").hidden = false;
  element("verdict").className = kind;
  element("verdict").textContent = `${zh} `;
  element("verdict").append(inEnglish(en));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  report();
});
element("without-script").hidden = true;
form.hidden = false;
if (form.dataset.bundle !== undefined) {
  report();
}
