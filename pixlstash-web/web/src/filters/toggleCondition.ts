/** A query with one condition more or less. The server parses for real; here terms are only told apart. */
import { split } from "../pages/terms";

const ORDER = /^-?sort:/;

/** Whether every term of `condition` stands in `query` by itself, so that it can be lifted again. */
export function has(query: string, condition: string): boolean {
  const terms = split(query);
  return !terms.includes("OR") && split(condition).every((term) => terms.includes(term));
}

/** `query` narrowed by `condition`, or without it where it already is. */
export function toggled(query: string, condition: string): string {
  const terms = split(query);
  const more = split(condition);
  if (has(query, condition)) return terms.filter((term) => !more.includes(term)).join(" ");
  if (!terms.includes("OR")) return [...terms, ...more.filter((term) => !terms.includes(term))].join(" ");
  // OR binds less than the space between conditions, and an order is no condition
  const order = terms.filter((term) => ORDER.test(term));
  const rest = terms.filter((term) => !ORDER.test(term));
  return [`(${rest.join(" ")})`, ...more, ...order].join(" ");
}
