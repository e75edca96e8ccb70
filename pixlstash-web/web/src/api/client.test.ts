import { expect, test } from "vitest";
import { type Answers, call, lookBack, resolve } from "./client";
import { original, thumbnail } from "./images";
import type { Done, PictureTag } from "./schema";

test("arguments go where the table says: path, query, body", () => {
  expect(resolve("rename_tag", { tag: "fox", name: "vulpes" })).toEqual({
    method: "POST",
    path: "/tags/rename",
    body: '{"tag":"fox","name":"vulpes"}',
  });
  expect(resolve("edit_set", { id: 7, name: "Trips", colour: null })).toEqual({
    method: "PATCH",
    path: "/sets/7",
    body: '{"name":"Trips","colour":null}',
  });
  expect(resolve("why", { id: 3, q: "fox snow" })).toEqual({ method: "GET", path: "/pictures/3/why?q=fox+snow" });
  expect(resolve("remove_link", { id: 1, link: 2 })).toEqual({ method: "DELETE", path: "/projects/1/links/2" });
  expect(resolve("undo")).toEqual({ method: "POST", path: "/undo" });
});

test("what is sent beside the bytes of a file, or without a body, is in the query", () => {
  expect(resolve("continue_upload", { id: "a", offset: 0 })).toEqual({ method: "PATCH", path: "/uploads/a?offset=0" });
  expect(resolve("set_tagging", { combine: "vote" })).toEqual({ method: "PUT", path: "/tags/combine?combine=vote" });
});

test("a query leaves out what is null or empty, and repeats the key of a list", () => {
  expect(resolve("view", { q: "", at: null, veil: true }).path).toBe("/views?veil=true");
  expect(resolve("view", { q: "a", at: 0 }).path).toBe("/views?q=a&at=0");
  const asked = { id: 4, keep_added: false, kinds: ["tags", "scores"] as const };
  expect(resolve("preview_restore", asked).path).toBe(
    "/snapshots/4/restore/preview?keep_added=false&kinds=tags&kinds=scores",
  );
});

test("names in a path are encoded", () => {
  expect(resolve("payload", { id: 1, name: "a/b?" }).path).toBe("/pictures/1/payloads/a%2Fb%3F");
});

test("pictures have addresses, in the present and as of a snapshot", () => {
  expect(thumbnail(3, "v1")).toBe("/api/v1/pictures/3/thumbnail?v=v1");
  expect(thumbnail(3, "v1", "k+")).toBe("/api/v1/pictures/3/thumbnail?v=v1&turned=k%2B");
  lookBack(5);
  expect(original(3)).toBe("/api/v1/asof/5/pictures/3/original");
  lookBack(null);
  expect(original(3, true)).toBe("/api/v1/pictures/3/original?download=1");
});

test("names, arguments and answers are checked", () => {
  // Never run: each line but the first is one that the type checker must refuse.
  const calls = async () => {
    const done: Done = await call("rename_tag", { tag: "a", name: "b" });
    // @ts-expect-error no such operation
    await call("rename_tags", { tag: "a", name: "b" });
    // @ts-expect-error an argument is missing
    await call("rename_tag", { tag: "a" });
    // @ts-expect-error an argument is misspelled
    await call("rename_tag", { tag: "a", nam: "b" });
    // @ts-expect-error required arguments cannot be left out
    await call("rename_tag");
    // @ts-expect-error an id is a number
    await call("picture_tags", { id: "1" });
    // @ts-expect-error an answer has no such field
    (await call("picture_tags", { id: 1 }))[0]?.nme;
    const block: ArrayBuffer = await call("block", { view: "v", b: 0 });
    const tags: PictureTag[] = [] satisfies Answers<"picture_tags">;
    return [done, block, tags];
  };
  expect(calls).toBeTypeOf("function");
});
