/** What the pages of suggestions say. */
import type { Asks } from "../api/client";
import type { Page } from "../state/address";

export type Order = NonNullable<Asks<"review_tag">["order"]>;

/** What an order is called in the list of orders and beside the number of pictures. */
export const ORDERS: Readonly<Record<Order, { label: string; first: string }>> = {
  doubtful: { label: "Least certain first", first: "least certain first" },
  teaching: { label: "Teaches most first", first: "what teaches most first" },
  likely: { label: "Most likely first", first: "most likely first" },
};

/** What its subjects are called, what waits, what A and R are about, and what an empty page says. */
export interface QueueWords {
  title: string;
  subjects: string;
  noun: string;
  it: string;
  empty: { title: string; reason: string; action: string; page: Page };
}

export const FACES: QueueWords = {
  title: "Suggested faces",
  subjects: "Characters",
  noun: "face",
  it: "the face",
  empty: {
    title: "No faces to review",
    reason: "Name some faces of a character, and faces that may be the same person will appear here.",
    action: "Unassigned faces",
    page: "people",
  },
};

export const TAGS: QueueWords = {
  title: "Suggested tags",
  subjects: "Tags",
  noun: "picture",
  it: "the tag",
  empty: {
    title: "No tags to review",
    reason: "Run a tagger on pictures, and tags that it suggests will appear here until you accept or reject them.",
    action: "Engines",
    page: "engines",
  },
};
