// The recount (docs/bundle.md, "Recount"): the result that follows from the marks.

import { printable, problem } from "./report.js";

/** Where the published result differs from the one that is counted here. */
export function recountProblems(bundle) {
  const counted = count(bundle);
  const { rows, ...published } = bundle.result;
  const { rows: countedRows, ...totals } = counted;
  const found = differences(problem("", ""), published, totals);
  for (let place = 0; place < Math.max(rows.length, countedRows.length); place += 1) {
    const where = problem(`第${place + 1}行`, `row ${place + 1} `);
    found.push(...differences(where, rows[place] || {}, countedRows[place] || {}));
  }
  return found;
}

function differences(where, published, counted) {
  const names = new Set([...Object.keys(published), ...Object.keys(counted)]);
  const member = (object, name) =>
    Object.prototype.hasOwnProperty.call(object, name) ? object[name] : "–";
  return Array.from(names)
    .sort()
    .filter((name) => member(published, name) !== member(counted, name))
    .map((name) => {
      const said = printable(member(published, name));
      const found = printable(member(counted, name));
      return problem(
        `${where.zh}${name} 公布${said}，重算${found}`,
        `${where.en}${name} is published as ${said}, counted as ${found}`,
      );
    });
}

/** The result as a bundle states it. */
function count(bundle) {
  const { returned } = bundle.result;
  const { scheme, rules } = bundle.manifest;
  const required = requiredBallots(bundle.manifest, bundle.roll.size);
  const isDecided = returned >= required;
  const weights = scheme.map((slot) => slot.weight);
  const standings = rank(weights, bundle.manifest.matters, marksReceived(bundle.picks));
  const outcomes = select(rules.selection, standings, returned, isDecided);
  const deciders = decidingRules(weights, standings);
  return {
    outcome: isDecided ? "DECIDED" : "CONSULTATIVE",
    returned,
    required,
    rows: standings.map((standing, place) => ({
      rank: place + 1,
      matter_id: standing.matter.matter_id,
      number: standing.matter.number,
      ...Object.fromEntries(weights.map((weight, slot) => [`n${weight}`, standing.counts[slot]])),
      score: standing.score,
      outcome: outcomes[place],
      decided_by: deciders[place],
    })),
  };
}

function requiredBallots({ mode, rules: { participation } }, people) {
  if (mode === "ROSTER") {
    return moreThan(participation.roster_share, people);
  }
  const wanted = Math.max(participation.open_floor, atLeast(participation.open_share, people));
  return Math.max(1, Math.min(wanted, atLeast(participation.open_cap, people)));
}

/** The smallest whole number that is at least this share of the people. */
function atLeast({ numerator, denominator }, people) {
  const product = BigInt(people) * BigInt(numerator);
  return Number((product + BigInt(denominator) - 1n) / BigInt(denominator));
}

/** The smallest whole number that is more than this share of the people. */
function moreThan({ numerator, denominator }, people) {
  return Number((BigInt(people) * BigInt(numerator)) / BigInt(denominator)) + 1;
}

/** For each weight, how many marks each matter received. */
function marksReceived(picks) {
  return picks.map(({ marks }) => {
    const received = new Map();
    for (const [, matter] of marks) {
      received.set(matter, (received.get(matter) || 0) + 1);
    }
    return received;
  });
}

/** The matters, best first, each with its marks and its score. */
function rank(weights, matters, received) {
  const standings = matters.map((matter) => {
    const counts = received.map((ofWeight) => ofWeight.get(matter.matter_id) || 0);
    const score = counts.reduce((sum, n, slot) => sum + n * weights[slot], 0);
    return { matter, counts, score };
  });
  const rules = rulesOfOrder(weights);
  return standings.sort((one, other) => {
    const deciding = rules.find(({ compare }) => compare(one, other) !== 0);
    return deciding === undefined ? 0 : deciding.compare(one, other);
  });
}

/** For each place the rule that put it above the next one; null for the last. */
function decidingRules(weights, standings) {
  const rules = rulesOfOrder(weights);
  return standings.map((above, place) =>
    place + 1 < standings.length
      ? rules.find(({ compare }) => compare(above, standings[place + 1]) !== 0).name
      : null,
  );
}

/** The rules that order two matters, the strongest first; negative where `one` comes first. */
function rulesOfOrder(weights) {
  return [
    { name: "score", compare: (one, other) => other.score - one.score },
    ...weights.map((weight, slot) => ({
      name: `n${weight}`,
      compare: (one, other) => other.counts[slot] - one.counts[slot],
    })),
    {
      name: "endorsements",
      compare: (one, other) => other.matter.endorsements - one.matter.endorsements,
    },
    {
      name: "raised_at",
      compare: (one, other) => earlierFirst(one.matter.raised_at, other.matter.raised_at),
    },
    { name: "number", compare: (one, other) => one.matter.number - other.matter.number },
  ];
}

function earlierFirst(one, other) {
  if (one === other) {
    return 0;
  }
  return one < other ? -1 : 1;
}

/** What becomes of each matter, in the order of the standings. */
function select(rule, standings, returned, isDecided) {
  const needed = Math.max(rule.supporters_floor, atLeast(rule.supporters_share, returned));
  let places = isDecided ? rule.limit : rule.consultative_limit;
  return standings.map(({ matter, counts, score }) => {
    if (matter.ended) {
      return "SKIPPED";
    }
    const supporters = counts.reduce((sum, n) => sum + n, 0);
    if (places > 0 && score > 0 && supporters >= needed) {
      places -= 1;
      return "SELECTED";
    }
    return "DEFERRED";
  });
}
