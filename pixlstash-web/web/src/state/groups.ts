/** What a reader does to sets, characters, projects and saved queries, and to pictures with them. */
import type { EditQuery, EditSet } from "../api/schema";
import { type Entry, resolved } from "../sidebar/rows";
import { type Kind, partOf, placeOf } from "../sidebar/place";
import { gather, organize, type Selected } from "./actions";
import { library } from "./library.svelte";
import { route } from "./route.svelte";

/** What of an entry shall be different: `text` of a saved query, the rest of others. */
export type Edit = EditSet & Pick<EditQuery, "text">;

type Named = Pick<Entry, "kind" | "id" | "name" | "part">;

/** Make one; its id, or null where that was refused. A saved query keeps `text`. */
export async function create(kind: Kind, name: string, text?: string): Promise<number | null> {
  const made =
    kind === "query"
      ? await organize("save_query", { name, text: text ?? "" })
      : await organize(`create_${kind}`, { name });
  await library.refresh();
  return made?.id ?? null;
}

/** Answers whether it was done. */
export async function edit(entry: Named, change: Edit): Promise<boolean> {
  const done = await organize(`edit_${entry.kind}`, { id: entry.id, ...change });
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
  const done = await organize(`delete_${entry.kind}`, { id: entry.id });
  if (!done) return;
  const { parts } = resolved(placeOf(route.q), library.sidebar);
  if (parts.includes(entry.part)) route.go({ q: "", sort: "" });
  await library.refresh();
}

/** Put pictures into a set or project, or say that they show a character. */
export async function add(selected: Selected, entry: Named): Promise<void> {
  if (entry.kind === "query") return; // it finds its pictures by itself
  const failed = `The pictures could not be added to ${entry.name}`;
  await gather(selected, `add_to_${entry.kind}`, { failed, args: { id: entry.id } });
}

/** The opposite. */
export async function take(selected: Selected, entry: Named): Promise<void> {
  if (entry.kind === "query") return;
  const failed = `The pictures could not be taken out of ${entry.name}`;
  const leave = route.q.trim() === entry.part;
  await gather(selected, `take_from_${entry.kind}`, { failed, leave, args: { id: entry.id } });
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
  const args = { id: project.id, sets: of("set"), characters: of("character"), add };
  if (!selected) return void (await organize("drop_on_project", args));
  const failed = `The pictures could not be moved to ${project.name}`;
  await gather(selected, "drop_on_project", { failed, args });
}

/** Keep what the search box says under a name. */
export async function save(name: string, text: string): Promise<boolean> {
  return (await create("query", name, text)) !== null;
}

/** Add a link to a project. Answers whether it was done. */
export async function link(project: Named, url: string): Promise<boolean> {
  const done = await organize("add_link", { id: project.id, url });
  await library.refresh();
  return done !== null;
}

export async function unlink(project: Named, id: number): Promise<void> {
  await organize("remove_link", { id: project.id, link: id });
  await library.refresh();
}
