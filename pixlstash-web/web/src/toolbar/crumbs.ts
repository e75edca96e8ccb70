/** The way from the whole library to what is shown. */
import type { Sidebar } from "../api/schema";
import { pageModules } from "../plugins/modules.svelte";
import type { Page } from "../state/address";
import { kindOf, type Part, partOf, type Place, valueOf } from "../sidebar/place";
import { type Entry, entriesOf, nameOf, shortOf } from "../sidebar/rows";

const PAGES: Record<Page, string> = {
  duplicates: "Duplicates",
  engines: "Engines",
  faces: "Suggested faces",
  people: "Unassigned faces",
  plugin: "Plugin",
  settings: "Settings",
  snapshots: "Snapshots",
  suggested: "Suggested tags",
  tags: "Tags",
};

/** What a page in place of the table is called. `about`: what it is about, as in the address. */
export function titleOf(info: Sidebar | null, page: Page, about: string | null): string {
  if (page === "plugin") return pageModules.pageOf(about)?.title ?? PAGES.plugin;
  if (page !== "people" || !/^\d+$/.test(about ?? "")) return PAGES[page];
  return info?.characters.find(({ id }) => id === Number(about))?.name ?? "Character";
}

/** A step of it; `q` is null where nothing of its own could be shown. */
export interface Crumb {
  label: string;
  q: string | null;
}

export interface Whereabouts {
  info: Sidebar | null;
  place: Place;
  scrapheap: boolean;
  /** The project looked at last, of several that something may be in. */
  project: number | null;
}

export function crumbsOf({ info, place, scrapheap, project }: Whereabouts): Crumb[] {
  const all: Crumb = { label: "All", q: "" };
  const narrowed: Crumb[] =
    place.rest && !scrapheap ? [{ label: /^stack:\d+$/.test(place.rest) ? "Stack" : "Found", q: null }] : [];
  if (scrapheap) return [all, { label: "Scrapheap", q: "is:scrapheap" }];
  const [first] = place.parts;
  if (!first) return place.rest ? [all, ...narrowed] : [{ label: "All pictures", q: "" }];
  const entries = info ? entriesOf(info) : new Map<Part, Entry>();
  const others = place.parts.length - 1;
  if (others) return [all, { label: `${shortOf(info, first)} and ${others} more`, q: null }];
  return [all, ...above(info, entries.get(first), project), ...path(info, entries.get(first), first)];
}

/** The project something is in. */
function above(info: Sidebar | null, entry: Entry | undefined, last: number | null): Crumb[] {
  const within = info?.projects.filter(({ sets, characters }) => {
    if (entry?.kind === "set") return sets.includes(entry.id);
    return entry?.kind === "character" && characters.includes(entry.id);
  });
  const project = within?.find(({ id }) => id === last) ?? within?.[0];
  return project ? [{ label: project.name, q: partOf("project", project.id) }] : [];
}

/** The parts of a set's name between slashes; each is a set too, or all that is below a name. */
function path(info: Sidebar | null, entry: Entry | undefined, part: Part): Crumb[] {
  if (!entry && kindOf(part) !== "folder" && !valueOf(part).endsWith("/")) return [{ label: part, q: part }];
  if (kindOf(part) !== "set") return [{ label: nameOf(info, part), q: part }];
  const steps = nameOf(info, part)
    .split("/")
    .map((step) => step.trim());
  if (!steps.every(Boolean)) return [{ label: nameOf(info, part), q: part }];
  return steps.map((label, n) => {
    const name = steps.slice(0, n + 1).join("/");
    const set = info?.sets.find(
      (one) =>
        one.name
          .split("/")
          .map((step) => step.trim())
          .join("/") === name,
    );
    return { label, q: n === steps.length - 1 ? part : partOf("set", set ? set.id : `${name}/`) };
  });
}
