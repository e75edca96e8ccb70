/** What is brought to the library from this tab: several files at once, each told what became of it. */
import { ApiError, call } from "../api/client";
import type { Archive, Uploaded } from "../api/schema";
import { library } from "../state/library.svelte";
import { table } from "../state/table.svelte";
import { toasts } from "../ui/toasts.svelte";
import type { Phase } from "./delivery";
import type { Found } from "./dropped";
import { TransferSpeed } from "./speed";

const AT_ONCE = 4;
/** A file of so many bytes takes a while. */
const LARGE = 16 << 20;
/** Milliseconds between two looks of the page at thousands of files. */
const PAINT = 100;

export type State = "queued" | Phase | Uploaded["status"] | "restored" | "failed" | "cancelled";

/** One file; never changed, but replaced. */
export interface Item {
  readonly key: number;
  readonly path: string;
  readonly size: number;
  /** Bytes that are there or on their way. */
  readonly sent: number;
  /** Of these, bytes that were on the server before. */
  readonly here: number;
  readonly state: State;
  /** Why not. */
  readonly reason: string | null;
  readonly picture: number | null;
  readonly archive: Archive | null;
}

const GOING: ReadonlySet<State> = new Set(["queued", "sending", "waiting", "taking"]);

export function going(item: Item): boolean {
  return GOING.has(item.state);
}

/** From when all is there, the server takes a file in whatever the tab does. */
export function cancellable(item: Item): boolean {
  return going(item) && item.state !== "taking";
}

class Uploads {
  /** All since the list was last empty, in the order they came. */
  list = $state.raw<readonly Item[]>([]);
  /** Bytes a second. */
  speed = $state(0);
  /** Height of the panel in CSS pixels, 0 while there is none: what floats over the table keeps above it. */
  docked = $state(0);

  readonly #items = new Map<number, Item>();
  readonly #files = new Map<number, File>();
  readonly #running = new Map<number, AbortController>();
  readonly #queue: number[] = [];
  readonly #pace = new TransferSpeed();
  #painting: ReturnType<typeof setTimeout> | undefined;
  #next = 1;
  #looking = 0;

  get going(): boolean {
    return this.list.some(going);
  }

  /** Bytes would be lost to somebody who leaves now. */
  get unsent(): boolean {
    return [...this.#items.values()].some((item) => going(item) && item.state !== "taking" && item.sent < item.size);
  }

  add(found: readonly Found[]): void {
    for (const { file, path } of found) {
      const key = this.#next++;
      this.#files.set(key, file);
      const state = { state: "queued", reason: null, picture: null, archive: null } as const;
      this.#items.set(key, { key, path, size: file.size, sent: 0, here: 0, ...state });
      this.#queue.push(key);
    }
    this.#fill();
    this.#paint();
  }

  /** More come while `looking` goes through a drop: it is one, and ends when all of it is done. */
  async during(looking: Promise<void>): Promise<void> {
    this.#looking += 1;
    try {
      await looking;
    } finally {
      this.#looking -= 1;
      this.#settle();
    }
  }

  /** Say of a file that could not even be read. */
  unread(path: string): void {
    const key = this.#next++;
    const reason = "The browser may not read it.";
    this.#items.set(key, {
      key,
      path,
      size: 0,
      sent: 0,
      here: 0,
      state: "refused",
      reason,
      picture: null,
      archive: null,
    });
    this.#paint();
  }

  /** Give up a file that is on its way; what came of it is removed. */
  cancel(key: number): void {
    const item = this.#items.get(key);
    if (!item || !cancellable(item)) return;
    this.#change(key, { state: "cancelled" });
    const running = this.#running.get(key);
    if (running) running.abort();
    else this.#settle();
  }

  retry(key: number): void {
    const item = this.#items.get(key);
    if (item?.state !== "failed" && item?.state !== "cancelled") return;
    this.#change(key, { state: "queued", reason: null, sent: 0, here: 0 });
    this.#queue.push(key);
    this.#fill();
  }

  cancelAll(): void {
    for (const item of [...this.#items.values()]) this.cancel(item.key);
  }

  retryAll(): void {
    for (const item of [...this.#items.values()]) if (item.state === "failed") this.retry(item.key);
  }

  /** Take the picture that a file is of out of the scrapheap. */
  async restore(key: number): Promise<void> {
    const id = this.#items.get(key)?.picture;
    if (id == null) return;
    try {
      const done = await call("restore", { ids: [id] });
      library.reached(done.revision);
      this.#change(key, { state: "restored" });
      library.recount();
    } catch (error) {
      toasts.bad(
        `The picture could not be restored: ${error instanceof ApiError ? error.detail : "it did not answer"}`,
      );
    }
  }

  /** Forget what is done. */
  clear(): void {
    for (const item of [...this.#items.values()]) {
      if (going(item)) continue;
      this.#items.delete(item.key);
      this.#files.delete(item.key);
    }
    this.#paint();
  }

  #fill(): void {
    while (this.#running.size < AT_ONCE) {
      const large = [...this.#running.keys()].filter((key) => this.#large(key)).length;
      // Small ones do not wait for large ones only.
      const at = this.#queue.findIndex((key) => large < AT_ONCE - 1 || !this.#large(key));
      if (at < 0) return;
      const [key] = this.#queue.splice(at, 1) as [number];
      if (this.#items.get(key)?.state === "queued") void this.#deliver(key);
    }
  }

  #large(key: number): boolean {
    return (this.#files.get(key)?.size ?? 0) >= LARGE;
  }

  async #deliver(key: number): Promise<void> {
    const stop = new AbortController();
    const file = this.#files.get(key) as File;
    this.#running.set(key, stop);
    let end: Partial<Item>;
    try {
      const { Delivery } = await import("./delivery");
      end = { ...told(await new Delivery(file, this.#listen(key), stop.signal).run()), sent: file.size };
    } catch (error) {
      end = why(error);
    }
    if (!stop.signal.aborted) this.#change(key, end);
    if (this.#running.get(key) === stop) this.#running.delete(key);
    this.#fill();
    this.#settle();
  }

  #listen(key: number) {
    return {
      phase: (phase: Phase) => this.#change(key, { state: phase }),
      there: (sent: number) => {
        const item = this.#items.get(key);
        this.#change(key, { sent, here: (item?.here ?? 0) + Math.max(0, sent - (item?.sent ?? 0)) });
      },
      sent: (sent: number) => {
        this.#pace.add(sent - (this.#items.get(key)?.sent ?? 0));
        this.#change(key, { sent });
      },
      sofar: (result: Uploaded) => this.#change(key, { archive: result.archive }),
    };
  }

  #change(key: number, change: Partial<Item>): void {
    const item = this.#items.get(key);
    if (!item || (item.state === "cancelled" && change.state !== "queued")) return;
    this.#items.set(key, { ...item, ...change });
    this.#paint();
  }

  #paint(): void {
    this.#painting ??= setTimeout(() => {
      this.#painting = undefined;
      this.list = [...this.#items.values()];
      this.speed = this.#pace.speed();
    }, PAINT);
  }

  /** After the last one: new pictures are counted, and a list that has nothing more to say goes. */
  #settle(): void {
    const items = [...this.#items.values()];
    if (!items.length || this.#looking || items.some(going)) return;
    this.#pace.stop();
    library.recount();
    if (table.live || table.view?.count === 0) void table.renew(true);
    const clean = items.every((item) => item.state === "imported");
    if (!clean) return;
    void import("./words").then(({ summary }) => toasts.add({ text: summary(items) }));
    this.clear();
  }
}

function told({ status, id, reason, archive }: Uploaded): Partial<Item> {
  return { state: status, picture: id, reason, archive };
}

function why(error: unknown): Partial<Item> {
  if (error instanceof Error && error.name === "Unreadable")
    return { state: "refused", reason: "The file was changed or removed while it was read. Choose it again." };
  if (!(error instanceof ApiError)) return { state: "failed", reason: "Something unexpected happened." };
  // Other files fail for the same reason, and the same file may pass later.
  const later = [401, 409, 507].includes(error.status) || error.status >= 500;
  return { state: later ? "failed" : "refused", reason: error.detail };
}

export const uploads = new Uploads();
