/** The history of one picture across snapshots, in words. */
import type { PictureChange, PictureMoment } from "../api/schema";
import { labelOf, ordered } from "./topics";

export interface Moment {
  snapshot: number | null;
  at: string | null;
  label: string | null;
  words: string[];
}

/** Nothing that people would look for. */
const UNSEEN = new Set(["producers", "vectors", "locations", "facts"]);

/** The moments at which something about it had changed, and now; the oldest first. */
export function momentsOf(found: readonly PictureMoment[]): Moment[] {
  const told: Moment[] = [];
  let before = false;
  found.forEach((one, n) => {
    const words = one.problem ? [one.problem] : wordsOf(one, before, n === 0);
    const last = n === found.length - 1;
    if (words.length || last)
      told.push({
        snapshot: one.snapshot_id,
        at: one.at,
        label: one.label,
        words: words.length ? words : ["as before"],
      });
    if (!one.problem) before = one.exists;
  });
  return told;
}

function wordsOf(one: PictureMoment, before: boolean, first: boolean): string[] {
  if (!one.exists) return before ? ["no longer in the library"] : [];
  const seen = one.changes.filter(({ topic }) => !UNSEEN.has(topic) && topic !== "pictures");
  const words = ordered(seen).map(said);
  const came = !before && !first ? ["came to the library"] : [];
  return [...came, ...words.filter(Boolean)];
}

function said({ topic, old, new: since }: PictureChange): string {
  if (topic === "scores") return since ? `score ${since}` : "score cleared";
  if (topic === "tags") return since ? (old ? `${old} → ${since}` : `+ ${since}`) : `− ${old}`;
  if (topic === "captions") return since ? `“${since}”` : "description removed";
  if (topic === "set_members" || topic === "project_members" || topic === "people") {
    const verb = topic === "people" ? ["shows", "does not show", "shows"] : ["in", "left", "in"];
    if (old && since) return `${verb[2]} ${since}, once ${old}`;
    return since ? `${verb[0]} ${since}` : `${verb[1]} ${old}`;
  }
  if (topic === "scrapheap") return since ? "thrown away" : "out of the scrapheap";
  if (topic === "stacks") return since ? "stacked" : "unstacked";
  const words = since ?? old;
  return `${labelOf(topic)}${words ? `: ${since ?? "none"}` : ""}`;
}
