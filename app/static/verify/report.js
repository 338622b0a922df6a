// One line of the report: a check, and what is wrong where it does not hold.

const SHOWN = 3;

/** What is wrong in one place, in both languages. */
export const problem = (zh, en) => ({ zh, en });

/** No problem if something holds, else this one. */
export const unless = (holds, zh, en) => (holds ? [] : [problem(zh, en)]);

/** The check that holds if there are no problems; the first few are told. */
export function check(name, zh, en, problems) {
  if (problems.length === 0) {
    return { name, ok: true, zh, en };
  }
  const shown = problems.slice(0, SHOWN);
  const more = problems.length - shown.length;
  if (more > 0) {
    shown.push(problem(`另有${more}处`, `${more} more`));
  }
  return {
    name,
    ok: false,
    zh: `${zh}——${shown.map((each) => each.zh).join("；")}`,
    en: `${en} -- ${shown.map((each) => each.en).join("; ")}`,
  };
}

/** A value from a file as one short line that cannot steer how the rest is shown. */
export function printable(value) {
  const letters = Array.from(String(value)).slice(0, 80);
  return letters.map((letter) => (/[^ \P{Z}]|\p{C}/u.test(letter) ? "?" : letter)).join("");
}

/** A problem for every value that stands more than once. */
export function repeated(values) {
  const times = new Map();
  for (const value of values) {
    times.set(value, (times.get(value) || 0) + 1);
  }
  return Array.from(times)
    .filter(([, found]) => found > 1)
    .map(([value, found]) => problem(`${value} 出现${found}次`, `${value} stands ${found} times`));
}
