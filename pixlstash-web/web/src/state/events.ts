/** News from the server, one channel, open only while the page is seen: browsers allow six connections to a host. */
import { address } from "../api/client";
import type { Job, PicturesAdded, PicturesChanged, PicturesRemoved } from "../api/schema";

export interface Listener {
  added(event: PicturesAdded): void;
  changed(event: PicturesChanged | PicturesRemoved): void;
  job(job: Job): void;
  /** Something about snapshots: what there is must be asked. */
  snapshots(): void;
  /** Something about reference folders: their list must be asked. */
  folders(): void;
  /** The channel was interrupted and is open again: anything may have happened. */
  missed(): void;
  /** The channel is down; the browser or we try again. */
  down(): void;
}

const FIRST_RETRY = 1000;
const LAST_RETRY = 30_000;

/** Listen until the returned function is called. */
export function listen(listener: Listener): () => void {
  let source: EventSource | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let wait = FIRST_RETRY;
  let interrupted = false;

  function open(): void {
    if (source || document.hidden) return;
    source = new EventSource(address("events", {}));
    source.onopen = () => {
      wait = FIRST_RETRY;
      if (interrupted) listener.missed();
      interrupted = false;
    };
    source.onerror = () => {
      interrupted = true;
      listener.down();
      // The browser tries again by itself after a cut, and gives up after a refusal.
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      retry = setTimeout(open, wait);
      wait = Math.min(LAST_RETRY, wait * 2);
    };
    on("pictures_added", listener.added);
    on("pictures_changed", listener.changed);
    on("pictures_removed", listener.changed);
    on("job_changed", listener.job);
    on("snapshots_changed", () => listener.snapshots());
    on("folders_changed", () => listener.folders());
    source.addEventListener("lagged", () => listener.missed());
  }

  function on<T>(name: string, hear: (data: T) => void): void {
    source?.addEventListener(name, (event: MessageEvent<string>) => hear(JSON.parse(event.data) as T));
  }

  function close(): void {
    clearTimeout(retry);
    if (source) interrupted = true;
    source?.close();
    source = null;
  }

  const seen = () => (document.hidden ? close() : open());
  document.addEventListener("visibilitychange", seen);
  open();
  return () => {
    document.removeEventListener("visibilitychange", seen);
    close();
  };
}
