/** What differs between two states, as rows of a table and as lines of examples. */
import type { Difference, TopicDiff } from "../api/snapshots";
import { visible } from "../ui/format";
import { labelOf, ordered } from "./topics";

export interface DiffRow {
  topic: string;
  label: string;
  added: number;
  removed: number;
  changed: number;
  examples: readonly Difference[];
}

export function diffRows(topics: readonly TopicDiff[]): DiffRow[] {
  return ordered(topics).map((one) => ({ ...one, label: labelOf(one.topic) }));
}

/** What is known of the thing, besides what was said of it. */
export function nameOf({ name, old, new: since }: Difference): string {
  return name && name !== old && name !== since ? visible(name) : "";
}
