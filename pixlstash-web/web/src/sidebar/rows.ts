/** The sidebar as a list of rows: one tree in four sections, filtered and folded. */
import type { Branch, GroupInfo, SetInfo, Sidebar, StoreInfo, Waiting } from "../api/schema";
import type { Page } from "../state/address";
import { fold } from "../ui/fold";
import type { IconName } from "../ui/icons";
import { type Kind, kindOf, type Part, partOf, type Place, valueOf } from "./place";

export type Section = "library" | "character" | "set" | "project" | "query" | "folder";

/** One character, set, project or saved query. */
export interface Entry {
  kind: Kind;
  id: number;
  part: Part;
  name: string;
  /** Null for saved queries. */
  group: GroupInfo | null;
  /** How many it has; null where that is not known. */
  pictures: number | null;
}

interface Placed {
  /** The same for the same thing, whatever else changes. */
  key: string;
  level: number;
  /** Whether what is below it is shown; undefined where nothing is. */
  open?: boolean;
  label: string;
}

export type Row = Placed &
  (
    | { type: "head"; section: Section }
    | { type: "place"; q: string; pictures: number }
    | { type: "page"; page: Page; about?: string; icon: IconName; count?: number }
    | { type: "entry"; entry: Entry }
    | { type: "branch"; part: Part }
    | { type: "folder"; part: Part; store: StoreInfo }
  );

export const SECTIONS: Readonly<Record<Section, string>> = {
  library: "Browse",
  character: "Characters",
  set: "Sets",
  project: "Projects",
  query: "Saved queries",
  folder: "Folders",
};

/** Entries by the part of a query that stands for them. */
export function entriesOf(info: Sidebar): Map<Part, Entry> {
  const groups = (kind: Kind, of: readonly GroupInfo[]) =>
    of.map((group): Entry => {
      const { id, name, pictures } = group;
      return { kind, id, part: partOf(kind, id), name, group, pictures };
    });
  const queries = info.queries.map(({ id, name, pictures }): Entry => ({
    ...{ kind: "query", id, part: partOf("query", name), name, group: null },
    pictures: pictures ?? null,
  }));
  const all = [
    ...groups("character", info.characters),
    ...groups("set", info.sets),
    ...groups("project", info.projects),
    ...queries,
  ];
  return new Map(all.map((entry) => [entry.part, entry]));
}

/** The entry a part names, by its id or by its name. */
export function entryFor(info: Sidebar, part: Part): Entry | undefined {
  const entries = entriesOf(info);
  const name = fold(valueOf(part));
  return entries.get(part) ?? [...entries.values()].find((one) => one.kind === kindOf(part) && fold(one.name) === name);
}

/** A place with its entries as the sidebar names them: somebody may have typed `set:Harbour` for `set:3`. */
export function resolved(place: Place, info: Sidebar | null): Place {
  if (!info) return place;
  return { ...place, parts: [...new Set(place.parts.map((part) => entryFor(info, part)?.part ?? part))] };
}

/** What a part is called. `set:"Trips/"` is all sets below a name. */
export function nameOf(info: Sidebar | null, part: Part): string {
  return (info && entryFor(info, part)?.name) ?? valueOf(part).replace(/\/$/, "");
}

/** The same where there is little room: of a set in a tree its own name, as the sidebar has it. */
export function shortOf(info: Sidebar | null, part: Part): string {
  const name = nameOf(info, part);
  return (kindOf(part) === "set" && name.split("/").at(-1)?.trim()) || name;
}

export interface Looks {
  filter: string;
  /** Keys of rows that are folded. */
  folded: ReadonlySet<string>;
  /** How characters are headed. */
  people: boolean;
  readonly: boolean;
  /** Folders can be indexed from here. */
  indexes: boolean;
  /** How many snapshots there are; null where they are not one's business. */
  snapshots: number | null;
  /** The library is looked at as it was. */
  past: boolean;
  /** Pages of plugins, by what an address says they are about. */
  pages: readonly { about: string; title: string }[];
}

export function rowsOf(info: Sidebar, stores: readonly StoreInfo[], looks: Looks): Row[] {
  const entries = [...entriesOf(info).values()];
  const filter = fold(looks.filter.trim());
  const matches = (name: string) => !filter || fold(name).includes(filter);
  const of = (kind: Kind) => entries.filter((entry) => entry.kind === kind);
  const flat = (kind: Kind) =>
    of(kind)
      .filter((entry) => matches(entry.name))
      .map((entry): Row => ({ type: "entry", key: entry.part, level: 2, label: entry.name, entry }));
  const sets = new Map(of("set").map((entry) => [entry.id, entry]));
  const within = (branches: readonly Branch[], level: number): Row[] =>
    branches.flatMap((branch) => branchRows(branch, level));

  function branchRows(branch: Branch, level: number): Row[] {
    const entry = branch.set === null ? undefined : sets.get(branch.set);
    const below = within(branch.branches, level + 1);
    if (!below.length && !(entry && matches(branch.path))) return [];
    const key = entry?.part ?? partOf("set", `${branch.path}/`);
    const open = below.length ? Boolean(filter) || !looks.folded.has(key) : undefined;
    const placed = { key, level, label: branch.label, open };
    const row: Row = entry
      ? { type: "entry", ...placed, entry }
      : { type: "branch", ...placed, part: partOf("set", `${branch.path}/`) };
    return open ? [row, ...below] : [row];
  }

  const sections: [Section, Row[]][] = [
    ["library", places(info, looks).filter((row) => matches(row.label))],
    ["query", flat("query")], // before those that may be many
    ["character", flat("character")],
    ["set", within(info.tree, 2)],
    ["project", flat("project")],
    ["folder", stores.filter(({ name }) => matches(name)).map(folder)],
  ];
  return sections.flatMap(([section, rows]) => {
    const made = section === "folder" ? looks.indexes : !looks.readonly && section !== "library";
    if (!rows.length && (filter || !made)) return [];
    const key = `head:${section}`;
    const label = section === "character" && looks.people ? "People" : SECTIONS[section];
    const open = Boolean(filter) || !looks.folded.has(key);
    const head: Row = { type: "head", key, level: 1, label, open, section };
    return open ? [head, ...rows] : [head];
  });
}

/** Where somebody decides on what engines found, with the number of pictures if any wait. */
function decided(waiting: Waiting | null | undefined): Row[] {
  const page = { type: "page", level: 2 } as const;
  const [faces, tags] = [waiting?.faces || undefined, waiting?.tags || undefined];
  return [
    { ...page, key: "page:people", label: "Unassigned faces", page: "people", icon: "face", count: faces },
    { ...page, key: "page:faces", label: "Suggested faces", page: "faces", icon: "face" },
    { ...page, key: "page:suggested", label: "Suggested tags", page: "suggested", icon: "tag", count: tags },
  ];
}

function places(info: Sidebar, { readonly, snapshots, past, pages }: Looks): Row[] {
  const kept = { type: "page", key: "page:snapshots", level: 2, label: "Snapshots", page: "snapshots" } as const;
  return [
    { type: "place", key: "place:", level: 2, label: "All pictures", q: "", pictures: info.pictures },
    ...(snapshots === null || past ? [] : [{ ...kept, icon: "history", count: snapshots } as const]),
    {
      type: "place",
      key: "place:scrapheap",
      level: 2,
      label: "Scrapheap",
      q: "is:scrapheap",
      pictures: info.scrapheap,
    },
    { type: "page", key: "page:duplicates", level: 2, label: "Duplicates", page: "duplicates", icon: "copy" },
    ...(past ? [] : [{ type: "page", key: "page:tags", level: 2, label: "Tags", page: "tags", icon: "tag" } as const]),
    ...(readonly || past ? [] : decided(info.waiting)),
    ...pages.map(({ about, title }) => pluginRow(about, title)),
  ];
}

function pluginRow(about: string, label: string): Row {
  return { type: "page", key: `page:plugin:${about}`, level: 2, label, page: "plugin", about, icon: "box" };
}

function folder(store: StoreInfo): Row {
  const part = partOf("folder", store.name);
  return { type: "folder", key: part, level: 2, label: store.name, part, store };
}

/** The pictures that stand for an entry until it has an icon: its cover, else its newest. */
export function facesOf({ group }: Entry): readonly number[] {
  if (!group || group.icon) return [];
  if (group.cover !== null) return [group.cover];
  return (group as Partial<SetInfo>).newest ?? [];
}

export function lockedSet({ group }: Entry): boolean {
  return (group as Partial<SetInfo> | null)?.locked === true;
}

/** Whether a project can hold it, and with it its pictures. */
export function moves({ kind }: Entry): boolean {
  return kind === "set" || kind === "character";
}
