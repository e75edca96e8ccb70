import { expect, test } from "vitest";
import type { Sidebar } from "../api/schema";
import { placeOf } from "../sidebar/place";
import { crumbsOf, titleOf } from "./crumbs";

const group = { public_id: "", created: "", colour: null, icon: null, cover: null, note: "", pictures: 0 };
const project = { ...group, characters: [], links: [] };
const info: Sidebar = {
  revision: 1,
  pictures: 0,
  scrapheap: 0,
  characters: [],
  sets: [
    { ...group, id: 1, name: "Trips", locked: false, newest: [] },
    { ...group, id: 2, name: "Trips / Norway/Fjord", locked: false, newest: [] },
  ],
  tree: [],
  projects: [
    { ...project, id: 7, name: "Calendar", sets: [2] },
    { ...project, id: 8, name: "Prints", sets: [2] },
  ],
  queries: [],
  folders: [],
  blurred: [],
  waiting: null,
};
const crumbs = (q: string, last: number | null = null) =>
  crumbsOf({ info, place: placeOf(q), scrapheap: q === "is:scrapheap", project: last });

test("the project, then the parts of the name; what is no set stands for all below it", () => {
  expect(crumbs("set:2 score:5")).toEqual([
    { label: "All", q: "" },
    { label: "Calendar", q: "project:7" },
    { label: "Trips", q: "set:1" },
    { label: "Norway", q: 'set:"Trips/Norway/"' },
    { label: "Fjord", q: "set:2" },
  ]);
});

test("of several projects the one looked at last", () => {
  expect(crumbs("set:2", 8)[1]?.label).toBe("Prints");
});

test("everywhere else", () => {
  const labels = (q: string) => crumbs(q).map(({ label }) => label);
  expect(labels("")).toEqual(["All pictures"]);
  expect(labels("fox")).toEqual(["All", "Found"]);
  expect(labels("is:scrapheap")).toEqual(["All", "Scrapheap"]);
  expect(labels("overlap(set:1, set:2, project:7)")).toEqual(["All", "Trips and 2 more"]);
  expect(labels('set:"Trips/Norway/"')).toEqual(["All", "Trips", "Norway"]);
  expect(labels("set:99")).toEqual(["All", "set:99"]);
});

test("a page is called what it is, that of a character by its name", () => {
  const known = { ...info, characters: [{ ...group, id: 3, name: "Ann" }] } as Sidebar;
  expect(titleOf(known, "people", null)).toBe("Unassigned faces");
  expect(titleOf(known, "people", "3")).toBe("Ann");
  expect(titleOf(known, "people", "4")).toBe("Character");
  expect(titleOf(null, "snapshots", "3")).toBe("Snapshots");
});
