/** Hide and blur: two queries say what is left out and what is blurred; one key shows everything and hides it again. */
import { call } from "../api/client";
import type { HideAndBlur as Queries } from "../api/schema";
import { organize } from "../state/actions";
import { library } from "../state/library.svelte";
import { table } from "../state/table.svelte";
import { dialogs } from "../dialogs/dialogs.svelte";
import { hiding } from "../state/hiding.svelte";
import { toasts } from "../ui/toasts.svelte";

/** The table, and what the sidebar counts and shows, with hiding and blurring as it is now. */
function renew(): void {
  void table.renew();
  void library.refresh();
}

class Hidden {
  /** Null for those who may not know: their views are always filtered. */
  queries = $state.raw<Queries | null>(null);
  #covered = $state.raw<ReadonlySet<number> | null>(null);
  /** Revision of the library as of which the pictures covered are known, or asked for. */
  #asked = -1;

  get down(): boolean {
    return hiding.down;
  }

  /** Whether anything is hidden or blurred, as far as is known here. */
  get some(): boolean {
    return Boolean(this.queries?.hide || this.queries?.blur);
  }

  async read(): Promise<void> {
    if (!library.owner) return;
    const queries = await call("veil").catch(() => null);
    const known = this.queries;
    if (!queries || (known?.hide === queries.hide && known.blur === queries.blur)) return;
    this.#take(queries);
    if (known) renew(); // changed elsewhere, or undone
  }

  #take(queries: Queries): void {
    this.queries = queries;
    this.#asked = -1;
    this.#covered = null;
  }

  toggle(): void {
    if (library.owner && this.queries && !this.some) {
      if (!library.readonly) dialogs.open("hide", null);
      return;
    }
    hiding.flip();
    toasts.add({ text: hiding.down ? "Hidden and blurred again" : "Everything is shown", seconds: 2 });
    renew();
  }

  /** Answers whether it was done; what was wrong has been said. */
  async set(queries: Queries): Promise<boolean> {
    const done = await organize("set_veil", queries);
    if (!done) return false;
    this.#take(queries);
    renew();
    return true;
  }

  /** Add a rule for a tag. What is already hidden or blurred by others stays so. */
  async add(verb: keyof Queries, tag: string): Promise<void> {
    const { withTags } = await import("./rules");
    if (!this.queries) await this.read();
    const queries = this.queries ?? { hide: "", blur: "" };
    await this.set({ ...queries, [verb]: withTags(queries[verb], [tag]) });
  }

  /** Whether a picture shall not lie open that no view has told about. Until that is known, it shall not. */
  covers(id: number | undefined): boolean {
    if (!hiding.down || !this.some || id === undefined) return false;
    const revision = library.info?.revision ?? 0;
    if (this.#asked < revision) void this.#ask(revision);
    return this.#covered?.has(id) ?? true;
  }

  async #ask(revision: number): Promise<void> {
    this.#asked = revision;
    const asked = [this.queries?.hide, this.queries?.blur].filter((text) => text?.trim());
    try {
      const found = await Promise.all(asked.map((q) => call("find", { q })));
      if (this.#asked === revision) this.#covered = new Set(found.flatMap(({ ids }) => ids));
    } catch {
      this.#asked = -1; // asked again by the next picture
    }
  }
}

export const hidden = new Hidden();
