/** The queries of Hide and blur as rules: each alternative of a query is one, and most are a tag. */
import { split } from "../pages/terms";
import { quoted } from "../sidebar/place";

export interface Rule {
  query: string;
  /** The tag, if the query is only one. */
  tag: string | null;
}

const TAG = /^tag:(?:"((?:[^"\\]|\\.)*)"|([^"\\()*<>=:]+))$/;

export function rulesOf(text: string): Rule[] {
  const alternatives: string[][] = [[]];
  for (const term of split(text)) {
    if (term === "OR") alternatives.push([]);
    else alternatives.at(-1)?.push(term);
  }
  return alternatives.filter((terms) => terms.length).map((terms) => ruleOf(terms.join(" ")));
}

function ruleOf(query: string): Rule {
  const [, inQuotes, bare] = TAG.exec(query) ?? [];
  return { query, tag: inQuotes?.replace(/\\(.)/g, "$1") ?? bare ?? null };
}

/** The query with rules for more tags. */
export function withTags(text: string, tags: readonly string[]): string {
  const rules = rulesOf(text);
  const has = new Set(rules.map(({ tag }) => tag));
  const queries = [...new Set(tags)].filter((tag) => !has.has(tag)).map((tag) => `tag:${quoted(tag)}`);
  return [...rules.map(({ query }) => query), ...queries].join(" OR ");
}

/** The query without one of its rules. */
export function without(text: string, rule: Rule): string {
  return rulesOf(text)
    .map(({ query }) => query)
    .filter((query) => query !== rule.query)
    .join(" OR ");
}
