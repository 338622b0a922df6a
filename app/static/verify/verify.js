// All checks of a published bundle (docs/bundle.md, "What is checked"), in the order in which
// `python -m votes.verify` makes them. Nothing here touches the page or the network.

import { sha256 } from "../vendor/noble-hashes/sha2.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "../vendor/noble-hashes/utils.js";
import { isSigned } from "./ed25519.js";
import { FORMAT, departure } from "./format.js";
import { canonicalJson, readJson } from "./json.js";
import { treeRoot } from "./merkle.js";
import { receiptChecks } from "./receipt.js";
import { recountProblems } from "./recount.js";
import { check, problem, repeated, unless } from "./report.js";

/**
 * The checks of a bundle, as `{name, ok, zh, en}`.
 *
 * `file` holds the bytes of the bundle and `receipt` those of a voter's receipt; `root` is the text
 * of a root that was seen earlier, in any case and spacing. The last two may be null. Throws
 * Unreadable for bytes that are no JSON.
 */
export function verifyFile(file, receipt = null, root = null) {
  const bundle = readJson(file);
  const known = receipt === null ? null : { data: readJson(receipt) };
  const wrong = departure(bundle);
  if (wrong !== null) {
    const path = wrong || "{}";
    return [formatCheck([problem(`位置 ${path}`, `at ${path}`)])];
  }
  const computed = rootOf(bundle);
  return [
    formatCheck([]),
    spellingCheck(bundle, file),
    ...contentChecks(bundle),
    ...rootChecks(bundle, computed),
    ...(known === null ? [] : receiptChecks(bundle, known.data)),
    ...(root === null ? [] : [earlierRootCheck(computed, root)]),
  ];
}

function formatCheck(problems) {
  return check("format", `格式：${FORMAT}`, `Format: ${FORMAT}`, problems);
}

function spellingCheck(bundle, file) {
  const spelled = utf8ToBytes(canonicalJson(bundle));
  const same =
    spelled.length === file.length && spelled.every((byte, index) => byte === file[index]);
  return check(
    "spelling",
    "写法：规范 JSON",
    "Spelling: canonical JSON",
    unless(
      same,
      "文件被改写过（空格、顺序、重复或数字写法）",
      "the file was rewritten (spaces, order, duplicates or numbers)",
    ),
  );
}

function contentChecks(bundle) {
  const { commitments, blank, picks, roll } = bundle;
  const { returned } = bundle.result;
  const matters = bundle.manifest.matters.length;
  const marks = picks.reduce((sum, column) => sum + column.marks.length, 0);
  return [
    check(
      "rules",
      "规则：与规则指纹一致，时间有先后",
      "Rules: they match their hash; times in order",
      ruleProblems(bundle.manifest),
    ),
    check(
      "order",
      "排序：各名单都按规定排列",
      "Order: every list is sorted as it should be",
      orderProblems(bundle),
    ),
    check(
      "trackers",
      `查票码：${marks}个，没有重复`,
      `Trackers: ${marks}, each of them once`,
      repeated(trackersOf(picks)),
    ),
    check(
      "commitments",
      `选票指纹：${commitments.length}个，没有重复，不少于选票${returned}张`,
      `Commitments: ${commitments.length}, each once, for ${returned} ballots`,
      [
        ...unless(commitments.length >= returned, "比选票少", "fewer than the ballots"),
        ...repeated(commitments),
      ],
    ),
    check(
      "participation",
      `人数：名单${roll.size}人，收回${returned}张，空白${blank}张`,
      `People: ${roll.size} on the roll, ${returned} ballots, ${blank} blank`,
      participationProblems(bundle),
    ),
    check(
      "lengths",
      "选票装得下这些选择",
      "The ballots can hold these marks",
      lengthProblems(bundle),
    ),
    check(
      "recount",
      `重新计票：${matters}件、${marks}个选择，得数、名次、去留都一样`,
      `Recount: ${matters} matters, ${marks} marks; same figures, order and outcomes`,
      recountProblems(bundle),
    ),
  ];
}

function ruleProblems({ mode, rules, scheme, rules_hash: published, opens_at, closes_at }) {
  const computed = bytesToHex(sha256(utf8ToBytes(canonicalJson({ mode, rules, scheme }))));
  return [
    ...unless(published === computed, `规则指纹应为 ${computed}`, `hash is ${computed}`),
    ...unless(opens_at < closes_at, "截止不晚于开始", "voting ends no later than it begins"),
  ];
}

function orderProblems({ manifest, picks, commitments, paper_serials: serials }) {
  const numbers = manifest.matters.map((matter) => matter.number);
  // Trackers are all of one length, so a tracker with its matter behind it sorts as the pair does.
  const lists = picks.map((column) => ({
    weight: column.weight,
    lines: column.marks.map((pair) => pair.join(" ")),
  }));
  return [
    ...unless(isSorted(numbers), "题单", "the list of matters"),
    ...lists.flatMap(({ weight, lines }) =>
      unless(isSorted(lines), `${weight}分票`, `the marks of weight ${weight}`),
    ),
    ...unless(isSorted(commitments), "选票指纹", "the commitments"),
    ...unless(isSorted(serials), "纸票号", "the paper serials"),
    ...unless(new Set(serials).size === serials.length, "纸票号重复", "a serial stands twice"),
  ];
}

function isSorted(values) {
  return values.every((value, index) => index === 0 || values[index - 1] <= value);
}

function trackersOf(picks) {
  return picks.flatMap((column) => column.marks.map(([tracker]) => tracker));
}

function participationProblems({ participation, result: { returned }, roll, blank }) {
  const sum = Object.values(participation).reduce((total, ballots) => total + ballots, 0);
  return [
    ...unless(sum === returned, `各途径合计${sum}张`, `the channels add up to ${sum}`),
    ...unless(returned <= roll.size, "选票比名单上的人多", "more ballots than people"),
    ...unless(blank <= returned, "空白票比选票多", "more blank ballots than ballots"),
  ];
}

/** Whether ballots that are not blank, each with a mark or more, can have made these marks. */
function lengthProblems({ manifest, picks, result, blank }) {
  const ballots = result.returned - blank;
  const supporters = new Map();
  let total = 0;
  const found = [];
  picks.forEach(({ weight, marks }, slot) => {
    total += marks.length;
    for (const [, matter] of marks) {
      supporters.set(matter, (supporters.get(matter) || 0) + 1);
    }
    found.push(
      ...unless(
        marks.length <= manifest.scheme[slot].picks * ballots,
        `${weight}分票${marks.length}张，非空白票只有${ballots}张`,
        `${marks.length} marks of weight ${weight} on ${ballots} ballots that are not blank`,
      ),
    );
  });
  found.push(
    ...unless(
      total >= ballots,
      `非空白票${ballots}张，选择只有${total}个`,
      `${total} marks on ${ballots} ballots that are not blank`,
    ),
  );
  for (const [matter, number] of supporters) {
    found.push(
      ...unless(
        number <= ballots,
        `${matter} 有${number}人选，非空白票只有${ballots}张`,
        `${matter} was marked by ${number} of ${ballots} ballots that are not blank`,
      ),
    );
  }
  return found;
}

/** The root that follows from the contents, in hexadecimal. */
function rootOf(bundle) {
  const { commitments, root, signature, countersignature, ...head } = bundle;
  const leaves = [utf8ToBytes(canonicalJson(head)), ...commitments.map(hexToBytes)];
  return bytesToHex(treeRoot(leaves));
}

function rootChecks(bundle, root) {
  const message = statement(bundle, root);
  return [
    check(
      "root",
      `总指纹（树根）：${root}`,
      `Root: ${root}`,
      unless(bundle.root === root, `文件写的是 ${bundle.root}`, `the file says ${bundle.root}`),
    ),
    check(
      "signature",
      "运营者签名",
      "The operator's signature",
      signatureProblems(bundle.operator_key, bundle.signature, message),
    ),
    countersignatureCheck(bundle, message),
  ];
}

function countersignatureCheck({ officer_key: key, countersignature }, message) {
  if (key === null) {
    return check(
      "countersignature",
      "没有约定第二人会签",
      "No second officer was to countersign",
      unless(countersignature === null, "却有会签", "yet there is a countersignature"),
    );
  }
  return check(
    "countersignature",
    "第二人会签",
    "The second officer's countersignature",
    countersignature === null
      ? [problem("还没有会签", "it is not yet countersigned")]
      : signatureProblems(key, countersignature, message),
  );
}

function statement({ manifest, roll, result, blank, commitments }, root) {
  const lines = [
    "yueyuetan-statement-v1",
    manifest.session_id,
    roll.size,
    result.returned,
    blank,
    commitments.length,
    root,
  ];
  return utf8ToBytes(lines.map((line) => `${line}\n`).join(""));
}

function signatureProblems(key, signature, message) {
  if (signature === null) {
    return [problem("没有签", "it is missing")];
  }
  return unless(isSigned(key, signature, message), "不对", "it is not valid");
}

function earlierRootCheck(computed, seen) {
  return check(
    "earlier_root",
    "与先前公布的总指纹相同",
    "The same root as the one seen earlier",
    unless(
      seen.replace(/\s+/g, "").toLowerCase() === computed,
      "不同：公布之后内容被换过，或总指纹抄错了",
      "it differs: the bundle was exchanged after that, or the root was mistyped",
    ),
  );
}
