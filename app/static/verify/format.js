// The format of a bundle and of a receipt (docs/bundle.md, "Members" and "Receipt").

import {
  either,
  flag,
  hexadecimal,
  instant,
  listOf,
  matching,
  members,
  nothing,
  oneOf,
  table,
  text,
  tuple,
  whole,
} from "./shapes.js";

export const FORMAT = "yueyuetan-bundle-v1";

const count = whole(10_000_000);
const score = whole(Number.MAX_SAFE_INTEGER);
const id = matching("[!-~]{1,64}");
const hex10 = hexadecimal(10);
const hex16 = hexadecimal(16);
const hex32 = hexadecimal(32);
const hex64 = hexadecimal(64);
const share = members({ numerator: count, denominator: count });

const manifest = members({
  session_id: id,
  compound: text,
  period: text,
  mode: oneOf("ROSTER", "OPEN"),
  scheme: listOf(members({ weight: count, picks: count })),
  rules: members({
    participation: members({
      roster_share: share,
      open_share: share,
      open_floor: count,
      open_cap: share,
    }),
    selection: members({
      limit: count,
      consultative_limit: count,
      supporters_floor: count,
      supporters_share: share,
    }),
  }),
  rules_hash: hex32,
  matters: listOf(
    members({
      matter_id: id,
      number: count,
      title: text,
      endorsements: count,
      raised_at: instant,
      ended: flag,
    }),
  ),
  opens_at: instant,
  closes_at: instant,
});

const bundleShape = members({
  format: oneOf(FORMAT),
  manifest,
  roll: members({ size: count, root: hex32 }),
  participation: table("[A-Z_]{1,32}", count),
  blank: count,
  picks: listOf(members({ weight: count, marks: listOf(tuple(hex10, id)) })),
  commitments: listOf(hex32),
  result: members({
    outcome: oneOf("DECIDED", "CONSULTATIVE"),
    returned: count,
    required: count,
    // Which members a row has is left to the recount.
    rows: listOf(table("[a-z0-9_]{1,32}", either(score, text, nothing))),
  }),
  paper_serials: listOf(id),
  operator_key: hex32,
  officer_key: either(hex32, nothing),
  root: hex32,
  signature: either(hex64, nothing),
  countersignature: either(hex64, nothing),
});

/** Where a receipt departs from its format; null for nowhere. */
export const receiptShape = members(
  {
    commitment: hex32,
    version: count,
    promise: hex64,
    nonce: hex16,
    marks: listOf(members({ weight: count, matter_id: id })),
  },
  { session_id: id, word: text },
);

/** Where data departs from the format of a bundle; null for nowhere, "" for the whole. */
export function departure(data) {
  const wrong = bundleShape(data);
  if (wrong !== null) {
    return wrong;
  }
  if (!isScheme(data.manifest.scheme) || !areRules(data.manifest.rules)) {
    return ".manifest";
  }
  return foreignReference(data);
}

function isScheme(slots) {
  return (
    slots.length > 0 &&
    slots.every((slot) => slot.weight >= 1 && slot.picks >= 1) &&
    slots.every((slot, index) => index === 0 || slot.weight < slots[index - 1].weight)
  );
}

function areRules({ participation, selection }) {
  const shares = [
    participation.roster_share,
    participation.open_share,
    participation.open_cap,
    selection.supporters_share,
  ];
  return (
    selection.limit >= 1 &&
    shares.every(({ numerator, denominator }) => numerator >= 1 && numerator <= denominator)
  );
}

/** Matters are distinct, and the lists hold marks of the scheme's weights for these only. */
function foreignReference({ manifest: { matters, scheme }, picks }) {
  const ids = new Set(matters.map((matter) => matter.matter_id));
  const numbers = new Set(matters.map((matter) => matter.number));
  if (ids.size !== matters.length || numbers.size !== matters.length) {
    return ".manifest.matters";
  }
  if (
    picks.length !== scheme.length ||
    picks.some((column, index) => column.weight !== scheme[index].weight)
  ) {
    return ".picks";
  }
  const foreign = picks.findIndex(({ marks }) => marks.some(([, matter]) => !ids.has(matter)));
  return foreign < 0 ? null : `.picks[${foreign}].marks`;
}
