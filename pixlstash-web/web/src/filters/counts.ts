/** How many pictures each choice of a filter would leave. */
import { call } from "../api/client";
import type { Bar } from "../api/schema";
import { hiding } from "../state/hiding.svelte";
import { answered, cleared } from "./conditions";

/** Values of these are counted together, each as if nothing else of its own were asked. */
const FACETS = ["score", "format", "model", "lora", "sampler"] as const;
export type Facet = (typeof FACETS)[number];

export interface Counts {
  bars: Partial<Record<Facet, readonly Bar[]>>;
  /** By condition. */
  single: Readonly<Record<string, number>>;
}

/** Count for `q`, and for each of `conditions` added to it. */
export async function countsFor(q: string, conditions: readonly string[], signal: AbortSignal): Promise<Counts> {
  const veil = hiding.parameter;
  const statistics = new Map<string, ReturnType<typeof ask>>();
  const ask = (text: string) => call("statistics", { q: text, veil }, signal);
  const bars = FACETS.map(async (name) => {
    const text = cleared(q, name);
    if (!statistics.has(text)) statistics.set(text, ask(text));
    const panels = (await statistics.get(text))?.panels ?? [];
    return [name, panels.find((panel) => panel.name === name)?.bars ?? []] as const;
  });
  const single = conditions.map(async (condition) => {
    // Kinds exclude each other: one is counted as if no other were asked for.
    const rest = condition.startsWith("kind:") ? cleared(q, "kind") : q;
    const { total } = await call("count", { q: answered(rest, condition, true), veil }, signal);
    return [condition, total] as const;
  });
  const [facets, totals] = await Promise.all([Promise.all(bars), Promise.all(single)]);
  return { bars: Object.fromEntries(facets), single: Object.fromEntries(totals) };
}
