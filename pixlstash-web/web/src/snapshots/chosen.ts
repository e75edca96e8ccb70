/** What restoring chosen things would change, as rows to be ticked; and what of it is asked for then. */
import type { Change, PreviewedResource, Resource, ResourceType } from "../api/schema";
import { labelOf } from "./topics";

/** Of one picture and topic; a set, character or project is ticked as a whole, in its first row. */
export interface Row {
  key: string;
  type: ResourceType;
  id: number;
  /** Of a set and the like. */
  name: string;
  topic: string;
  label: string;
  /** What it says now and will not, and what it will say. */
  gone: readonly string[];
  come: readonly string[];
}

/** Work that engines did is none of people's business until it shows. */
const UNSEEN = new Set(["producers"]);
/** In the singular, as they are about one picture. */
const OF_ONE: Readonly<Record<string, string>> = {
  scores: "score",
  tags: "tags",
  captions: "description",
  people: "people",
  faces: "faces",
  corrections: "date and turn",
  scrapheap: "scrapheap",
  stacks: "stack",
  set_members: "in sets",
  project_members: "in projects",
  engine_tags: "engines' tags",
  engine_captions: "engines' description",
  engine_text: "text in the picture",
  measures: "measures",
  vectors: "likeness",
};

const keyOf = (type: ResourceType, id: number, topic = "") => `${type}:${id}${topic && `:${topic}`}`;

/** The rows of what was chosen; what others have to do with it is not asked. */
export function chosenRows(found: readonly PreviewedResource[], chosen: readonly Resource[]): Row[] {
  const asked = new Set(chosen.map(({ type, id }) => keyOf(type, id)));
  return found.filter(({ type, id }) => asked.has(keyOf(type, id))).flatMap(rowsOf);
}

function rowsOf({ type, id, name, exists_in_live, exists_in_snapshot, changes }: PreviewedResource): Row[] {
  if (!exists_in_snapshot) return [];
  const picture = type === "picture";
  if (!exists_in_live) {
    const row = { key: keyOf(type, id), type, id, name, topic: "", label: "", gone: [], come: [] };
    return [{ ...row, label: picture ? "the picture" : "it", come: ["comes back"] }];
  }
  const topics = new Map<string, Change[]>();
  for (const change of changes) {
    if (!UNSEEN.has(change.topic)) topics.set(change.topic, [...(topics.get(change.topic) ?? []), change]);
  }
  return [...topics].map(([topic, lines]) => ({
    key: keyOf(type, id, picture ? topic : ""),
    type,
    id,
    name,
    topic,
    label: picture ? (OF_ONE[topic] ?? labelOf(topic).toLowerCase()) : labelOf(topic),
    ...said(lines),
  }));
}

function said(lines: readonly Change[]): Pick<Row, "gone" | "come"> {
  const words = lines.filter(({ now, then }) => now !== then);
  const told = (side: "now" | "then") => words.map((line) => line[side]).filter((text): text is string => !!text);
  return { gone: told("now"), come: told("then") };
}

/** Sets and the like that are gone, and that what was chosen belonged to. */
export function missingOf(found: readonly PreviewedResource[], chosen: readonly Resource[]): PreviewedResource[] {
  const asked = new Set(chosen.map(({ type, id }) => keyOf(type, id)));
  return found.filter(
    ({ type, id, exists_in_live, exists_in_snapshot }) =>
      type !== "picture" && !exists_in_live && exists_in_snapshot && !asked.has(keyOf(type, id)),
  );
}

/** What was chosen and is not in the snapshot. */
export function lostOf(found: readonly PreviewedResource[]): PreviewedResource[] {
  return found.filter(({ exists_in_snapshot }) => !exists_in_snapshot);
}

/**
 * What is asked for when some rows are not ticked. `rest`: there is more than was shown, and all of that is wanted.
 */
export function asking(
  rows: readonly Row[],
  off: ReadonlySet<string>,
  chosen: readonly Resource[],
  lost: readonly PreviewedResource[],
  rest: boolean,
): Resource[] {
  const gone = new Set(lost.map(({ type, id }) => keyOf(type, id)));
  const wanted: Resource[] = [];
  for (const { type, id } of chosen) {
    const own = rows.filter((row) => row.type === type && row.id === id);
    const ticked = own.filter(({ key }) => !off.has(key));
    if (gone.has(keyOf(type, id)) || (own.length ? !ticked.length : !rest)) continue;
    const some = type === "picture" && ticked.length < own.length;
    wanted.push(some ? { type, id, topics: ticked.map(({ topic }) => topic) } : { type, id });
  }
  return wanted;
}
