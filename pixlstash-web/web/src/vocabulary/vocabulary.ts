/** What can be done with tags of the vocabulary. */
import type { TagInfo } from "../api/schema";
import { complete } from "../dialogs/tags";
import { type Option, picker } from "../dialogs/picker.svelte";
import { quoted } from "../sidebar/place";
import { about } from "../sidebar/rowPictures";
import { gather, organize } from "../state/actions";
import { library } from "../state/library.svelte";
import { route } from "../state/route.svelte";
import { count, counted } from "../ui/format";
import type { Item } from "../ui/menu.svelte";

type Tag = Pick<TagInfo, "name" | "pictures" | "never">;

export interface Acts {
  rename: () => void;
  /** Something was changed; `name` is what the tag is called now. */
  done: (name: string) => void;
}

export const findTag = (name: string) => route.go({ q: `tag:${quoted(name)}`, sort: "" });

/** Ask for a tag other than `name`. */
function choose(title: string, verb: string, name: string, pick: (tag: string) => Promise<unknown>): void {
  picker.open({
    title,
    placeholder: "Name of a tag",
    verbs: { plain: verb },
    async find(text, signal) {
      if (!text) return [];
      const others = (await complete(text, signal)).filter((tag) => tag.name !== name);
      return others.map((tag): Option => ({ key: tag.name, label: tag.name, hint: count(tag.pictures) }));
    },
    async pick([option]) {
      if (option) await pick(option.label);
    },
  });
}

export function mergeInto({ name }: Tag, done: Acts["done"]): void {
  choose(`Merge ${name} into…`, "merges", name, async (into) => {
    if (await organize("merge_tags", { tags: [name], into }, true)) done(into);
  });
}

export async function setNever({ name, never }: Tag, done: Acts["done"]): Promise<void> {
  if (await organize("never_tags", { tags: [name], yes: !never }, true)) done(name);
}

/** Off every picture. Engines' suggestions of it become rejections, as with one picture. */
export function removeEverywhere({ name, pictures }: Tag, done: Acts["done"]): void {
  const everywhere = about({ part: `tag:${quoted(name)}` as never, name, pictures });
  everywhere(async (selected) => {
    const failed = `${name} could not be removed`;
    if (await gather(selected, "remove_tags", { failed, args: { tags: [name] } })) done(name);
  })();
}

export function tagMenu(tag: Tag, { rename, done }: Acts): Item[] {
  const items: Item[] = [{ label: "Find its pictures", icon: "search", keys: "Enter", run: () => findTag(tag.name) }];
  if (library.readonly) return items;
  const pictures = counted(tag.pictures, "picture");
  return [
    ...items,
    "line",
    { label: "Rename", icon: "pencil", keys: "F2", run: rename },
    { label: "Merge into…", icon: "link", keys: "M", run: () => mergeInto(tag, done) },
    {
      label: tag.never ? "Accept it from engines again" : "Never accept it from engines",
      icon: "ban",
      keys: "N",
      run: () => void setNever(tag, done),
    },
    "line",
    { label: `Remove from ${pictures}`, icon: "scrapheap", keys: "Del", run: () => removeEverywhere(tag, done) },
  ];
}
