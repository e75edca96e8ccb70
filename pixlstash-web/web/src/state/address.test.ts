import { expect, test } from "vitest";
import { type Place, parse, write } from "./address";

const nowhere: Place = { q: "", sort: "", at: null, open: null, size: null, mode: null };

test.each<Place>([
  nowhere,
  { ...nowhere, q: 'model:flux1-dev lora:"winter film" score:>=4 -model:x 100% a+b & c=d ü #1' },
  { q: "is:scrapheap", sort: "-score", at: 83121, open: 83122, size: 240, mode: "square" },
  { ...nowhere, page: "snapshots", about: "12" },
  { ...nowhere, q: "score:5", asof: 12 },
  { ...nowhere, page: "engines", about: "odd/colours" },
])("a place survives the address: %j", (place) => {
  expect(parse(write(place).slice(1))).toEqual(place);
});

test("what is as usual is not written, and queries stay readable", () => {
  expect(write(nowhere)).toBe("/");
  expect(write({ ...nowhere, q: "score:5 fox", at: 7 })).toBe("/?q=score:5+fox&at=7");
});

test("nonsense in a link is left out", () => {
  expect(parse("?at=abc&open=-3&size=1e9&mode=spiral&at2=4")).toEqual(nowhere);
  expect(parse("?at=99999999999")).toEqual(nowhere);
  expect(parse("?page=nonsense&snapshot=3&asof=x")).toEqual(nowhere);
});
