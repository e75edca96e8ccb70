/** The veil: two queries say what is left out and what is blurred, and one key lifts it and lets it down again. */
import { get, query } from "../api/client";
import type { Done } from "../api/types";
import { organise } from "../state/actions";
import { library } from "../state/library.svelte";
import { table } from "../state/table.svelte";
import { veiling } from "../state/veiling.svelte";
import { toasts } from "../ui/toasts.svelte";

/** `GET /veil`. */
export interface Queries {
  hide: string;
  blur: string;
}

/** The table, and what the sidebar counts and shows, as they are under the veil now. */
function renew(): void {
  void table.renew();
  void library.refresh();
}

class Veil {
  /** Null for those who may not know: they only get views that are veiled. */
  queries = $state.raw<Queries | null>(null);
  dialog = $state(false);
  #covered = $state.raw<ReadonlySet<number> | null>(null);
  /** Revision of the library as of which the pictures covered are known, or asked for. */
  #asked = -1;

  get down(): boolean {
    return veiling.down;
  }

  /** Whether there is something to veil, as far as is known here. */
  get some(): boolean {
    return Boolean(this.queries?.hide || this.queries?.blur);
  }

  async read(): Promise<void> {
    if (!library.owner) return;
    const queries = await get<Queries>("/veil").catch(() => null);
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
      if (!library.readonly) this.dialog = true;
      return;
    }
    veiling.flip();
    toasts.add({ text: veiling.down ? "Hidden and blurred again" : "Everything is shown", seconds: 2 });
    renew();
  }

  /** Answers whether it was done; what was wrong has been said. */
  async set(queries: Queries): Promise<boolean> {
    const done = await organise<Done>("PUT", "/veil", queries);
    if (!done) return false;
    this.#take(queries);
    renew();
    return true;
  }

  /** Whether a picture shall not lie open that no view has told about. Until that is known, it shall not. */
  covers(id: number | undefined): boolean {
    if (!veiling.down || !this.some || id === undefined) return false;
    const revision = library.info?.revision ?? 0;
    if (this.#asked < revision) void this.#ask(revision);
    return this.#covered?.has(id) ?? true;
  }

  async #ask(revision: number): Promise<void> {
    this.#asked = revision;
    const asked = [this.queries?.hide, this.queries?.blur].filter((text) => text?.trim());
    try {
      const found = await Promise.all(asked.map((q) => get<{ ids: number[] }>(`/pictures/find${query({ q })}`)));
      if (this.#asked === revision) this.#covered = new Set(found.flatMap(({ ids }) => ids));
    } catch {
      this.#asked = -1; // asked again by the next picture
    }
  }
}

export const veil = new Veil();
