/** Conditions on numbers and dates as the two ends of a range. Dates are days in UTC, as the language counts them. */
import { asked, changed, conditionsOf } from "./conditions";

export interface Range {
  /** As numbers are written, or `2026-05-31`; empty where it is open. */
  low: string;
  high: string;
}

const OPEN: Range = { low: "", high: "" };
const BOUND = /^(>=|<=|=)?([^<>=].*)$/s;

/** One condition's range; null where its ends are no plain ones. */
type Read = (value: string) => Range | null;

/** A number, `>=2`, `<=4` or `2..4`. */
export const numbers: Read = (value) => {
  const [, operator, rest = ""] = BOUND.exec(value) ?? [];
  const [low = "", high = low, ...more] = rest.split("..");
  if (more.length || ![low, high].every((end) => /^\d+(\.\d+)?$/.test(end))) return null;
  return ranged(operator, { low, high });
};

/** A year, a month or a day, with the same operators, and a range that may be open. */
export const days: Read = (value) => {
  const strict = /^([<>])(?!=)(.*)$/s.exec(value);
  if (strict) {
    const span = spanOf(strict[2] ?? "");
    if (!span) return null;
    return strict[1] === ">" ? { low: next(span.high, 1), high: "" } : { low: "", high: next(span.low, -1) };
  }
  const [, operator, rest = ""] = BOUND.exec(value) ?? [];
  if (!rest.includes("..")) {
    const span = spanOf(rest);
    return span && ranged(operator, span);
  }
  const [from = "", to = "", ...more] = rest.split("..");
  const [low, high] = [from ? spanOf(from) : OPEN, to ? spanOf(to) : OPEN];
  return low && high && !more.length ? { low: low.low, high: high.high } : null;
};

function ranged(operator: string | undefined, { low, high }: Range): Range {
  if (operator === ">=") return { low, high: "" };
  return operator === "<=" ? { low: "", high } : { low, high };
}

/** First and last day of a year, a month or a day. */
function spanOf(text: string): Range | null {
  const [, year, month, day] = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(text) ?? [];
  if (!year || Number.isNaN(Date.parse(text))) return null;
  if (day) return { low: text, high: text };
  if (!month) return { low: `${year}-01-01`, high: `${year}-12-31` };
  const last = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return { low: `${text}-01`, high: `${text}-${last}` };
}

function next(day: string, by: number): string {
  return new Date(Date.parse(day) + by * 86_400_000).toISOString().slice(0, 10);
}

/** What `name` is asked to lie between. */
export function rangeOf(query: string, name: string, read: Read): Range {
  let found = OPEN;
  for (const condition of conditionsOf(query)) {
    const one = asked(condition);
    const range = one && !one.no && one.name === name ? read(one.value) : null;
    if (range) found = { low: range.low || found.low, high: range.high || found.high };
  }
  return found;
}

/** With `name` between two ends, in the place of all that was asked of it. */
export function within(query: string, name: string, { low, high }: Range): string {
  let value = low && high ? `${low}..${high}` : "";
  if (!value && (low || high)) value = low ? `>=${low}` : `<=${high}`;
  return asking(query, name, value);
}

/** With one condition on `name` in the place of all that was asked of it; an empty value asks nothing. */
export function asking(query: string, name: string, value: string): string {
  const now = value ? `${name}:${value}` : "";
  return changed(query, (conditions) => {
    const own = conditions.filter((condition) => {
      const one = asked(condition);
      return one && !one.no && one.name === name;
    });
    if (!own.length) return [...conditions, now];
    return conditions.flatMap((condition) => {
      if (!own.includes(condition)) return [condition];
      return condition === own[0] ? [now] : [];
    });
  });
}

/** A plain decimal number of millions as one of units, and back; empty stays empty. */
export function millions(text: string): string {
  return text && String(Number(text) / 1e6);
}

export function units(text: string): string {
  return text && String(Math.round(Number(text) * 1e6));
}
