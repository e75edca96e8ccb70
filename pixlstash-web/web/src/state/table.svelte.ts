/** What lies on the light table: one view, what is chosen in it, and where the cursor is. */
import { ApiError, call } from "../api/client";
import { Frozen } from "../grid/frozen";
import { type Range, Selection } from "../grid/selection";
import { View } from "../grid/view";
import { route } from "./route.svelte";
import { hiding } from "./hiding.svelte";

/** Where the grid shall put a view that has just come: this picture's row at the top, scrolled `offset` pixels. */
export interface Landing {
  index: number;
  offset: number;
}

export interface Problem {
  detail: string;
  /** Character of the query it is about, from 0. */
  at: number | null;
}

/** Blocks worth fetching only to carry a choice over to a new answer. */
const CARRIED = 8;

class Table {
  view = $state.raw<View | null>(null);
  landing: Landing = { index: 0, offset: 0 };
  /** Index of the cursor. */
  cursor = $state(0);
  /** An answer is on its way. */
  loading = $state(false);
  problem = $state.raw<Problem | null>(null);
  /** Pictures that came or changed since the view was asked for. */
  added = $state(0);
  changed = $state(0);
  /** New pictures appear by themselves: a library is filled for the first time. */
  live = $state(false);
  /** The picture at the top of the screen, as of the last scroll. */
  top: Landing = { index: 0, offset: 0 };

  #version = $state(0);
  #chosen = $state(0);
  #selection = new Selection(0);
  #arrivals: { revision: number; count: number }[] = [];
  #asking: AbortController | null = null;
  /** Places to take out once the viewer closes: the picture looked at stays until then. */
  #leaving: Range[] = [];

  /** The choice; read it in an effect and it notices every change made with `choose`. */
  get selection(): Selection {
    void this.#chosen;
    return this.#selection;
  }

  choose(change: (selection: Selection) => void): void {
    change(this.#selection);
    this.#chosen += 1;
  }

  /** So many pictures came to the library with this revision; the view may have been asked for after it. */
  arrived(revision: number, count: number): void {
    if (this.view && revision <= this.view.frozen.header.revision) return;
    this.#arrivals.push({ revision, count });
    this.added += count;
  }

  /** Ask for the view of the route. Answers whether one came; a later call makes an earlier one give up. */
  async ask(at: number | null, land: (view: View, index: number | null) => Landing): Promise<boolean> {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    this.loading = true;
    try {
      const asked = { q: route.q, sort: route.sort, at, veil: hiding.parameter };
      const frozen = Frozen.decode(await call("view", asked, asking.signal));
      if (asking.signal.aborted) return false;
      this.#lay(frozen, land);
      return true;
    } catch (error) {
      if (asking.signal.aborted) return false;
      if (!(error instanceof ApiError)) throw error;
      this.#refuse(error);
      return false;
    } finally {
      if (this.#asking === asking) this.loading = false;
    }
  }

  #lay(frozen: Frozen, land: (view: View, index: number | null) => Landing): void {
    const view = View.of(frozen, () => void this.#version);
    frozen.onchange = () => {
      this.#version += 1;
      this.#meet();
    };
    this.landing = land(view, frozen.header.at_index);
    this.top = this.landing;
    this.cursor = this.landing.index;
    this.problem = null;
    // What came while this answer was on its way is not in it.
    this.#arrivals = this.#arrivals.filter(({ revision }) => revision > frozen.header.revision);
    this.added = this.#arrivals.reduce((sum, { count }) => sum + count, 0);
    this.changed = 0;
    this.#leaving = [];
    this.choose(() => (this.#selection = new Selection(view.count)));
    this.view = view;
  }

  #refuse(error: ApiError): void {
    if (error.status === 401 || error.status === 0) return; // said elsewhere
    const at = error.data.at;
    this.problem = { detail: error.detail, at: typeof at === "number" ? at : null };
  }

  /** Another query or order: from its top, or where the address says. */
  async open(): Promise<boolean> {
    const { at, offset, open, review } = route;
    return this.ask(open ?? review ?? at, (view, index) => {
      const kept = at === null ? -1 : view.indexOf(at);
      if (kept >= 0) return { index: kept, offset };
      return { index: index ?? 0, offset: 0 };
    });
  }

  /** Ask again for the same view; what is on the screen, the cursor and the choice stay. */
  async renew(top = false): Promise<boolean> {
    const old = this.view;
    if (!old) return this.open();
    const chosen = await this.#carried(old);
    const anchor = this.top;
    let { cursor } = this;
    const id = top ? undefined : old.idAt(anchor.index);
    const came = await this.ask(id ?? null, (view, index) => {
      if (top) return { index: 0, offset: 0 };
      cursor = this.cursor;
      const last = Math.max(0, view.count - 1);
      // Who went on while the answer was on its way stays there.
      if (this.top !== anchor) return { index: Math.min(this.top.index, last), offset: this.top.offset };
      return { index: index ?? Math.min(anchor.index, last), offset: anchor.offset };
    });
    const view = this.view;
    if (!came || !view) return false;
    const under = old.idAt(cursor);
    const at = under === undefined ? Math.min(cursor, view.count - 1) : view.indexOf(under);
    if (at >= 0 && !top) this.cursor = at;
    if (chosen.length) {
      this.choose(() => (this.#selection = Selection.of(chosen, view.count)));
      this.#meet();
    }
    return true;
  }

  /** Find a picture of the route's view that no block has shown yet. Answers whether it is there. */
  async find(id: number): Promise<boolean> {
    const anchor = this.top;
    const came = await this.ask(id, (_, index) => (index === null ? anchor : { index, offset: 0 }));
    return came && (this.view?.indexOf(id) ?? -1) >= 0;
  }

  /** Ids of what is chosen, as far as they are here or cheap to get. */
  async #carried(view: View): Promise<number[]> {
    const ids = [...this.#selection.lost()];
    let fetched = 0;
    for (const [from, to] of this.#selection.ranges())
      for (let i = from; i < to; i++) {
        if (view.idAt(i) === undefined && fetched++ < CARRIED) await view.ensure(i).catch(() => undefined);
        const id = view.idAt(i);
        if (id !== undefined) ids.push(id);
        else if (fetched >= CARRIED) return ids;
      }
    return ids;
  }

  /** Blocks arrived: find what was chosen before. */
  #meet(): void {
    const view = this.view;
    if (!view || !this.#selection.searching) return;
    let found = false;
    for (const id of this.#selection.lost()) {
      const i = view.indexOf(id);
      if (i >= 0) found = this.#selection.meet(id, i) || found;
    }
    if (found) this.#chosen += 1;
  }

  /** Take places out of the view, or put them back; at once, or, for the viewer and the review, when they close. */
  present(frozen: Frozen, places: readonly Range[], present: boolean): void {
    const view = this.view;
    if (!view || view.frozen !== frozen) return;
    if (route.open !== null || route.review !== null) {
      if (!present) this.#leaving.push(...places);
      else if (this.#unleave(places)) return;
      if (!present) return;
    }
    this.#reshape(view, view.with(places, present));
  }

  #unleave(places: readonly Range[]): boolean {
    const before = this.#leaving.length;
    this.#leaving = this.#leaving.filter(([from, to]) => !places.some(([a, b]) => a === from && b === to));
    return this.#leaving.length !== before;
  }

  /** The viewer closed: what left while it was open leaves the table. */
  settle(): void {
    const view = this.view;
    if (!view || !this.#leaving.length) return;
    this.#reshape(view, view.with(this.#leaving, false));
    this.#leaving = [];
  }

  #reshape(old: View, view: View): void {
    const cursor = old.place(this.cursor);
    const top = old.place(this.top.index);
    this.choose((selection) => {
      this.#selection = selection.moved(view.count, (i) => view.find(old.place(i)));
    });
    this.cursor = Math.max(0, Math.min(view.after(Math.max(0, cursor)), view.count - 1));
    this.top = { index: Math.max(0, Math.min(view.after(Math.max(0, top)), view.count - 1)), offset: this.top.offset };
    this.landing = this.top;
    this.view = view;
  }
}

export const table = new Table();
