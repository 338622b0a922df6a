// Shapes: what data must look like. A shape is called with a value and answers null if the value
// has it, else the place where it departs: "" for the value itself, or a path such as ".rows[3]".

const HERE = "";
const hereUnless = (fits) => (fits ? null : HERE);
const hasOwn = (object, name) => Object.prototype.hasOwnProperty.call(object, name);
const isObject = (value) =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** A whole number from 0 to `most`. */
export const whole = (most) => (value) =>
  hereUnless(Number.isInteger(value) && value >= 0 && value <= most);

/** A string without half of a surrogate pair. */
export const text = (value) => hereUnless(typeof value === "string" && !/\p{Cs}/u.test(value));

export const flag = (value) => hereUnless(typeof value === "boolean");

export const nothing = (value) => hereUnless(value === null);

/** A string that matches the pattern as a whole. */
export function matching(pattern) {
  const expression = new RegExp(`^(?:${pattern})$`);
  return (value) => hereUnless(typeof value === "string" && expression.test(value));
}

/** So many bytes in lower-case hexadecimal digits. */
export const hexadecimal = (length) => matching(`[0-9a-f]{${2 * length}}`);

export const oneOf = (...words) => (value) => hereUnless(words.includes(value));

export const either = (...shapes) => (value) =>
  hereUnless(shapes.some((shape) => shape(value) === null));

const INSTANT = matching(
  "[0-9]{4}-(0[1-9]|1[0-2])-[0-3][0-9]T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{6}Z",
);

/** A moment in UTC to the microsecond on a day that there is. */
export function instant(value) {
  if (INSTANT(value) !== null) {
    return HERE;
  }
  const [year, month, day] = value.slice(0, 10).split("-").map(Number);
  return hereUnless(year >= 1 && day >= 1 && day <= daysOf(month, year));
}

function daysOf(month, year) {
  if (month === 2) {
    return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  }
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** A list whose entries all have the shape. */
export const listOf = (shape) => (value) =>
  Array.isArray(value) ? firstWrong(value, () => shape) : HERE;

/** A list of as many entries as there are shapes, each of its own shape. */
export const tuple = (...shapes) => (value) =>
  Array.isArray(value) && value.length === shapes.length
    ? firstWrong(value, (index) => shapes[index])
    : HERE;

function firstWrong(entries, shapeAt) {
  for (let index = 0; index < entries.length; index += 1) {
    const wrong = shapeAt(index)(entries[index]);
    if (wrong !== null) {
      return `[${index}]${wrong}`;
    }
  }
  return null;
}

/** An object with all required members, perhaps the optional ones, and no others. */
export function members(required, optional = {}) {
  const known = { ...required, ...optional };
  const shapeOf = (name) => (hasOwn(known, name) ? known[name] : null);
  return (value) => {
    if (!isObject(value)) {
      return HERE;
    }
    const missing = Object.keys(required).find((name) => !hasOwn(value, name));
    return missing === undefined ? firstWrongMember(value, shapeOf) : `.${missing}`;
  };
}

/** An object with any members whose names match the pattern and whose values have the shape. */
export function table(pattern, shape) {
  const named = matching(pattern);
  return (value) =>
    isObject(value)
      ? firstWrongMember(value, (name) => (named(name) === null ? shape : null))
      : HERE;
}

function firstWrongMember(object, shapeOf) {
  for (const name of Object.keys(object)) {
    const shape = shapeOf(name);
    if (shape === null) {
      return HERE;
    }
    const wrong = shape(object[name]);
    if (wrong !== null) {
      return `.${name}${wrong}`;
    }
  }
  return null;
}
