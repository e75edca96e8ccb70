/** The query language as far as an empty result needs it: which terms could be removed. The server parses for real. */

/** Split a query at spaces outside quotes and parentheses. */
export function split(query: string): string[] {
  const terms: string[] = [];
  let term = "";
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < query.length; i += 1) {
    const c = query[i] as string;
    if (c === "\\" && quoted) {
      term += c + (query[++i] ?? "");
      continue;
    }
    if (c === '"') quoted = !quoted;
    else if (!quoted && c === "(") depth += 1;
    else if (!quoted && c === ")") depth = Math.max(0, depth - 1);
    if (!quoted && depth === 0 && /\s/.test(c)) {
      if (term) terms.push(term);
      term = "";
    } else {
      term += c;
    }
  }
  return term ? [...terms, term] : terms;
}

/** One filter of a query and the query without it. */
export interface Removable {
  term: string;
  without: string;
}

/** Words that decide where or in which order to look remove nothing themselves. */
const PLACES = /^(sort:|is:scrapheap$)/;

const RANKS = /^(like|face):/;
const HOW = /^(combine|top|likeness):/;

/** These terms without those that say how to rank, if nothing ranks any more: then the server refuses them. */
export function rankable(terms: readonly string[]): string[] {
  return terms.some((term) => RANKS.test(term)) ? [...terms] : terms.filter((term) => !HOW.test(term));
}

/** The filters of `query`, each with what is left when it is removed. */
export function removable(query: string): Removable[] {
  const terms = split(query);
  return terms.flatMap((term, n) =>
    PLACES.test(term) ? [] : [{ term, without: rankable(terms.filter((_, other) => other !== n)).join(" ") }],
  );
}

/** What is left when every filter is removed. */
export function bare(query: string): string {
  return split(query)
    .filter((term) => PLACES.test(term))
    .join(" ");
}
