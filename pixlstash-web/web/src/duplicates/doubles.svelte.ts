/** Groups of pictures that look the same, the one of each that is to be kept, and what is done about them. */
import { ApiError, get, query, send } from "../api/client";
import type { DuplicatePreview, Duplicates, KeepRule } from "../api/duplicates";
import type { Done } from "../api/types";
import { organise } from "../state/actions";
import { veiling } from "../state/veiling.svelte";
import { counted } from "../ui/format";

/** The one to keep first. */
export type Group = readonly number[];

/** What stands for a group whichever of it is kept. */
export function keyOf(group: Group): string {
  return group.toSorted((one, other) => one - other).join(".");
}

interface Ask {
  rule: KeepRule;
  distance: number;
  veil: boolean;
  groups?: Group[];
}

export class Doubles {
  rule = $state<KeepRule>("larger");
  /** Bits in which the hashes of two pictures may differ. */
  distance = $state(4);
  problem = $state<string | null>(null);
  preview = $state.raw<DuplicatePreview | null>(null);
  loading = $state(false);
  /** As of this revision of the library nothing else has happened since. */
  revision = 0;
  #found = $state.raw<readonly Group[] | null>(null);
  /** By key of their group: pictures chosen over the rule's. */
  #kept = $state.raw<ReadonlyMap<string, number>>(new Map());
  /** Keys of groups that are on their way out. */
  #gone = $state.raw<ReadonlySet<string>>(new Set());
  #asking: AbortController | null = null;

  /** Null until they are known. */
  readonly groups: readonly Group[] | null = $derived.by(() => {
    const left = this.#found?.filter((group) => !this.#gone.has(keyOf(group)));
    return left?.map((group) => this.#ordered(group)) ?? null;
  });

  #ordered(group: Group): Group {
    const kept = this.#kept.get(keyOf(group));
    return kept === undefined ? group : [kept, ...group.filter((id) => id !== kept)];
  }

  /** Find them; a later call makes an earlier one give up. */
  async find(): Promise<void> {
    this.#asking?.abort();
    const { signal } = (this.#asking = new AbortController());
    this.loading = true;
    const { rule, distance } = this;
    try {
      const found = await get<Duplicates>(`/duplicates${query({ rule, distance, veil: veiling.parameter })}`, signal);
      this.#found = found.groups;
      this.#gone = new Set();
      this.problem = null;
      await this.#count(signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof ApiError)) return;
      this.problem = error.detail;
    } finally {
      if (this.#asking?.signal === signal) this.loading = false;
    }
  }

  /** Nobody looks any more. */
  stop(): void {
    this.#asking?.abort();
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
    await this.#leave([group], "/duplicates/resolve", { groups: [group] });
  }

  async resolveAll(): Promise<void> {
    if (this.groups) await this.#leave(this.groups, "/duplicates/resolve", this.#ask());
  }

  /** Never show these as duplicates of each other again. */
  async deny(group: Group): Promise<void> {
    await this.#leave([group], "/duplicates/deny", { ids: group });
  }

  async #leave(groups: readonly Group[], path: string, body: unknown): Promise<void> {
    const keys = groups.map(keyOf);
    this.#gone = new Set([...this.#gone, ...keys]);
    const done = await organise<Done>("POST", path, body);
    if (done) this.revision = done.revision;
    else this.#gone = new Set([...this.#gone].filter((key) => !keys.includes(key)));
    await this.#count();
  }

  /** All that is left, as a request says it: by rule where nothing was chosen by hand. */
  #ask(): Ask {
    const asked = { rule: this.rule, distance: this.distance, veil: veiling.down };
    return this.#kept.size || this.#gone.size ? { ...asked, groups: [...(this.groups ?? [])] } : asked;
  }

  async #count(signal?: AbortSignal): Promise<void> {
    if (!this.groups?.length) {
      this.preview = null;
      return;
    }
    const preview = await send<DuplicatePreview>("POST", "/duplicates/preview", this.#ask()).catch(() => null);
    if (!signal?.aborted) this.preview = preview;
  }
}

/** What throwing all but one away is called. */
export function throwing(group: Group): string {
  return `Move ${counted(group.length - 1, "other")} to the scrapheap`;
}
