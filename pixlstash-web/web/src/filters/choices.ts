/** What the filters offer, apart from what is counted: flags, days, and names to find. */
import { quoted } from "../sidebar/place";
import { type Entry, entriesOf, nameOf } from "../sidebar/rows";
import { fold } from "../ui/fold";
import { library } from "../state/library.svelte";
import { complete } from "../dialogs/tags";
import { answer, answered, asked, conditionsOf, written } from "./conditions";

/** Something that could be asked for, by its name. */
export interface Option {
  condition: string;
  label: string;
  hint: string;
  count: number | null;
}

/** One that is asked for: `condition` as it is written, `yes` whether it must be there. */
export interface Item {
  condition: string;
  label: string;
  yes: boolean;
}

/** `own`: only the owner can ask; `only`: its opposite is what is shown anyway. */
export interface Flag {
  condition: string;
  label: string;
  own?: boolean;
  only?: boolean;
}

/** Belongs somewhere: its opposite has a name of its own. */
export const SOMEWHERE = "in:any";
const NOWHERE = "in:none";

export const FLAGS: readonly Flag[] = [
  { condition: SOMEWHERE, label: "Belongs somewhere", own: true },
  { condition: "is:tagged", label: "Tagged" },
  { condition: "is:captioned", label: "With a description" },
  { condition: "is:moving", label: "Moving" },
  { condition: "is:stacked", label: "In a stack" },
  { condition: "is:locked", label: "In a locked set", own: true },
  { condition: "is:missing", label: "File missing" },
  { condition: "is:conflict", label: "Conflict with a sidecar", own: true },
  { condition: "is:undrawn", label: "Without a thumbnail" },
  { condition: "is:scrapheap", label: "In the scrapheap", only: true },
];

export const KINDS = [
  { condition: "kind:=image", label: "Images" },
  { condition: "kind:=video", label: "Videos" },
] as const;

export const LATELY = [
  { value: "today", label: "Today" },
  { value: "7d", label: "7 days" },
  { value: "30d", label: "30 days" },
] as const;

export function flagOf(q: string, { condition }: Flag): boolean | null {
  const nowhere = condition === SOMEWHERE ? answer(q, NOWHERE) : null;
  return nowhere === null ? answer(q, condition) : !nowhere;
}

export function flagged(q: string, { condition }: Flag, to: boolean | null): string {
  if (condition !== SOMEWHERE) return answered(q, condition, to);
  const rest = answered(answered(q, SOMEWHERE, null), NOWHERE, null);
  return to === null ? rest : answered(rest, to ? SOMEWHERE : NOWHERE, true);
}

/** The conditions of a query on any of these names, each a thing that must be there or must not. */
function itemsOf(q: string, names: readonly string[], label: (name: string, value: string) => string): Item[] {
  return conditionsOf(q).flatMap((condition) => {
    const one = asked(condition);
    if (!one || !names.includes(one.name) || /^[<>]|[<>]\d/.test(one.value)) return [];
    return [{ condition, label: label(one.name, one.value.replace(/^=/, "")), yes: !one.no }];
  });
}

export function tagsOf(q: string): Item[] {
  return itemsOf(q, ["tag"], (_, value) => value);
}

const GROUPS = ["set", "character", "project", "query"] as const;

export function groupsOf(q: string): Item[] {
  return itemsOf(q, GROUPS, (name, value) => nameOf(library.sidebar, `${name as Entry["kind"]}:${quoted(value)}`));
}

export async function findTags(text: string, signal: AbortSignal): Promise<Option[]> {
  const found = await complete(text, signal);
  return found.map(({ name, via, pictures }) => ({
    condition: written({ no: false, name: "tag", value: `=${name}` }),
    label: name,
    hint: via ?? "",
    count: pictures,
  }));
}

export function findGroups(text: string): Option[] {
  const all = library.sidebar ? [...entriesOf(library.sidebar).values()] : [];
  return all
    .filter(({ name }) => fold(name).includes(fold(text)))
    .map(({ part, name, kind, group }) => ({
      condition: part,
      label: name,
      hint: kind === "query" ? "saved query" : kind,
      count: group?.pictures ?? null,
    }));
}
