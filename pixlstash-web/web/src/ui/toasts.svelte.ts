/** What just happened, in words, for some seconds. */

export interface Toast {
  readonly key: number;
  text: string;
  /** One thing to do about it. */
  action?: { label: string; keys?: string; run: () => void };
  bad?: boolean;
  /** 0 to 1 while something goes on; the toast then stays. */
  progress?: number;
  /** Seconds until it goes by itself; 0 stays. */
  seconds: number;
}

export const SHORT = 4;
export const LONG = 8;

class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #next = 1;
  #done = 0;

  /** Show a toast; returns its key for `change` and `drop`. */
  add(toast: Omit<Toast, "key" | "seconds"> & { seconds?: number }): number {
    const key = this.#next++;
    this.list = [...this.list, { seconds: toast.progress === undefined ? LONG : 0, ...toast, key }];
    return key;
  }

  /** What was done last takes the place of what was done before it: a toast a key press would be a tower. */
  done(text: string, action?: Toast["action"]): void {
    this.drop(this.#done);
    this.#done = this.add({ text, action });
  }

  bad(text: string): void {
    if (!this.list.some((one) => one.bad && one.text === text)) this.add({ text, bad: true });
  }

  change(key: number, change: Partial<Omit<Toast, "key">>): void {
    this.list = this.list.map((one) => (one.key === key ? { ...one, ...change } : one));
  }

  drop(key: number): void {
    this.list = this.list.filter((one) => one.key !== key);
  }
}

export const toasts = new Toasts();
