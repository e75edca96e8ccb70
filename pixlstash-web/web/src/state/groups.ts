/** What a reader does to sets, characters, projects and saved queries, and to pictures with them. */
import type { Dropped, Made } from "../api/groups";
import type { Done } from "../api/types";
import { type Entry, resolved } from "../sidebar/rows";
import { type Kind, partOf, placeOf } from "../sidebar/place";
import { gather, organise, type Selected } from "./actions";
import { library } from "./library.svelte";
import { route } from "./route.svelte";

const PATHS: Readonly<Record<Kind, string>> = {
  character: "/characters",
  set: "/sets",
  project: "/projects",
  query: "/queries",
};

/** What of an entry shall be different. */
export interface Edit {
  name?: string;
  colour?: string | null;
  icon?: string | null;
  cover?: number | null;
  note?: string;
  locked?: boolean;
  text?: string;
}

type Named = Pick<Entry, "kind" | "id" | "name" | "part">;

const path = (entry: Named) => `${PATHS[entry.kind]}/${entry.id}`;

/** Make one; its id, or null where that was refused. A saved query keeps `text`. */
export async function create(kind: Kind, name: string, text?: string): Promise<number | null> {
  const made = await organise<Made>("POST", PATHS[kind], kind === "query" ? { name, text } : { name });
  await library.refresh();
  return made?.id ?? null;
}

/** Answers whether it was done. */
export async function edit(entry: Named, change: Edit): Promise<boolean> {
  const done = await organise<Done>("PATCH", path(entry), change);
  if (done && entry.kind === "query" && change.name) {
    const place = placeOf(route.q);
    const before = partOf("query", entry.name);
    // The address names a query by its name: it goes along.
    if (place.parts.includes(before)) route.go({ q: route.q.replace(before, partOf("query", change.name)) }, true);
  }
  await library.refresh();
  return done !== null;
}

export async function remove(entry: Entry): Promise<void> {
  const done = await organise<Done>("DELETE", path(entry));
  if (!done) return;
  const { parts } = resolved(placeOf(route.q), library.sidebar);
  if (parts.includes(entry.part)) route.go({ q: "", sort: "" });
  await library.refresh();
}

/** Put pictures into a set or project, or say that they show a character. */
export async function add(selected: Selected, entry: Named): Promise<void> {
  const failed = `The pictures could not be added to ${entry.name}`;
  await gather(selected, `${path(entry)}/add`, { failed });
}

/** The opposite. */
export async function take(selected: Selected, entry: Named): Promise<void> {
  const failed = `The pictures could not be taken out of ${entry.name}`;
  const leave = route.q.trim() === entry.part;
  await gather(selected, `${path(entry)}/take`, { failed, leave });
}

/** What can be dropped on a project. */
export interface Load {
  selected?: Selected;
  entries?: readonly Named[];
  /** Leave it where it is as well. */
  add: boolean;
}

/** Move sets, characters and pictures to a project; the answer says what came, left and stayed, and why. */
export async function dropOn(project: Named, { selected, entries = [], add }: Load): Promise<void> {
  const of = (kind: Kind) => entries.filter((entry) => entry.kind === kind).map(({ id }) => id);
  const body = { sets: of("set"), characters: of("character"), add };
  if (!selected) return void (await organise<Dropped>("POST", `${path(project)}/drop`, body));
  const failed = `The pictures could not be moved to ${project.name}`;
  await gather(selected, `${path(project)}/drop`, { failed, body });
}

/** Keep what the search box says under a name. */
export async function save(name: string, text: string): Promise<boolean> {
  return (await create("query", name, text)) !== null;
}

/** Add a link to a project. Answers whether it was done. */
export async function link(project: Named, url: string): Promise<boolean> {
  const done = await organise<Made>("POST", `${path(project)}/links`, { url });
  await library.refresh();
  return done !== null;
}

export async function unlink(project: Named, id: number): Promise<void> {
  await organise<Done>("DELETE", `${path(project)}/links/${id}`);
  await library.refresh();
}
