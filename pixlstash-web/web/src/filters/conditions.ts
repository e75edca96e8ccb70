/**
 * A query as the conditions that all hold, so that controls can show them and change one by one. The server parses for
 * real; whatever a control does not understand stays in the text as it is.
 */
import { split } from "../pages/terms";
import { quoted, together } from "../sidebar/place";

/** One condition on a name. `value` is without quotes, with its operator in front: `>=3`, `=flux1-dev`. */
export interface Asked {
  no: boolean;
  name: string;
  value: string;
}

interface Parted {
  conditions: readonly string[];
  /** `sort:…`, which is no condition. */
  order: readonly string[];
}

const ORDER = /^sort:/;
const ASKED = /^(-?)([a-z][a-z0-9_.-]*):(>=|<=|>|<|=)?(.+)$/is;

/** The conditions of `query`. With an OR between, none of them holds by itself, and the whole is one. */
function parted(query: string): Parted {
  const terms = together(split(query));
  const order = terms.filter((term) => ORDER.test(term));
  const rest = terms.filter((term) => !ORDER.test(term));
  if (rest.includes("OR")) return { conditions: [`(${rest.join(" ")})`], order };
  const conditions: string[] = [];
  let not = false;
  for (const term of rest) {
    if (term === "NOT") not = !not;
    else if (term !== "AND") {
      conditions.push(not ? opposite(term) : term);
      not = false;
    }
  }
  return { conditions, order };
}

export function conditionsOf(query: string): readonly string[] {
  return parted(query).conditions;
}

/** `query` with its conditions changed; its order stays. */
export function changed(query: string, change: (conditions: readonly string[]) => readonly string[]): string {
  const { conditions, order } = parted(query);
  return [...change(conditions).filter(Boolean), ...order].join(" ");
}

export function opposite(condition: string): string {
  return condition.startsWith("-") ? condition.slice(1) : `-${condition}`;
}

/** What a condition asks, or null where it is a word, a group or several. */
export function asked(condition: string): Asked | null {
  const [, minus, name, operator = "", value] = ASKED.exec(condition) ?? [];
  if (!name || !value || (value.startsWith("(") && !operator)) return null;
  const plain = value.startsWith('"') ? value.slice(1, -1).replace(/\\(["\\])/g, "$1") : value;
  return { no: minus === "-", name: name.toLowerCase(), value: operator + plain };
}

/** The condition as the language writes it. */
export function written({ no, name, value }: Asked): string {
  const [, operator = "", plain = ""] = /^(>=|<=|>|<|=)?(.*)$/s.exec(value) ?? [];
  return `${no ? "-" : ""}${name}:${operator}${/^[\d.]+$/.test(plain) ? plain : quoted(plain)}`;
}

/** Whether two conditions ask the same, however they are written. */
export function same(one: string, other: string): boolean {
  return one === other || key(one) === key(other);
}

function key(condition: string): string {
  const found = asked(condition);
  return found ? `${found.no} ${found.name} ${found.value.toLowerCase()}` : condition;
}

/** Several that are alternatives: `(format:png OR format:jpeg)`; a condition by itself is the only one. */
export function alternatives(condition: string): readonly string[] {
  if (!condition.startsWith("(") || !condition.endsWith(")")) return [condition];
  const terms = split(condition.slice(1, -1));
  if (terms.some((term, n) => (term === "OR") !== (n % 2 === 1))) return [condition];
  return terms.filter((term) => term !== "OR");
}

/** The name that all alternatives of a condition ask about, if it is one and none of them is negated. */
function choiceOf(condition: string): string | null {
  const all = alternatives(condition).map(asked);
  const [first] = all;
  return first && all.every((one) => one && !one.no && one.name === first.name) ? first.name : null;
}

/** The values of `name` that are let through, each as a condition; of several conditions all. */
export function chosen(query: string, name: string): readonly string[] {
  return conditionsOf(query).flatMap((one) => (choiceOf(one) === name ? alternatives(one) : []));
}

/** With one more value of its name let through, or one less. Where the text asks for several at once, it stays so. */
export function choose(query: string, condition: string): string {
  const name = asked(condition)?.name ?? "";
  return changed(query, (conditions) => {
    const own = conditions.filter((one) => choiceOf(one) === name);
    if (own.some((one) => alternatives(one).some((value) => same(value, condition))))
      return conditions.map((one) => {
        if (!own.includes(one)) return one;
        return either(alternatives(one).filter((value) => !same(value, condition)));
      });
    const [only] = own;
    if (!only || own.length > 1) return [...conditions, condition];
    return conditions.map((one) => (one === only ? either([...alternatives(one), condition]) : one));
  });
}

function either(values: readonly string[]): string {
  return values.length > 1 ? `(${values.join(" OR ")})` : (values[0] ?? "");
}

/** Without all that lets values of `name` through. */
export function cleared(query: string, name: string): string {
  return changed(query, (conditions) => conditions.filter((one) => choiceOf(one) !== name));
}

/** Whether a condition holds (true), its opposite does (false), or neither is asked (null). */
export function answer(query: string, condition: string): boolean | null {
  const conditions = conditionsOf(query);
  if (conditions.some((one) => same(one, condition))) return true;
  return conditions.some((one) => same(one, opposite(condition))) ? false : null;
}

/** With a condition holding, its opposite, or neither; in the place of what was there. */
export function answered(query: string, condition: string, to: boolean | null): string {
  const now = to === null ? "" : to ? condition : opposite(condition);
  return changed(query, (conditions) => {
    const at = conditions.findIndex((one) => same(one, condition) || same(one, opposite(condition)));
    return at < 0 ? [...conditions, now] : conditions.with(at, now);
  });
}

/** Without one condition, as it is written. */
export function without(query: string, condition: string): string {
  return changed(query, (conditions) => conditions.filter((one) => one !== condition));
}
