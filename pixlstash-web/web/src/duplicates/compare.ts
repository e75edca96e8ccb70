/** What the pictures of a group differ in, for each of them. What is equal for all is left out. */
import type { PictureDetail } from "../api/schema";
import { bytes, counted, pixels } from "../ui/format";

export interface Difference {
  label: string;
  value: string;
  /** No other picture of the group is better in this. */
  best: boolean;
}

/** Words of a prompt that are shown of one picture. */
const MOST = 6;

/** @param sets names of the sets of each picture */
export function compare(
  cards: readonly PictureDetail[],
  sets: (id: number) => readonly string[],
): ReadonlyMap<number, readonly Difference[]> {
  const rows = new Map<number, Difference[]>(cards.map(({ id }) => [id, []]));
  const add = (label: string, value: (card: PictureDetail) => string, rank?: (card: PictureDetail) => number) => {
    const values = cards.map(value);
    if (new Set(values).size < 2) return;
    const ranks = rank ? cards.map(rank) : [];
    const best = Math.max(...ranks);
    cards.forEach(({ id }, at) => {
      rows.get(id)?.push({ label, value: values[at] || "–", best: rank !== undefined && ranks[at] === best });
    });
  };
  add(
    "Pixels",
    ({ width, height }) => (width && height ? pixels(width, height) : ""),
    ({ width, height }) => width * height,
  );
  add("Format", ({ format }) => format.toUpperCase());
  add(
    "Size",
    ({ size }) => bytes(size),
    ({ size }) => size,
  );
  add(
    "Score",
    ({ score }) => (score ? counted(score, "star") : ""),
    ({ score }) => score,
  );
  add(
    "Sets",
    ({ id }) => sets(id).join(", "),
    ({ id }) => sets(id).length,
  );
  const only = ownWords(cards.map(({ prompt }) => prompt ?? ""));
  add("Prompt", (card) => only[cards.indexOf(card)] ?? "");
  return rows;
}

/** The words of each prompt that another one lacks. */
export function ownWords(prompts: readonly string[]): string[] {
  const words = prompts.map((prompt) => [...new Set(prompt.split(/[\s,]+/u).filter(Boolean))]);
  const shared = (word: string) => words.every((others) => others.includes(word));
  return words.map((some) => {
    const own = some.filter((word) => !shared(word));
    return own.slice(0, MOST).join(" ") + (own.length > MOST ? " …" : "");
  });
}
