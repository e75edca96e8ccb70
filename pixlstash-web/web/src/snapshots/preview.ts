/** What a restore would do, as the rows of a table: how many there are, how many there will be, and what changes. */
import type { RestorePreview, RestoreSummary, TopicChange } from "../api/schema";
import { count } from "../ui/format";
import { isAlways, isNamed, labelOf, ordered } from "./topics";

export interface Row {
  label: string;
  now: number | null;
  after: number | null;
  what: string;
  same: boolean;
}

/** Names told of one topic before only their number is. */
const TOLD = 2;

/** The rows that change, and those that people look for. */
export function rowsOf({ summary, topics }: Pick<RestorePreview, "summary" | "topics">): Row[] {
  const shown = ordered(topics).filter((one) => one.topic !== "pictures" && (isAlways(one.topic) || total(one)));
  return [pictures(summary), ...shown.map(rowOf)];
}

export function total({ change, come, go }: Pick<TopicChange, "change" | "come" | "go">): number {
  return change + come + go;
}

function pictures(summary: RestoreSummary): Row {
  const { pictures_to_recreate: come, pictures_to_delete: go, pictures_kept: kept } = summary;
  const now = summary.pictures_to_revert + summary.pictures_unchanged + kept + go;
  const what = [
    kept && `${count(kept)} added since then ${kept === 1 ? "is" : "are"} kept`,
    go && `${count(go)} added since then removed, files stay`,
    come && `${count(come)} restored`,
  ].filter(Boolean);
  return { label: "Pictures", now, after: now + come - go, what: what.join(", ") || "none", same: !what.length };
}

function rowOf(one: TopicChange): Row {
  const { come, go } = one;
  // How many settings there are says nothing.
  const now = one.topic === "settings" ? null : one.now;
  const same = total(one) === 0;
  const after = now === null ? null : now + come - go;
  return { label: labelOf(one.topic), now, after, what: same ? "none" : wordsOf(one), same };
}

/** "412 changed, 182 removed", or by their names where they are few: "Harbour restored". */
export function wordsOf(one: TopicChange): string {
  if (isNamed(one.topic) && total(one) <= TOLD && one.examples.length === total(one)) {
    const words = one.examples.map(({ now, then }) => told(now, then));
    if (words.every((text) => text !== null)) return words.join(", ");
  }
  const { change, come, go } = one;
  const parts = [change && `${count(change)} changed`, come && `${count(come)} restored`, go && `${count(go)} removed`];
  return parts.filter(Boolean).join(", ");
}

/** What becomes of one thing, by its name; null where it has none. */
function told(now: string | null, then: string | null): string | null {
  const [before, after] = [now && bare(now), then && bare(then)];
  if (before === "" || after === "" || !(before || after)) return null;
  if (before === null) return `${after} restored`;
  if (after === null) return `${before} removed`;
  return now === then ? `look of ${now}` : `${now} → ${then}`;
}

/** Its name, without how it looks, which only matters where that changes. */
function bare(text: string): string {
  return text.split(" · ", 1)[0] as string;
}

/** Whether a restore would do nothing at all. */
export function nothing({ summary, topics }: Pick<RestorePreview, "summary" | "topics">): boolean {
  return !topics.some(total) && !summary.pictures_to_recreate && !summary.pictures_to_delete;
}
