/** The last rates of the job that runs, so that a curve can be drawn; another job starts a new one. */
export class Rates {
  #job: number | string | null = null;
  #seen: number[] = [];

  constructor(private readonly most: number) {}

  /** Add what `job` does a second now; the newest is last. */
  add(job: number | string, perSecond: number): readonly number[] {
    if (job !== this.#job) this.#seen = [];
    this.#job = job;
    this.#seen = [...this.#seen, perSecond].slice(-this.most);
    return this.#seen;
  }
}

/** The path of a curve through `values`, left to right over `width`, the largest at the top. None for fewer than two. */
export function sparkline(values: readonly number[], width: number, height: number): string | null {
  if (values.length < 2) return null;
  const top = Math.max(...values, 1e-9);
  const step = width / (values.length - 1);
  const place = (value: number, n: number) =>
    `${(n * step).toFixed(1)} ${(height - 2 - (Math.max(0, value) / top) * (height - 4)).toFixed(1)}`;
  return `M${values.map(place).join("L")}`;
}
