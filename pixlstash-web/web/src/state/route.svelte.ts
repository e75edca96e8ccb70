/** Where the reader is, kept in the address: a link or a reload comes back to the same pictures. */
import { type Page, type Place, parse, write } from "./address";
import { clampSize, prefs, usualSize } from "./prefs.svelte";

/** The view that a page stands in front of. */
type Behind = Pick<Place, "q" | "sort" | "at">;

const NOTHING = { q: "", sort: "", at: null, open: null, size: null, mode: null };

class Route {
  q = $state("");
  sort = $state("");
  open = $state<number | null>(null);
  /** The first picture under review, how many stand side by side, and what is reviewed where it is not the view. */
  review = $state<number | null>(null);
  panes = $state<number | null>(null);
  of: string | null = null;
  /** A page in place of the table. */
  page = $state<Page | null>(null);
  /** What it is about: an engine, a character, a tag. */
  about = $state<string | null>(null);
  /** The snapshot whose library is looked at, for as long as the page lives. */
  asof: number | null = null;
  /** The picture at the top of the screen and how far it is scrolled, in pixels. Written by the grid at rest. */
  at: number | null = null;
  offset = 0;
  /** The viewer or the review was opened from the grid: Back closes it. */
  #opened = false;

  /** The query that is shown: none where a page is in place of the table, which is left as it was behind it. */
  get shown(): string {
    return this.page === null ? this.q : "";
  }

  /** Read the address now, and whenever the reader goes back or forward. */
  start(): () => void {
    this.#read();
    const back = () => this.#read();
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }

  /** Go to another query or order, from its top. */
  go(to: { q?: string; sort?: string }, replace = false): void {
    this.q = to.q ?? this.q;
    this.sort = to.sort ?? this.sort;
    this.at = null;
    this.offset = 0;
    this.open = null;
    this.review = this.of = this.page = this.about = null;
    this.#opened = false;
    this.#write(!replace);
  }

  /** The grid rests with picture `id` at its top, scrolled by `offset` pixels; null at the very top. */
  rest(id: number | null, offset: number): void {
    if (id === this.at && offset === this.offset) return;
    this.at = id;
    this.offset = id === null ? 0 : offset;
    this.#write(false);
  }

  /** Open a picture, or move to another while one is open. */
  show(id: number): void {
    const first = this.open === null;
    this.open = id;
    if (first) this.#opened = true;
    this.#write(first);
  }

  close(): void {
    if (this.open === null) return;
    this.open = null;
    const opened = this.#opened;
    this.#opened = false;
    if (opened) history.back();
    else this.#write(false);
  }

  /** Review pictures: those of the view from this one on, or the ones named. */
  begin(id: number, panes: number, of: string | null): void {
    this.open = null;
    this.review = id;
    this.panes = panes;
    this.of = of;
    this.#opened = true;
    this.#write(true);
  }

  /** The review stands at another picture, or shows more or fewer. */
  reviewed(id: number, panes: number): void {
    if (this.review === null || (id === this.review && panes === this.panes)) return;
    this.review = id;
    this.panes = panes;
    this.#write(false);
  }

  end(): void {
    if (this.review === null) return;
    this.review = this.panes = this.of = null;
    const opened = this.#opened;
    this.#opened = false;
    if (opened) history.back();
    else this.#write(false);
  }

  /** Turn to a page, or back to the table. */
  turn(page: Page | null, about: string | null = null): void {
    if (page === this.page && about === this.about) return;
    this.page = page;
    this.about = about;
    // A page is in place of whatever was open; Back returns to it.
    if (page !== null) this.open = this.review = null;
    this.#write(true);
  }

  /** Stay on the page, which is about something else now. */
  regard(about: number | string | null): void {
    this.about = about === null ? null : String(about);
    this.#write(false);
  }

  /** Write the address again after size or mode changed. */
  touch(): void {
    this.#write(false);
  }

  #read(): void {
    const place = parse(location.search);
    const kept = history.state as { offset?: unknown; opened?: unknown; behind?: Behind } | null;
    const { q, sort, at } = (place.page && kept?.behind) || place;
    this.q = q;
    this.sort = sort;
    this.at = at;
    this.open = place.open;
    this.review = place.review ?? null;
    this.panes = place.panes ?? null;
    this.of = place.of ?? null;
    this.page = place.page ?? null;
    this.about = place.about ?? null;
    this.asof = place.asof ?? null;
    this.offset = typeof kept?.offset === "number" ? kept.offset : 0;
    this.#opened = kept?.opened === true;
    if (place.size !== null) prefs.size = clampSize(place.size);
    if (place.mode !== null) prefs.mode = place.mode;
  }

  #write(push: boolean): void {
    const { q, sort, at, open, review, panes, of, page, about, asof } = this;
    const size = prefs.size === usualSize() ? null : prefs.size;
    const mode = prefs.mode === "justified" ? null : prefs.mode;
    const view = { q, sort, at, open, size, mode, review, panes, of };
    // The address of a page is the page's alone; the way back from it survives a reload.
    const place: Place = { ...(page === null ? view : NOTHING), page, about, asof };
    const behind: Behind = { q, sort, at };
    const kept = { offset: this.offset, opened: this.#opened, ...(page !== null && { behind }) };
    if (push) history.pushState(kept, "", write(place));
    else history.replaceState(kept, "", write(place));
  }
}

export const route = new Route();
