/** An answer that is asked for anew as things change; the old one stays until then, and is dimmed if that takes long. */
import { ApiError } from "../api/client";

/** Milliseconds in which more may change before it is asked again, and after which an old answer is dimmed. */
const WAIT = 200;
const LATE = 300;

export class Looking<T> {
  answer = $state.raw<T | null>(null);
  problem = $state<string | null>(null);
  late = $state(false);
  #some = false;

  /** Ask; the result makes the question be forgotten. To be called, and returned, by an effect. */
  look(ask: (signal: AbortSignal) => Promise<T>, failed: string): () => void {
    const stop = new AbortController();
    let dimming: ReturnType<typeof setTimeout> | undefined;
    const asking = setTimeout(
      async () => {
        dimming = setTimeout(() => (this.late = true), LATE);
        try {
          const answer = await ask(stop.signal);
          if (stop.signal.aborted) return;
          this.answer = answer;
          this.problem = null;
          this.#some = true;
        } catch (error) {
          if (stop.signal.aborted) return;
          this.problem = error instanceof ApiError ? error.detail : failed;
        } finally {
          clearTimeout(dimming);
          if (!stop.signal.aborted) this.late = false;
        }
      },
      this.#some ? WAIT : 0,
    );
    return () => {
      stop.abort();
      clearTimeout(asking);
      clearTimeout(dimming);
    };
  }
}
