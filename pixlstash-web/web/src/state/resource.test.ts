import { expect, test } from "vitest";
import { ApiError } from "../api/client";
import { Resource } from "./resource.svelte";

function pending<T>() {
  let resolve!: (answer: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

test("a later question aborts the former, whose answer is ignored", async () => {
  const resource = new Resource<string>();
  const slow = pending<string>();
  let former: AbortSignal | undefined;
  const first = resource.ask((signal) => ((former = signal), slow.promise));
  expect(resource.loading).toBe(true);
  expect(await resource.ask(async () => "second")).toBe("second");
  expect(former?.aborted).toBe(true);
  slow.resolve("first");
  expect(await first).toBeNull();
  expect([resource.answer, resource.loading]).toEqual(["second", false]);
});

test("a failure says why and keeps the last answer; the next answer clears it", async () => {
  const resource = new Resource<number>();
  await resource.ask(async () => 1);
  const failed = await resource.ask(async () => {
    throw new ApiError(400, "Unknown field");
  });
  expect([failed, resource.answer, resource.problem, resource.status]).toEqual([null, 1, "Unknown field", 400]);
  await resource.ask(async () => 2);
  expect([resource.answer, resource.problem, resource.status, resource.loading]).toEqual([2, null, null, false]);
});

test("what is aborted is neither an answer nor a problem", async () => {
  const resource = new Resource<number>();
  const slow = pending<number>();
  const asking = resource.ask(() => slow.promise.then(() => Promise.reject(new ApiError(500, "too late"))));
  resource.abort();
  slow.resolve(1);
  expect(await asking).toBeNull();
  expect([resource.answer, resource.problem, resource.loading]).toEqual([null, null, false]);
});

test("clear forgets the answer and the problem", async () => {
  const resource = new Resource<number>();
  await resource.ask(async () => 1);
  resource.clear();
  expect([resource.answer, resource.problem]).toEqual([null, null]);
});
