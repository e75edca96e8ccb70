/**
 * Everything that can be done or gone to from here, by its name. Nothing is listed here: actions are those of the menus
 * and of the registry of keys, pages and groups are the rows of the sidebar.
 */
import type { Option } from "../dialogs/picker.svelte";
import { pictureMenu } from "../grid/pictureMenu";
import { goTo, rowsNow } from "../sidebar/going";
import type { Row } from "../sidebar/rows";
import type { Selected } from "../state/actions";
import { type Binding, keys } from "../state/keys";
import { library } from "../state/library.svelte";
import { Recent } from "../state/recent";
import { type Acts, moreMenu } from "../toolbar/moreMenu";
import { lookItems, sortItems } from "../toolbar/sorts";
import { count } from "../ui/format";
import { fold } from "../ui/fold";
import { match } from "../ui/fuzzy";
import { keyName } from "../ui/keyName";
import { isSubmenu, type Item } from "../ui/menu.svelte";
import { importMenu } from "../uploads/importMenu";
import { PALETTE } from "./words";

export interface Command extends Option {
  /** What it is, or the menu it is in. */
  hint: string;
  run: () => unknown;
}

/** What the palette is opened over. */
export interface Around extends Acts {
  onimport: (what: "files" | "folder") => void;
  /** The pictures that keys would be about. */
  selected: Selected | null;
}

const SHOWN = 100;
/** Behind the name of what asks for more before it does anything. */
const ASKS = /…$/;
/** What was used lately comes before what matches as well; the last one by so much. */
const LATELY = 4;
const recent = new Recent("pixlstash.commands", 12);

/** All commands, each once. */
export function commands(around: Around): Command[] {
  const items: Command[] = [
    ...(around.selected ? fromMenu(pictureMenu(around.selected, null)) : []),
    ...fromMenu(library.readonly ? [] : importMenu(around.onimport)),
    ...fromMenu([{ label: "Order", icon: "sort", items: sortItems }]),
    ...fromMenu(lookItems()),
    ...fromMenu(moreMenu(around)),
  ];
  const taken = new Set(items.map(({ keys }) => keys));
  const actions = [...items, ...fromKeys().filter(({ keys }) => !taken.has(keys))];
  const [pages, groups] = [fromSidebar(true), fromSidebar(false)];
  // "Snapshots" of a menu is the page of that name.
  const elsewhere = new Set(pages.map(({ label }) => label));
  return [...unique(actions.filter(({ label }) => !elsewhere.has(label))), ...pages, ...groups];
}

function unique(actions: readonly Command[]): Command[] {
  return actions.filter(({ key }, n) => actions.findIndex((other) => other.key === key) === n);
}

/** Those that match, the best first; without a text those used last, then all. */
export function find(all: readonly Command[], text: string): Command[] {
  const typed = fold(text).replace(/\s+/g, "");
  const last = recent.entries;
  const scored = all.flatMap((command) => {
    const score = scoreOf(command, typed);
    const at = last.indexOf(command.key);
    return score === null ? [] : [{ command, score: score + (at < 0 ? 0 : LATELY * (1 - at / last.length)) }];
  });
  return scored
    .sort((a, b) => b.score - a.score)
    .slice(0, SHOWN)
    .map(({ command }) => command);
}

/** By its name; less well by the menu it is in as well. */
function scoreOf({ label, hint }: Command, typed: string): number | null {
  const name = label.replace(ASKS, "");
  const score = match(fold(name), typed);
  if (score !== null) return score;
  const both = match(fold(`${hint} ${name}`), typed);
  return both === null ? null : both - LATELY;
}

export function run(command: Command): void {
  recent.add(command.key);
  command.run();
}

function fromMenu(items: readonly Item[], above = ""): Command[] {
  return items.flatMap((item): Command[] => {
    if (item === "line" || "heading" in item || "score" in item) return []; // scores have keys of their own
    const { label } = item;
    if (isSubmenu(item)) {
      item.begin?.();
      return fromMenu(item.items(), label);
    }
    if (item.off || item.checked) return [];
    const hint = above || PALETTE.action;
    return [{ key: `act:${above}:${label}`, label, hint, icon: item.icon, keys: item.keys, run: item.run }];
  });
}

/** Of several keys that share a label, only those that say what each does alone. */
function fromKeys(): Command[] {
  const bindings = keys.list().filter(({ where }) => where === "both" || where === keys.where);
  const single = (binding: Binding) => bindings.filter(({ label }) => label === binding.label).length === 1;
  return bindings
    .filter((binding) => (binding.does ?? single(binding)) && binding.key !== "Escape" && !binding.anywhere)
    .map((binding) => {
      const label = binding.does ?? binding.label;
      return { key: `act::${label}`, label, hint: PALETTE.action, keys: keyName(binding), run: () => press(binding) };
    });
}

function press(binding: Binding): void {
  const { key, ctrl: ctrlKey, shift: shiftKey, alt: altKey } = binding;
  binding.run(new KeyboardEvent("keydown", { key, ctrlKey, shiftKey, altKey }));
}

function fromSidebar(pages: boolean): Command[] {
  return rowsNow("", new Set()).flatMap((row): Command[] => {
    if (row.type === "head" || (row.type === "page" || row.type === "place") !== pages) return [];
    return [{ key: row.key, label: nameOf(row), run: () => goTo(row), ...looksOf(row) }];
  });
}

function nameOf(row: Row): string {
  return row.type === "entry" ? row.entry.name : row.label;
}

function looksOf(row: Exclude<Row, { type: "head" }>): Pick<Command, "hint" | "icon" | "entry"> {
  const { places, page } = PALETTE;
  if (row.type === "entry") return { hint: counted(places[row.entry.kind], row.entry.pictures), entry: row.entry };
  if (row.type === "branch") return { hint: places.set, icon: "set" };
  if (row.type === "folder") return { hint: counted(places.folder, row.store.pictures), icon: "folder" };
  if (row.type === "page") return { hint: page, icon: row.icon };
  return { hint: page, icon: row.q ? "scrapheap" : "pictures" };
}

function counted(kind: string, pictures: number | null): string {
  return pictures === null ? kind : `${kind} · ${count(pictures)}`;
}
