/** Groups of pictures that look the same, the one of each that is to be kept, and what is done about them. */
import { call } from "../api/client";
import type { Done, DuplicatePreview, KeepRule, ResolveDuplicates } from "../api/schema";
import { Resource } from "../state/resource.svelte";
import { organize } from "../state/actions";
import { hiding } from "../state/hiding.svelte";
import { counted } from "../ui/format";

/** The one to keep first. */
export type Group = readonly number[];

/** What stands for a group whichever of it is kept. */
export function keyOf(group: Group): string {
  return group.toSorted((one, other) => one - other).join(".");
}

/**
 * Bits in which hashes may differ, as measured by `bench/duplicates.py`: at least 99 % of the pairs of "near" and 90 %
 * of those of "loose" are the same picture.
 */
export const LEVELS: readonly { distance: number; label: string; title: string }[] = [
  { distance: 0, label: "identical", title: "Look exactly the same at a small size" },
  { distance: 5, label: "near", title: "The same picture in another size or format: at least 99 % are right" },
  { distance: 8, label: "loose", title: "Also crops and edits: at least 90 % are right" },
];
export const NEAR = 5;
/** The server searches no further. */
export const FARTHEST = 11;

export class Duplicates extends Resource<readonly Group[]> {
  rule = $state<KeepRule>("larger");
  /** Bits in which the hashes of two pictures may differ. */
  distance = $state(NEAR);
  /** Ids of the sets of the pictures that are in one. */
  sets = $state.raw<Readonly<Record<string, readonly number[]>>>({});
  readonly #counting = new Resource<DuplicatePreview>();
  /** As of this revision of the library nothing else has happened since. */
  revision = 0;
  /** By key of their group: pictures chosen over the rule's. */
  #kept = $state.raw<ReadonlyMap<string, number>>(new Map());
  /** Keys of groups that are on their way out. */
  #gone = $state.raw<ReadonlySet<string>>(new Set());

  /** Null until they are known. */
  readonly groups: readonly Group[] | null = $derived.by(() => {
    const left = this.answer?.filter((group) => !this.#gone.has(keyOf(group)));
    return left?.map((group) => this.#ordered(group)) ?? null;
  });

  get preview(): DuplicatePreview | null {
    return this.#counting.problem ? null : this.#counting.answer;
  }

  #ordered(group: Group): Group {
    const kept = this.#kept.get(keyOf(group));
    return kept === undefined ? group : [kept, ...group.filter((id) => id !== kept)];
  }

  /** Find them; a later call makes an earlier one give up. */
  async find(): Promise<void> {
    const asked = { rule: this.rule, distance: this.distance, veil: hiding.parameter };
    const found = await this.ask(async (signal) => {
      const { groups, sets } = await call("duplicates", asked, signal);
      this.sets = sets;
      return groups;
    });
    if (!found) return;
    this.#gone = new Set();
    await this.#count();
  }

  /** Other pictures are kept by rule: what was chosen by hand is forgotten. */
  async by(rule: KeepRule): Promise<void> {
    this.rule = rule;
    this.#kept = new Map();
    await this.find();
  }

  async like(distance: number): Promise<void> {
    this.distance = distance;
    await this.find();
  }

  keep(group: Group, id: number): void {
    this.#kept = new Map(this.#kept).set(keyOf(group), id);
    void this.#count();
  }

  /** Throw away all but the first of a group, which inherits what was said of them. */
  async resolve(group: Group): Promise<void> {
    await this.#leave([group], () => organize("resolve_duplicates", { groups: [group] }));
  }

  async resolveAll(): Promise<void> {
    const asked = this.#request();
    if (this.groups) await this.#leave(this.groups, () => organize("resolve_duplicates", asked));
  }

  /** Never show these as duplicates of each other again. */
  async deny(group: Group): Promise<void> {
    await this.#leave([group], () => organize("not_duplicates", { ids: group }));
  }

  async #leave(groups: readonly Group[], act: () => Promise<Done | null>): Promise<void> {
    const keys = groups.map(keyOf);
    this.#gone = new Set([...this.#gone, ...keys]);
    const done = await act();
    if (done) this.revision = done.revision;
    else this.#gone = new Set([...this.#gone].filter((key) => !keys.includes(key)));
    await this.#count();
  }

  /** All that is left, as a request says it: by rule where nothing was chosen by hand. */
  #request(): ResolveDuplicates {
    const asked = { rule: this.rule, distance: this.distance, veil: hiding.down };
    return this.#kept.size || this.#gone.size ? { ...asked, groups: [...(this.groups ?? [])] } : asked;
  }

  async #count(): Promise<void> {
    if (this.groups?.length) await this.#counting.ask((signal) => call("preview_duplicates", this.#request(), signal));
    else this.#counting.clear();
  }
}

/** What throwing all but one away is called. */
export function throwing(group: Group): string {
  return `Move ${counted(group.length - 1, "other")} to the scrapheap`;
}
