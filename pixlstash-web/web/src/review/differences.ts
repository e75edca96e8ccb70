/** What pictures side by side do not have in common. What is equal stays away. */
import type { PictureDetail } from "../api/schema";
import { bytes, pixels } from "../ui/format";

export interface Difference {
  label: string;
  /** One for each picture, empty where it says nothing. */
  values: string[];
}

/** Facts that are of the file or the moment, and not of the making. */
const APART = new Set(["seed", "c2pa"]);

export function differences(cards: readonly (PictureDetail | null)[], most: number): Difference[] {
  if (cards.length < 2 || cards.some((card) => card === null)) return [];
  const known = cards as readonly PictureDetail[];
  const rows = new Map<string, Difference>();
  const say = (name: string, label: string, n: number, value: string) => {
    const row = rows.get(name) ?? { label, values: known.map(() => "") };
    row.values[n] = row.values[n] ? `${row.values[n]}, ${value}` : value;
    rows.set(name, row);
  };
  known.forEach((card, n) => {
    for (const fact of card.facts) if (!APART.has(fact.name)) say(fact.name, fact.label, n, fact.value);
  });
  known.forEach(({ width, height, format, size }, n) => {
    if (width && height) say("pixels", "Size", n, pixels(width, height));
    say("file", "File", n, `${format.toUpperCase()}, ${bytes(size)}`);
  });
  return [...rows.values()].filter(({ values }) => new Set(values).size > 1).slice(0, most);
}
