/** In which column a tag stands, and what deciding on it makes of it. */
import type { PictureTag, TagState } from "../api/schema";
import type { Verb } from "../dialogs/tags";
import { quoted } from "../sidebar/place";

export type Column = "yours" | "accepted" | "suggested";

export const COLUMNS: readonly Column[] = ["yours", "accepted", "suggested"];

/** What takes a tag out of its column for good. */
export const VERBS: Readonly<Record<Column, Verb>> = { yours: "remove", accepted: "reject", suggested: "reject" };

const COLUMN: Readonly<Partial<Record<TagState, Column>>> = {
  yours: "yours",
  accepted: "accepted",
  implied: "accepted",
  suggested: "suggested",
};

/** The most certain first; those without a number by name. */
export function columns(tags: readonly PictureTag[]): Record<Column, PictureTag[]> {
  const found: Record<Column, PictureTag[]> = { yours: [], accepted: [], suggested: [] };
  for (const tag of tags) {
    const column = COLUMN[tag.state];
    if (column) found[column].push(tag);
  }
  for (const all of Object.values(found))
    all.sort((a, b) => (b.confidence ?? 0) - (a.confidence ?? 0) || a.name.localeCompare(b.name));
  return found;
}

/** The tags as they will be, before the server has answered. */
export function moved(tags: readonly PictureTag[], tag: PictureTag, verb: Verb): PictureTag[] {
  const found = tag.engines.some(({ above }) => above);
  const state: Record<Verb, TagState | null> = {
    add: found ? "accepted" : "yours",
    accept: "accepted",
    reject: "rejected",
    remove: found ? "rejected" : null,
  };
  const now = state[verb];
  return tags.flatMap((one) => (one.name !== tag.name ? [one] : now ? [{ ...one, state: now }] : []));
}

/** The query that finds pictures with this tag. */
export function queryOfTag(name: string): string {
  return `tag:${quoted(name)}`;
}
