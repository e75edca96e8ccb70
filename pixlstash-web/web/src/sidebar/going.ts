/** The rows of the sidebar as of now, and how to get to what each shows. */
import { aboutOf, pageModules } from "../plugins/modules.svelte";
import { shelf } from "../snapshots/shelf.svelte";
import { write } from "../state/address";
import { library } from "../state/library.svelte";
import { route } from "../state/route.svelte";
import { folds } from "./folds.svelte";
import { type Row, rowsOf } from "./rows";

/** @param folded keys of rows that are folded */
export function rowsNow(filter: string, folded: ReadonlySet<string>): Row[] {
  if (!library.sidebar) return [];
  return rowsOf(library.sidebar, library.info?.stores ?? [], {
    filter,
    folded,
    people: folds.people,
    readonly: library.readonly,
    indexes: library.owner && !library.readonly,
    past: library.past,
    pages: pageModules.in("page").map((module) => ({ about: aboutOf(module), title: module.title })),
    snapshots: library.owner ? (shelf.list?.length ?? 0) : null,
  });
}

function queryFor(row: Row): string | null {
  if (row.type === "entry") return row.entry.part;
  if (row.type === "branch" || row.type === "folder") return row.part;
  return row.type === "place" ? row.q : null;
}

export function addressOf(row: Row): string | null {
  const q = row.type === "page" ? "" : queryFor(row);
  if (q === null) return null;
  const { page = null, about = null } = row.type === "page" ? row : {};
  return write({ q, sort: "", at: null, open: null, size: null, mode: null, page, about });
}

/** Show what a row stands for. Answers whether it stands for anything. */
export function goTo(row: Row): boolean {
  const q = queryFor(row);
  if (row.type === "page") route.turn(row.page, row.about);
  else if (q === null) return false;
  else route.go({ q, sort: "" });
  return true;
}
