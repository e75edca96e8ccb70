/** What a restore or a comparison is about, as people call it, in the order in which they care. */
import type { Difference, TopicDiff } from "../api/schema";
import { visible } from "../ui/format";

interface Topic {
  label: string;
  /** Its things have names worth saying. */
  named?: boolean;
  /** Shown also where nothing changes. */
  always?: boolean;
}

const TOPICS: Readonly<Record<string, Topic>> = {
  pictures: { label: "Pictures" },
  scores: { label: "Scores", always: true },
  tags: { label: "Tags you said", always: true },
  captions: { label: "Descriptions", always: true },
  people: { label: "People you named", always: true },
  faces: { label: "Faces" },
  corrections: { label: "Dates and turns" },
  scrapheap: { label: "In the scrapheap" },
  stacks: { label: "Stacks" },
  sets: { label: "Sets", named: true, always: true },
  set_members: { label: "Pictures in sets" },
  characters: { label: "Characters", named: true, always: true },
  projects: { label: "Projects", named: true, always: true },
  project_members: { label: "In projects" },
  project_links: { label: "Links of projects", named: true },
  queries: { label: "Saved queries", named: true },
  vocabulary: { label: "Tag names", named: true },
  implications: { label: "Implied tags" },
  duplicates: { label: "Not duplicates" },
  settings: { label: "Library settings", always: true }, // their values alone name nothing
  engines: { label: "Engines that count", named: true },
  engine_tags: { label: "Engines' tags" },
  engine_captions: { label: "Engines' descriptions" },
  engine_text: { label: "Text in pictures" },
  measures: { label: "Measures" },
  vectors: { label: "Likeness" },
  stores: { label: "Folders" },
  locations: { label: "Locations" },
  facts: { label: "What files say" },
};
const ORDER = Object.keys(TOPICS);

/** What a topic is called; one of a plugin by its own name. */
export function labelOf(topic: string): string {
  return TOPICS[topic]?.label ?? topic.charAt(0).toUpperCase() + topic.slice(1).replaceAll("_", " ");
}

export function isNamed(topic: string): boolean {
  return TOPICS[topic]?.named === true;
}

export function isAlways(topic: string): boolean {
  return TOPICS[topic]?.always === true;
}

/** Those people know first; others as they came. */
export function ordered<T extends { topic: string }>(topics: readonly T[]): T[] {
  const place = ({ topic }: T) => (ORDER.includes(topic) ? ORDER.indexOf(topic) : ORDER.length);
  return topics.toSorted((one, other) => place(one) - place(other));
}

export interface DiffRow {
  topic: string;
  label: string;
  added: number;
  removed: number;
  changed: number;
  examples: readonly Difference[];
}

export function diffRows(topics: readonly TopicDiff[]): DiffRow[] {
  return ordered(topics).map((one) => ({ ...one, label: labelOf(one.topic) }));
}

/** What is known of the thing, besides what was said of it. */
export function nameOf({ name, old, new: since }: Difference): string {
  return name && name !== old && name !== since ? visible(name) : "";
}
