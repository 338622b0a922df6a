// A voter's receipt (docs/bundle.md, "Receipt"): whether it is whole, and whether it was counted.

import { sha256 } from "../vendor/noble-hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "../vendor/noble-hashes/utils.js";
import { isSigned } from "./ed25519.js";
import { receiptShape } from "./format.js";
import { check, problem, unless } from "./report.js";

const TRACKER_BYTES = 10;

const NOT_COUNTED = problem(
  "没有找到：如果您后来改投过，这是对的，请查最后一张收据（用过暗记的要写上）；没有改投，就是丢了票",
  "not found: right if you replaced this ballot later, then check the last receipt (with your " +
    "word, if you used one); if you did not, the ballot is missing",
);

/** The checks of a receipt for this bundle; only the first where it is no receipt of this vote. */
export function receiptChecks(bundle, receipt) {
  const refusal = refusalOf(bundle.manifest, receipt);
  if (refusal !== null) {
    return [check("receipt", "收据", "Receipt", [refusal])];
  }
  const session = bundle.manifest.session_id;
  const marks = inCanonicalOrder(receipt.marks);
  return [
    check(
      "receipt",
      `收据：第${receipt.version}版，${marks.length}个选择`,
      `Receipt: version ${receipt.version}, marks: ${marks.length}`,
      [],
    ),
    check(
      "receipt_commitment",
      "收据上的选择与指纹一致",
      "The receipt's marks give its commitment",
      unless(
        receipt.commitment === commitment(receipt.nonce, session, marks),
        "收据被改过",
        "the receipt was altered",
      ),
    ),
    check(
      "receipt_promise",
      "运营者签过这张收据",
      "The operator signed this receipt",
      unless(
        isSigned(bundle.operator_key, receipt.promise, promiseMessage(session, receipt)),
        "不对",
        "it is not valid",
      ),
    ),
    check(
      "receipt_listed",
      "收据的指纹在名单里",
      "The receipt's commitment is in the list",
      unless(
        bundle.commitments.includes(receipt.commitment),
        "不在：如果收据有运营者签名，这就是漏记的证据",
        "it is not: if the operator signed the receipt, that proves an omission",
      ),
    ),
    check(
      "receipt_marks",
      "收据上的选择都计入了结果",
      "The receipt's marks were counted",
      countingProblems(bundle, receipt, marks),
    ),
  ];
}

/** Why this is no receipt of this vote, or null. */
function refusalOf(manifest, receipt) {
  const wrong = receiptShape(receipt);
  if (wrong !== null) {
    return problem("不是收据的格式", `This is no receipt at ${wrong || "all"}.`);
  }
  if ("session_id" in receipt && receipt.session_id !== manifest.session_id) {
    return problem("是另一次投票的收据", "The receipt is of another vote.");
  }
  return invalidMark(manifest, receipt.marks);
}

function invalidMark({ scheme, matters }, marks) {
  const picksLeft = new Map(scheme.map(({ weight, picks }) => [weight, picks]));
  const listed = new Set(matters.map((matter) => matter.matter_id));
  const marked = new Set();
  for (const { weight, matter_id: matter } of marks) {
    if (!picksLeft.has(weight)) {
      return problem("没有这个分值", "The ballot has no such slot.");
    }
    if (picksLeft.get(weight) === 0) {
      return problem("同一分值选得太多", "The slot has too many marks.");
    }
    if (!listed.has(matter)) {
      return problem("所选不在题单上", "The matter is not on the frozen list.");
    }
    if (marked.has(matter)) {
      return problem("同一件选了两次", "The matter is marked twice.");
    }
    picksLeft.set(weight, picksLeft.get(weight) - 1);
    marked.add(matter);
  }
  return null;
}

function inCanonicalOrder(marks) {
  return marks
    .slice()
    .sort((one, other) => other.weight - one.weight || (one.matter_id < other.matter_id ? -1 : 1));
}

function commitment(nonce, session, marks) {
  const lines = marks.map((mark) => `${mark.weight} ${mark.matter_id}\n`).join("");
  const ballot = `yueyuetan-ballot-v1\n${session}\n${lines}`;
  return bytesToHex(sha256(concatBytes(hexToBytes(nonce), utf8ToBytes(ballot))));
}

function promiseMessage(session, { commitment: committed, version }) {
  return utf8ToBytes(`yueyuetan-promise-v1\n${session}\n${committed}\n${version}\n`);
}

/** The tracker of each mark; `marks` in canonical order. */
function trackers(session, { nonce, word = "" }, marks) {
  const secret = concatBytes(hexToBytes(nonce), utf8ToBytes(word.normalize("NFC")));
  return labels(marks).map((label) => {
    const head = utf8ToBytes(`pick\n${session}\n${label}\n`);
    return bytesToHex(sha256(concatBytes(head, secret)).slice(0, TRACKER_BYTES));
  });
}

/** "5" for the first mark of weight 5, "5.2" for the second. */
function labels(marks) {
  return marks.map(({ weight }, index) => {
    const position = marks.slice(0, index + 1).filter((mark) => mark.weight === weight).length;
    return position === 1 ? `${weight}` : `${weight}.${position}`;
  });
}

/** The marks stand in the lists under the receipt's trackers; a blank ballot has none. */
function countingProblems(bundle, receipt, marks) {
  if (marks.length === 0) {
    return bundle.blank > 0 ? [] : [NOT_COUNTED];
  }
  const lists = new Map(bundle.picks.map((column) => [column.weight, new Map(column.marks)]));
  const codes = trackers(bundle.manifest.session_id, receipt, marks);
  const found = marks.map(({ weight }, index) => lists.get(weight).get(codes[index]));
  if (found.every((matter) => matter === undefined)) {
    return [NOT_COUNTED];
  }
  return marks
    .map((mark, index) => ({ ...mark, now: found[index] || "–" }))
    .filter((mark) => mark.now !== mark.matter_id)
    .map(({ weight, matter_id: matter, now }) =>
      problem(
        `${weight}分的 ${matter} 变成了 ${now}`,
        `${matter}, marked with ${weight}, has become ${now}`,
      ),
    );
}
