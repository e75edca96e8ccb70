/** What is read from the server: the last answer, whether another one is on its way, and what went wrong. */
import { untrack } from "svelte";
import { ApiError, because } from "../api/client";
import { library } from "./library.svelte";

/** An old answer is dimmed after this many milliseconds. */
const LATE = 300;

export type Question<T> = (signal: AbortSignal) => Promise<T>;

export class Resource<T> {
  answer = $state.raw<T | null>(null);
  /** Why the last question failed. */
  problem = $state<string | null>(null);
  /** The HTTP status of that failure; 0 when the server could not be reached. */
  status = $state<number | null>(null);
  loading = $state(false);
  /** It has been loading for a while. */
  late = $state(false);
  #asking: AbortController | null = null;

  /** Ask; a later question aborts this one. Null when it failed or was aborted; a failure keeps the last answer. */
  async ask(question: Question<T>): Promise<T | null> {
    this.#asking?.abort();
    const { signal } = (this.#asking = new AbortController());
    const dimming = setTimeout(() => (this.late = !signal.aborted), LATE);
    this.loading = true;
    try {
      const answer = await question(signal);
      if (signal.aborted) return null;
      this.problem = this.status = null;
      return (this.answer = answer);
    } catch (error) {
      if (signal.aborted) return null;
      this.problem = because(error);
      this.status = error instanceof ApiError ? error.status : null;
      return null;
    } finally {
      clearTimeout(dimming);
      if (!signal.aborted) this.loading = this.late = false;
    }
  }

  /** Ignore what is on its way. */
  abort(): void {
    this.#asking?.abort();
    this.loading = false;
  }

  clear(): void {
    this.abort();
    this.answer = this.problem = this.status = null;
    this.late = false;
  }
}

interface Options {
  /** Milliseconds to wait for more changes; the first question is asked at once. */
  wait?: number;
  /** Ask again when anything in the library changed. */
  live?: boolean;
  /** Show no answer to an earlier question. */
  clear?: boolean;
}

/**
 * Ask whenever what `question` reads changes. To be called while a component is set up.
 * @param question what to ask, as of now; null for nothing
 */
export function resource<T>(question: () => Question<T> | null, options: Options = {}): Resource<T> {
  const { wait = 0, live = false, clear = false } = options;
  const found = new Resource<T>();
  let first = true;
  $effect(() => {
    if (live) void library.info?.revision;
    const ask = question();
    if (clear) untrack(() => found.clear());
    if (!ask) return;
    const timer = setTimeout(() => void found.ask(ask), first ? 0 : wait);
    first = false;
    return () => {
      clearTimeout(timer);
      found.abort();
    };
  });
  return found;
}
