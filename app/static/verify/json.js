// Reading JSON strictly, and its one canonical spelling (docs/bundle.md, "Spelling").

// A string as a whole, so that digits inside it are passed over; or a number.
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*/g;

/** The bytes are no JSON in UTF-8. */
export class Unreadable extends Error {}

/** The data of a file. Throws Unreadable. */
export function readJson(bytes) {
  try {
    // A byte order mark is kept, and then is no JSON.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const data = JSON.parse(text);
    const marked = text.replace(TOKEN, markFraction);
    return marked === text ? data : JSON.parse(marked);
  } catch (error) {
    throw new Unreadable(error.message);
  }
}

/**
 * JSON.parse takes 1.0 and 1e0 for 1, but neither is spelled as a whole number: such a number
 * becomes one that no format accepts.
 */
function markFraction(token) {
  return token[0] !== '"' && /[.eE]/.test(token) ? "0.5" : token;
}

/** The canonical text of data that has the format. */
export function canonicalJson(value) {
  if (Array.isArray(value)) {
    return `[${value.map(canonicalJson).join(",")}]`;
  }
  if (value !== null && typeof value === "object") {
    // Written by hand: an object rebuilt in order would put a name such as "10" in front.
    const members = Object.keys(value).sort();
    return `{${members.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`)}}`;
  }
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
