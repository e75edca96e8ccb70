/** A query as the search box shows it: filters as chips, words as text behind them. */
import { split } from "../pages/terms";

export interface Terms {
  chips: string[];
  text: string;
}

const FILTER = /^-?[a-z_]+:./i;

export function part(query: string): Terms {
  const terms = split(query);
  return {
    chips: terms.filter((term) => FILTER.test(term)),
    text: terms.filter((term) => !FILTER.test(term)).join(" "),
  };
}

export function join({ chips, text }: Terms): string {
  return [...chips, text.trim()].filter(Boolean).join(" ");
}

/** A filter as chips show it: without quotes, "not" for the minus. */
export function spoken(term: string): string {
  return term.replace(/^-/, "not ").replace(/"/g, "");
}
