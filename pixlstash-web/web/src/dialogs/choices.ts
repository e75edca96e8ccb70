/** What the keys T, S, C and P ask: which tag, set, character or project. */
import type { Selected } from "../state/actions";
import * as groups from "../state/groups";
import { library } from "../state/library.svelte";
import type { Kind } from "../sidebar/place";
import { type Entry, entriesOf, lockedSet } from "../sidebar/rows";
import { fold } from "../ui/fold";
import { count, counted } from "../ui/format";
import { sizeOf } from "./arrange";
import { type Choice, type Option, picker } from "./picker.svelte";

const NOUNS: Readonly<Record<Kind, string>> = {
  character: "character",
  set: "set",
  project: "project",
  query: "saved query",
};

/** Chosen last, the last one first: most pictures go where the one before them went. */
const recent: string[] = [];

function remember(option: Option): void {
  const before = recent.indexOf(option.key);
  if (before >= 0) recent.splice(before, 1);
  recent.unshift(option.key);
}

/** Which set, character or project to add pictures to, or to take them out of. */
export function addPictures(selected: Selected, kind: Exclude<Kind, "query">): void {
  const pictures = counted(sizeOf(selected), "picture");
  const titles = {
    set: `Add ${pictures} to a set`,
    character: `Who is in ${pictures}?`,
    project: `Move ${pictures} to a project`,
  };
  const verbs = {
    set: { plain: "adds", shift: "takes out" },
    character: { plain: "adds", shift: "takes away" },
    project: { plain: "moves", ctrl: "adds", shift: "takes out" },
  };
  picker.open({
    ...named(kind),
    title: titles[kind],
    verbs: verbs[kind],
    async pick([option], how) {
      const entry = option && (await entryOf(option, kind));
      if (!entry) return;
      if (how === "shift") await groups.take(selected, entry);
      else if (kind === "project" && how === "plain") await groups.dropOn(entry, { selected, add: false });
      else await groups.add(selected, entry);
    },
  });
}

/** Characters by name, and a new one; all but one of them. */
export function people(without: number | null): Pick<Choice, "placeholder" | "find"> {
  const { placeholder, find } = named("character");
  return {
    placeholder,
    find: async (text, signal) => (await find(text, signal)).filter(({ entry }) => !entry || entry.id !== without),
  };
}

/** Which project to move sets and characters to. */
export function addEntries(entries: readonly Entry[]): void {
  const [first] = entries;
  if (!first) return;
  picker.open({
    ...named("project"),
    title: `Move ${entries.length > 1 ? counted(entries.length, "entry", "entries") : first.name} to a project`,
    verbs: { plain: "moves", ctrl: "adds" },
    async pick([option], how) {
      const project = option && (await entryOf(option, "project"));
      if (project) await groups.dropOn(project, { entries, add: how === "ctrl" });
    },
  });
}

/** Those of a kind by name, and a new one. */
function named(kind: Kind): Pick<Choice, "placeholder" | "find"> {
  return {
    placeholder: `Name of a ${NOUNS[kind]}`,
    find: (text) => {
      const all = library.sidebar ? [...entriesOf(library.sidebar).values()].filter((one) => one.kind === kind) : [];
      const found = ranked(all, text);
      const options = found.map((entry): Option => ({ key: entry.part, label: entry.name, hint: hint(entry), entry }));
      const taken = all.some(({ name }) => fold(name) === fold(text));
      if (text && !taken) options.push({ key: `new:${text}`, label: text, hint: `new ${NOUNS[kind]}`, fresh: true });
      return options;
    },
  };
}

function hint(entry: Entry): string {
  if (lockedSet(entry)) return "locked";
  return entry.group ? count(entry.group.pictures) : "";
}

/** Names that begin like `text`, then those with it in them; without a text, those used last. */
function ranked(all: readonly Entry[], text: string): Entry[] {
  const like = fold(text);
  const rank = (entry: Entry): number => {
    const name = fold(entry.name);
    if (!like) return recent.includes(entry.part) ? recent.indexOf(entry.part) : recent.length;
    if (name.startsWith(like)) return 0;
    return name.split(/[\s/]+/).some((word) => word.startsWith(like)) ? 1 : name.includes(like) ? 2 : -1;
  };
  return all
    .map((entry) => ({ entry, rank: rank(entry) }))
    .filter((one) => one.rank >= 0)
    .sort((a, b) => a.rank - b.rank)
    .map((one) => one.entry);
}

async function entryOf(option: Option, kind: Kind): Promise<Pick<Entry, "kind" | "id" | "name" | "part"> | null> {
  if (option.entry) {
    remember(option);
    return option.entry;
  }
  const id = await groups.create(kind, option.label);
  if (id === null) return null;
  remember({ ...option, key: `${kind}:${id}` });
  return { kind, id, name: option.label, part: `${kind}:${id}` };
}
