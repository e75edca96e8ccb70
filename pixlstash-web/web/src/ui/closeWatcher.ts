/** Close requests that are no key press: a phone's back gesture, where the browser reports it. */

interface CloseWatcher {
  onclose: (() => void) | null;
  destroy(): void;
}

/** Call `close` on the next close request; returns how to stop. Does nothing in browsers without `CloseWatcher`. */
export function watchClose(close: () => void): () => void {
  const { CloseWatcher } = window as { CloseWatcher?: new () => CloseWatcher };
  if (!CloseWatcher) return () => undefined;
  const watcher = new CloseWatcher();
  watcher.onclose = close;
  return () => watcher.destroy();
}
