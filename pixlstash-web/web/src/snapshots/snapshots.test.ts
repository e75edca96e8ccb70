import { expect, test } from "vitest";
import type {
  PictureMoment,
  PreviewedResource,
  RestoreSummary,
  Snapshot,
  SnapshotKind,
  TopicChange,
} from "../api/schema";
import { asking, chosenRows, lostOf, missingOf } from "./chosen";
import { momentsOf } from "./pictureHistory";
import { called, grouped, heights, pastOf, pointOf, presentOf, tick } from "./points";
import { nothing, rowsOf, wordsOf } from "./preview";

const snapshot = (id: number, kind: SnapshotKind, created_at: string, label: string | null = null): Snapshot => ({
  id,
  kind,
  label,
  created_at,
  picture_count: 3,
  byte_size: 1000,
  is_compatible: true,
  picture_set_count: 0,
  project_count: 0,
  character_count: 0,
  schema_version: 1,
  frees: 10,
});

test("restore points are grouped, the longest period first and the oldest first in each", () => {
  const all = [
    snapshot(4, "MANUAL", "2026-05-04T00:00:00Z"),
    snapshot(3, "DAILY", "2026-05-03T00:00:00Z"),
    snapshot(2, "MONTHLY", "2026-05-02T00:00:00Z"),
    snapshot(1, "DAILY", "2026-05-01T00:00:00Z"),
  ];
  expect(grouped(all).map(({ label, points }) => [label, points.map(({ id }) => id)])).toEqual([
    ["monthly", [2]],
    ["daily", [1, 3]],
    ["yours", [4]],
  ]);
});

test("each is called as its group asks", () => {
  const now = new Date("2026-11-22T12:00:00");
  expect(tick(snapshot(1, "MANUAL", "2026-11-01T12:00:00", "before"), now)).toBe("before");
  expect(tick(snapshot(1, "MONTHLY", "2026-03-01T12:00:00"), now)).toMatch(/Mar/);
  expect(tick(snapshot(1, "OPPORTUNISTIC", "2026-11-22T09:14:00", "Before restoring snapshot 3"), now)).toMatch(/14/);
  expect(called(snapshot(1, "MANUAL", "2026-11-01T12:00:00", "before"), now)).toBe("“before”");
  expect(called(snapshot(1, "DAILY", "2024-11-01T12:00:00"), now)).toMatch(/2024/);
});

test("heights are in proportion, and what is small is seen", () => {
  expect(heights([0, 1, 50, 100], 60)).toEqual([0, 3, 30, 60]);
  expect(heights([], 60)).toEqual([]);
});

const summary: RestoreSummary = {
  pictures_to_revert: 2,
  pictures_to_recreate: 0,
  pictures_to_delete: 0,
  pictures_unchanged: 5,
  missing_files: 0,
  pictures_kept: 3,
  permanently_deleted: 0,
  sets_to_revert: 0,
  sets_to_recreate: 0,
  sets_to_delete: 0,
  characters_to_revert: 0,
  characters_to_recreate: 0,
  characters_to_delete: 0,
  projects_to_revert: 0,
  projects_to_recreate: 0,
  projects_to_delete: 0,
  tags_to_revert: 0,
  sayings_to_revert: 0,
  settings_to_revert: 0,
};
const topic = (
  name: string,
  change: number,
  come: number,
  go: number,
  more: Partial<TopicChange> = {},
): TopicChange => ({
  topic: name,
  now: 10,
  change,
  come,
  go,
  examples: [],
  ...more,
});

test("a preview is a table of now and after", () => {
  const topics = [
    topic("sets", 0, 1, 0, { examples: [{ topic: "sets", now: null, then: "Harbour · #112233 · leaf" }] }),
    topic("scores", 4, 0, 2),
    topic("vectors", 0, 0, 0, { now: null }),
  ];
  expect(rowsOf({ summary, topics })).toEqual([
    { label: "Pictures", now: 10, after: 10, what: "3 added since then are kept", same: false },
    { label: "Scores", now: 10, after: 8, what: "4 changed, 2 removed", same: false },
    { label: "Sets", now: 10, after: 11, what: "Harbour restored", same: false },
  ]);
  expect(nothing({ summary, topics })).toBe(false);
  expect(nothing({ summary, topics: [topic("scores", 0, 0, 0)] })).toBe(true);
});

test("names are told where they are few", () => {
  const renamed = { topic: "sets", now: "Worst", then: "Best" };
  expect(wordsOf(topic("sets", 1, 0, 0, { examples: [renamed] }))).toBe("Worst → Best");
  expect(wordsOf(topic("sets", 1, 2, 0, { examples: [renamed] }))).toBe("1 changed, 2 restored");
  expect(wordsOf(topic("scores", 0, 1, 1))).toBe("1 restored, 1 removed");
});

test("settings and things without a name are counted, never told by an empty name", () => {
  const gone = { topic: "settings", now: "", then: null };
  expect(wordsOf(topic("settings", 0, 0, 2, { examples: [gone, gone] }))).toBe("2 removed");
  expect(wordsOf(topic("sets", 0, 0, 1, { examples: [{ topic: "sets", now: "", then: null }] }))).toBe("1 removed");
  expect(wordsOf(topic("sets", 0, 1, 0, { examples: [{ topic: "sets", now: null, then: " · #112233" }] }))).toBe(
    "1 restored",
  );
  const look = { topic: "sets", now: "Best · leaf", then: "Best · leaf" };
  expect(wordsOf(topic("sets", 1, 0, 0, { examples: [look] }))).toBe("look of Best · leaf");
});

const resource = (more: Partial<PreviewedResource>): PreviewedResource => ({
  type: "picture",
  id: 1,
  name: "",
  exists_in_live: true,
  exists_in_snapshot: true,
  changed_fields: [],
  changes: [],
  ...more,
});
const found = [
  resource({ id: 9, exists_in_snapshot: false }),
  resource({
    id: 1,
    changes: [
      { topic: "scores", now: "5", then: "3" },
      { topic: "tags", now: "keeper", then: null },
      { topic: "tags", now: null, then: "meadow" },
      { topic: "producers", now: null, then: null },
    ],
  }),
  resource({ id: 2, changes: [{ topic: "set_members", now: null, then: "Gone" }] }),
  resource({ type: "picture_set", id: 7, name: "Gone", exists_in_live: false }),
  resource({ type: "picture_set", id: 8, name: "Other", changes: [{ topic: "set_members", now: "3", then: "4" }] }),
];
const chosen = [1, 2, 3, 9].map((id) => ({ type: "picture" as const, id }));

test("of what is chosen each picture and topic is a row", () => {
  const rows = chosenRows(found, chosen);
  expect(rows.map(({ key, gone, come }) => [key, gone, come])).toEqual([
    ["picture:1:scores", ["5"], ["3"]],
    ["picture:1:tags", ["keeper"], ["meadow"]],
    ["picture:2:set_members", [], ["Gone"]],
  ]);
  expect(missingOf(found, chosen).map(({ name }) => name)).toEqual(["Gone"]);
  expect(missingOf(found, [{ type: "picture_set", id: 7 }])).toEqual([]);
  expect(lostOf(found).map(({ id }) => id)).toEqual([9]);
});

test("what is not ticked is not asked for", () => {
  const rows = chosenRows(found, chosen);
  const lost = lostOf(found);
  expect(asking(rows, new Set(), chosen, lost, false)).toEqual([
    { type: "picture", id: 1 },
    { type: "picture", id: 2 },
  ]);
  expect(asking(rows, new Set(["picture:1:tags", "picture:2:set_members"]), chosen, lost, false)).toEqual([
    { type: "picture", id: 1, topics: ["scores"] },
  ]);
  // Where not all was shown, what was not is wanted as well, but never what was not there.
  expect(asking(rows, new Set(), chosen, lost, true).map(({ id }) => id)).toEqual([1, 2, 3]);
});

test("a group is ticked as a whole", () => {
  const set = [{ type: "picture_set" as const, id: 8 }];
  const rows = chosenRows(found, set);
  expect(rows.map(({ key, label }) => [key, label])).toEqual([["picture_set:8", "Pictures in sets"]]);
  expect(asking(rows, new Set(["picture_set:8"]), set, [], false)).toEqual([]);
});

test("the history of a picture tells the moments at which something changed", () => {
  const moment = (snapshot_id: number | null, more: Partial<PictureMoment> = {}): PictureMoment => ({
    snapshot_id,
    label: null,
    at: null,
    exists: true,
    changes: [],
    problem: null,
    ...more,
  });
  const change = (topic: string, old: string | null, since: string | null) => ({ topic, old, new: since });
  const told = momentsOf([
    moment(1, { exists: false }),
    moment(2, { changes: [change("set_members", null, "Best"), change("scores", null, "3")] }),
    moment(3),
    moment(4, { problem: "A pack is missing." }),
    moment(5, {
      changes: [change("scores", "3", null), change("tags", "blurry", null), change("producers", null, "x")],
    }),
    moment(null),
  ]);
  expect(told.map(({ snapshot, words }) => [snapshot, words])).toEqual([
    [2, ["came to the library", "score 3", "in Best"]],
    [4, ["A pack is missing."]],
    [5, ["score cleared", "− blurry"]],
    [null, ["as before"]],
  ]);
  expect(momentsOf([moment(1), moment(null, { exists: false })]).map(({ words }) => words)).toEqual([
    ["no longer in the library"],
  ]);
});

test("ways into the past and back", () => {
  expect(pastOf({ id: 4 })).toBe("/?asof=4");
  expect(presentOf({ q: "score:5", sort: "-score" })).toBe("/?q=score:5&sort=-score");
  expect(pointOf(4)).toBe("/?page=snapshots&about=4");
});
