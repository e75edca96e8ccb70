/** A query as the search box shows it: filters as chips, words as text behind them. */
import type { Sidebar } from "../api/schema";
import { isLike, meaning } from "../similarity/likes";
import { split } from "../pages/terms";
import { type Part, placeOf } from "../sidebar/place";
import { nameOf } from "../sidebar/rows";

export interface Terms {
  chips: string[];
  text: string;
}

const FILTER = /^(-?[a-z_]+:.|(union|overlap|difference|unique)\s*\(.*\)$)/i;

/** What joins terms: with one of these between them, none may be moved to the front. */
const JOINT = /^(AND|OR|NOT)$/;

export function part(query: string): Terms {
  const terms = split(query);
  if (terms.some((term) => JOINT.test(term))) return { chips: [], text: query };
  return {
    chips: terms.filter((term) => FILTER.test(term)),
    text: terms.filter((term) => !FILTER.test(term)).join(" "),
  };
}

export function join({ chips, text }: Terms): string {
  return [...chips, text.trim()].filter(Boolean).join(" ");
}

/** Words, without what joins or groups terms. */
export function isPlain(text: string): boolean {
  return part(text).text.trim() !== "" && !split(text).some((term) => JOINT.test(term) || /[()]/.test(term));
}

/** The query of the box. Beside something to be like, words are so too: what they mean counts, not their letters. */
export function composed({ chips, text }: Terms): string {
  if (!chips.some(isLike) || !isPlain(text)) return join({ chips, text });
  const typed = part(text);
  return join({ chips: [...chips, ...typed.chips, meaning(typed.text)], text: "" });
}

/** A filter as chips show it: without quotes, "not" for the minus. */
export function spoken(term: string): string {
  return term.replace(/^-/, "not ").replace(/"/g, "");
}

/** The same, with entries of the sidebar by their names. */
export function named(term: string, info: Sidebar | null): string {
  if (term.startsWith("-")) return `not ${named(term.slice(1), info)}`;
  const { parts, operation } = placeOf(term);
  const name = (part: Part) => nameOf(info, part);
  const [first] = parts;
  if (!first) return spoken(term);
  return parts.length > 1 ? `${operation} of ${parts.map(name).join(", ")}` : name(first);
}
