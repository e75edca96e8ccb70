/** The slide show: the viewer shows one picture after the other, alone on the screen. */
import { chosen } from "../grid/chosen";
import type { Range } from "../grid/selection";
import { screen } from "./fullScreen.svelte";

export const SECONDS = [2, 4, 8, 15, 30] as const;
const STORE = "pixlstash.slides";

class SlideShow {
  on = $state(false);
  paused = $state(false);
  /** How long each picture stays. A longer video plays to its end. */
  seconds = $state(stored());
  /** What is shown; null for the whole view. */
  #ranges: readonly Range[] | null = null;

  /** Start from the grid: the selected pictures if there are several, else all from the current one on. */
  begin(ground: { target(): number; open(index: number): void }): void {
    const ranges = chosen(-1)?.ranges ?? [];
    const several = ranges.reduce((sum, [from, to]) => sum + to - from, 0) > 1;
    this.start(several ? ranges : null);
    ground.open(several ? (ranges[0]?.[0] ?? 0) : Math.max(0, ranges[0]?.[0] ?? ground.target()));
  }

  start(ranges: readonly Range[] | null = null): void {
    this.#ranges = ranges;
    this.on = true;
    this.paused = false;
    screen.enter();
  }

  end(): void {
    if (!this.on) return;
    this.on = false;
    screen.leave();
  }

  set(seconds: number): void {
    this.seconds = seconds;
    try {
      localStorage.setItem(STORE, String(seconds));
    } catch {
      // private windows may refuse: then it holds until the page is left
    }
  }

  /** The index after or before `index`, of `count`; from the last to the first and back. */
  step(index: number, by: 1 | -1, count: number): number {
    const ranges = this.#ranges ?? [[0, count] as const];
    const last = ranges.at(-1);
    if (!last) return index;
    const at = ranges.findIndex(([from, to]) => index >= from && index < to);
    const [from, to] = ranges[at] ?? [0, 0];
    if (at < 0) return ranges[0]?.[0] ?? index;
    if (index + by >= from && index + by < to) return index + by;
    const next = ranges[(at + by + ranges.length) % ranges.length] ?? last;
    return by > 0 ? next[0] : next[1] - 1;
  }
}

function stored(): number {
  try {
    const seconds = Number(localStorage.getItem(STORE));
    return SECONDS.find((one) => one === seconds) ?? 4;
  } catch {
    return 4;
  }
}

export const slideShow = new SlideShow();
