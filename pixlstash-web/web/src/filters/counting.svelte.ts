/** How many pictures each choice of a filter would leave, asked while the filters are open. */
import { get, query } from "../api/client";
import type { Bar, Statistics } from "../api/statistics";
import { veiling } from "../state/veiling.svelte";
import { answered, cleared } from "./conditions";

/** Values of these are counted together, each as if nothing else of its own were asked. */
export const FACETS = ["score", "format", "model", "lora", "sampler"] as const;
export type Facet = (typeof FACETS)[number];

export class Counting {
  bars = $state.raw<Partial<Record<Facet, readonly Bar[]>>>({});
  /** By condition. */
  single = $state.raw<Readonly<Record<string, number>>>({});

  /** Count for `q`, and for each of `conditions` added to it. What is not answered keeps its old numbers. */
  async ask(q: string, conditions: readonly string[], signal: AbortSignal): Promise<void> {
    const one = (condition: string) => this.#one(q, condition, signal);
    await Promise.all([this.#facets(q, signal), ...conditions.map(one)]);
  }

  async #facets(q: string, signal: AbortSignal): Promise<void> {
    const texts = new Map(FACETS.map((name) => [name, cleared(q, name)] as const));
    await Promise.all(
      [...new Set(texts.values())].map(async (text) => {
        const found = await statistics(text, signal);
        if (!found) return;
        const own = FACETS.filter((name) => texts.get(name) === text);
        const bars = own.map((name) => [name, found.panels.find((panel) => panel.name === name)?.bars ?? []]);
        this.bars = { ...this.bars, ...(Object.fromEntries(bars) as typeof this.bars) };
      }),
    );
  }

  async #one(q: string, condition: string, signal: AbortSignal): Promise<void> {
    // Kinds exclude each other: one is counted as if no other were asked for.
    const rest = condition.startsWith("kind:") ? cleared(q, "kind") : q;
    const path = `/pictures/count${query({ q: answered(rest, condition, true), veil: veiling.parameter })}`;
    const found = await get<{ total: number }>(path, signal).catch(() => null); // a number less
    if (found && !signal.aborted) this.single = { ...this.single, [condition]: found.total };
  }
}

async function statistics(q: string, signal: AbortSignal): Promise<Statistics | null> {
  const found = await get<Statistics>(`/pictures/statistics${query({ q, veil: veiling.parameter })}`, signal).catch(
    () => null,
  );
  return signal.aborted ? null : found;
}
