/** What a reader says of tags: of one picture in its panel, or of many. */
import { call } from "../api/client";
import type { Completion } from "../api/schema";
import { gather, organize, type Selected } from "../state/actions";
import { hiding } from "../state/hiding.svelte";
import { count, counted } from "../ui/format";
import { sizeOf } from "./arrange";
import { type Option, picker } from "./picker.svelte";

export type Verb = "add" | "remove" | "accept" | "reject";

/** Tags used last, the last one first. */
const recent: string[] = [];
const REMEMBERED = 20;

function remember(names: readonly string[]): void {
  for (const name of names) {
    const before = recent.indexOf(name);
    if (before >= 0) recent.splice(before, 1);
    recent.unshift(name);
  }
  recent.length = Math.min(recent.length, REMEMBERED);
}

export function used(): readonly string[] {
  return recent;
}

/** Tags that begin like `text`. @throws ApiError */
export function complete(text: string, signal: AbortSignal): Promise<Completion[]> {
  return call("complete_tags", { text, veil: hiding.parameter }, signal);
}

/** Say something about tags of one picture. Answers whether it was done. */
export async function say(verb: Verb, picture: number, tags: readonly string[]): Promise<boolean> {
  if (verb === "add") remember(tags);
  return (await organize(`${verb}_tags`, { ids: [picture], tags })) !== null;
}

/** Ask which tags many pictures shall have, have no longer, or not have whatever engines find. */
export function tagPictures(selected: Selected): void {
  const size = sizeOf(selected);
  picker.open({
    title: `Tag ${counted(size, "picture")}`,
    placeholder: "fox, snow at dusk",
    verbs: { plain: "adds", ctrl: "rejects", shift: "removes" },
    several: true,
    async find(text, signal) {
      if (!text) return recent.map((name): Option => ({ key: name, label: name, hint: "used last" }));
      const found = await complete(text, signal);
      const options = found.map((one): Option => ({
        key: one.name,
        label: one.name,
        hint: one.via ? `${one.via} · ${count(one.pictures)}` : count(one.pictures),
      }));
      if (options.some(({ label }) => label.toLowerCase() === text.toLowerCase())) return options;
      return [...options, { key: `new:${text}`, label: text, hint: "new tag", fresh: true }];
    },
    pick(options, how) {
      const tags = options.map(({ label }) => label);
      const verb = ({ plain: "add", ctrl: "reject", shift: "remove" } as const)[how];
      if (verb === "add") remember(tags);
      const failed = `${counted(size, "picture")} could not be tagged`;
      return gather(selected, `${verb}_tags`, { failed, args: { tags } });
    },
  });
}
