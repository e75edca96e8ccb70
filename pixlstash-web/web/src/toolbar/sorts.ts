/** The orders and looks a view can have, in words, and as menus. */
import { setShown } from "../dialogs/ordering.svelte";
import { split } from "../pages/terms";
import { isLike } from "../similarity/likes";
import { prefs } from "../state/prefs.svelte";
import { route } from "../state/route.svelte";
import { table } from "../state/table.svelte";
import type { Item } from "../ui/menu.svelte";

export const SORTS: readonly { name: string; label: string }[] = [
  { name: "-created", label: "Newest" },
  { name: "created", label: "Oldest" },
  { name: "-imported", label: "Last added" },
  { name: "imported", label: "First added" },
  { name: "-score", label: "Best score" },
  { name: "score", label: "Lowest score" },
  { name: "-smart", label: "Best smart score" },
  { name: "name", label: "Name, A to Z" },
  { name: "-name", label: "Name, Z to A" },
  { name: "-size", label: "Largest file" },
  { name: "size", label: "Smallest file" },
  { name: "-pixels", label: "Most pixels" },
  { name: "pixels", label: "Fewest pixels" },
  { name: "rarity", label: "Rarest tag" },
  { name: "relevance", label: "Best match" },
  { name: "outlier", label: "Outliers" },
  { name: "random", label: "Random" },
];

/** The order that people gave a set's pictures; only a set has one. */
export const BY_HAND = { name: "hand", label: "Custom order" };

/** Of what is like something; nothing else has it. */
export const BY_LIKENESS = { name: "likeness", label: "Most similar" };

export const USUAL_SORT = "-created";

/** The order of what is shown. */
export function sortNow(): string {
  return table.view?.frozen.header.sort ?? (route.sort || USUAL_SORT);
}

export function sortLabel(sort: string): string {
  return [BY_LIKENESS, BY_HAND, ...SORTS].find(({ name }) => name === sort)?.label ?? sort;
}

export function sortItems(): Item[] {
  const now = sortNow();
  const likened = split(route.q).some(isLike);
  const orders = [...(likened ? [BY_LIKENESS] : []), ...(setShown() ? [BY_HAND] : []), ...SORTS];
  return orders.map(({ name, label }) => ({
    label,
    checked: name === now,
    run: () => {
      // An order named in the query would win over this one.
      const q = route.q.replace(/(^|\s)sort:\S+/g, "").trim();
      route.go({ q, sort: name === (likened ? BY_LIKENESS.name : USUAL_SORT) ? "" : name });
    },
  }));
}

export function lookItems(): Item[] {
  return [
    { label: "Justified rows", checked: prefs.mode === "justified", run: () => look("justified") },
    { label: "Squares", checked: prefs.mode === "square", run: () => look("square") },
  ];
}

export function look(mode: "justified" | "square"): void {
  prefs.set({ mode });
  route.touch();
}
