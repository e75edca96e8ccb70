/**
 * Which entries of the sidebar a query stands on: the first of its conditions that is an entry, or several of them
 * combined. All else in the query narrows what is seen there.
 */
import { split } from "../pages/terms";

export type Kind = "character" | "set" | "project" | "query";
/** What a query may stand on: folders too, which nobody makes here. */
export type Standing = Kind | "folder";
export type Operation = "union" | "overlap" | "difference" | "unique";

export const OPERATIONS: readonly Operation[] = ["union", "overlap", "difference", "unique"];

/** One entry, as the query language names it: `set:3`, `query:"to sort"`. */
export type Part = `${Standing}:${string}`;

export interface Place {
  parts: readonly Part[];
  /** How several are combined. */
  operation: Operation;
  /** The other conditions. */
  rest: string;
}

const PART = /^(character|set|project|query|folder):./;
const GROUP = /^(union|overlap|difference|unique)\s*\((.*)\)$/s;
/** Among these no condition stands alone. */
const JOINT = /^(AND|OR|NOT)$/;

/** Where `query` stands. Without entries it is all pictures, narrowed. */
export function placeOf(query: string): Place {
  const terms = together(split(query));
  const nowhere: Place = { parts: [], operation: "union", rest: query.trim() };
  if (terms.some((term) => JOINT.test(term))) return nowhere;
  for (const [n, term] of terms.entries()) {
    const rest = terms.filter((_, other) => other !== n).join(" ");
    if (PART.test(term)) return { parts: [plain(term)], operation: "union", rest };
    const group = GROUP.exec(term);
    const parts = group ? commas(group[2] ?? "") : [];
    if (parts.length && parts.every((part) => PART.test(part)))
      return { parts: parts.map(plain), operation: group?.[1] as Operation, rest };
  }
  return nowhere;
}

/** The query of a place. */
export function queryOf({ parts, operation, rest }: Place): string {
  const [first] = parts;
  const where = parts.length > 1 ? `${operation}(${parts.join(", ")})` : (first ?? "");
  return [where, rest].filter(Boolean).join(" ");
}

/** An entry's part; names that are no plain word are quoted. */
export function partOf(kind: Standing, value: number | string): Part {
  return `${kind}:${quoted(String(value))}`;
}

/** A value as the query language writes it: in quotes unless it is a plain word. */
export function quoted(text: string): string {
  return /^[\p{L}\p{N}_.-]+$/u.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** What a part says after its colon, without quotes. */
export function valueOf(part: Part): string {
  const value = part.slice(part.indexOf(":") + 1);
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(["\\])/g, "$1") : value;
}

export function kindOf(part: Part): Standing {
  return part.slice(0, part.indexOf(":")) as Standing;
}

/** With one entry more, or without it; the base of a difference stays the base while it is there. */
export function toggled(place: Place, part: Part): Place {
  const parts = place.parts.includes(part) ? place.parts.filter((one) => one !== part) : [...place.parts, part];
  return { ...place, parts };
}

/** With `part` as the one that others are taken from. */
export function based(place: Place, part: Part): Place {
  return { ...place, parts: [part, ...place.parts.filter((one) => one !== part)] };
}

/** The same part however it was typed, so that two can be compared. */
function plain(term: string): Part {
  const part = term.trim() as Part;
  return partOf(kindOf(part), valueOf(part));
}

/** The same terms, with `union (a, b)` as one condition, whatever stands between. */
export function together(terms: string[]): string[] {
  const joined: string[] = [];
  for (const term of terms) {
    const last = joined.at(-1);
    if (last && OPERATIONS.includes(last as Operation) && term.startsWith("(")) joined[joined.length - 1] = last + term;
    else joined.push(term);
  }
  return joined;
}

/** Split at commas outside quotes and parentheses. */
function commas(text: string): string[] {
  const parts: string[] = [""];
  let within = false;
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    let c = text[i] as string;
    if (within && c === "\\") c += text[++i] ?? "";
    else if (c === '"') within = !within;
    else if (!within && c === "(") depth += 1;
    else if (!within && c === ")") depth -= 1;
    if (c === "," && !within && depth === 0) parts.push("");
    else parts[parts.length - 1] += c;
  }
  return parts.map((part) => part.trim()).filter(Boolean);
}
