import { expect, test } from "vitest";
import type { SetInfo, Sidebar } from "../api/schema";
import { facesOf, resolved, rowsOf, shortOf } from "./rows";

const group = { public_id: "", created: "", colour: null, icon: null, cover: null, note: "", pictures: 4 };
const set = (id: number, name: string): SetInfo => ({ ...group, id, name, locked: false, newest: [9, 8] });
const info: Sidebar = {
  revision: 1,
  pictures: 12,
  scrapheap: 2,
  characters: [{ ...group, id: 1, name: "Zoë" }],
  sets: [set(1, "Botany"), set(2, "Botany/Macro"), set(3, "Trips/Norway/Fjord")],
  tree: [
    {
      label: "Botany",
      path: "Botany",
      set: 1,
      branches: [{ label: "Macro", path: "Botany/Macro", set: 2, branches: [] }],
    },
    {
      label: "Trips",
      path: "Trips",
      set: null,
      branches: [
        {
          label: "Norway",
          path: "Trips/Norway",
          set: null,
          branches: [{ label: "Fjord", path: "Trips/Norway/Fjord", set: 3, branches: [] }],
        },
      ],
    },
  ],
  projects: [],
  queries: [{ id: 5, public_id: "", name: "to sort", text: "score:0", pictures: 4 }],
  folders: [],
  blurred: [],
  waiting: null,
};
const looks = {
  filter: "",
  folded: new Set<string>(),
  people: false,
  readonly: false,
  indexes: false,
  snapshots: 3,
  past: false,
  pages: [],
};
const shown = (change: Partial<typeof looks>) =>
  rowsOf(info, [], { ...looks, ...change }).map((row) => `${"  ".repeat(row.level - 1)}${row.label}`);

test("pages count what waits, if anything does", () => {
  const counts = (waiting: Sidebar["waiting"]) =>
    rowsOf({ ...info, waiting }, [], looks).flatMap((row) => ("count" in row && row.count ? [row.key, row.count] : []));
  expect(counts({ faces: 4, tags: null })).toEqual(["page:snapshots", 3, "page:people", 4]);
  expect(counts({ faces: 0, tags: 2 })).toEqual(["page:snapshots", 3, "page:suggested", 2]);
});

test("everything, in its place", () => {
  expect(shown({})).toEqual([
    "Browse",
    "  All pictures",
    "  Snapshots",
    "  Scrapheap",
    "  Duplicates",
    "  Tags",
    "  Unassigned faces",
    "  Suggested faces",
    "  Suggested tags",
    "Saved queries",
    "  to sort",
    "Characters",
    "  Zoë",
    "Sets",
    "  Botany",
    "    Macro",
    "  Trips",
    "    Norway",
    "      Fjord",
    "Projects",
  ]);
});

test("folded", () => {
  const folded = new Set(["head:library", "set:1", 'set:"Trips/Norway/"', "head:query"]);
  expect(shown({ folded, people: true })).toEqual([
    "Browse",
    "Saved queries",
    "People",
    "  Zoë",
    "Sets",
    "  Botany",
    "  Trips",
    "    Norway",
    "Projects",
  ]);
});

test("the filter opens what it finds, without case or accents", () => {
  const folded = new Set(["head:set", 'set:"Trips/"', "head:character"]);
  expect(shown({ filter: "FJ", folded })).toEqual(["Sets", "  Trips", "    Norway", "      Fjord"]);
  expect(shown({ filter: "zoe", folded })).toEqual(["Characters", "  Zoë"]);
  expect(shown({ filter: "nothing" })).toEqual([]);
});

test("who only looks sees no empty section", () => {
  expect(shown({ readonly: true })).not.toContain("Projects");
});

test("faces until there is an icon", () => {
  const entry = {
    kind: "set",
    id: 1,
    part: "set:1",
    name: "Botany",
    group: info.sets[0] ?? null,
    pictures: 1,
  } as const;
  expect(facesOf(entry)).toEqual([9, 8]);
  expect(facesOf({ ...entry, group: { ...entry.group, cover: 3 } as SetInfo })).toEqual([3]);
  expect(facesOf({ ...entry, group: { ...entry.group, icon: "leaf" } as SetInfo })).toEqual([]);
});

test("where there is little room, a set in a tree has its own name only", () => {
  expect(shortOf(info, "set:3")).toBe("Fjord");
  expect(shortOf(info, "set:1")).toBe("Botany");
  expect(shortOf(info, 'set:"Trips/"')).toBe("Trips");
  expect(shortOf(info, 'folder:"a/b"')).toBe("a/b");
});

test("an entry typed by its name is the same entry", () => {
  const place = { parts: ["set:botany", "character:ZOE", "set:9"], operation: "union", rest: "" } as const;
  expect(resolved(place, info).parts).toEqual(["set:1", "character:1", "set:9"]);
});
