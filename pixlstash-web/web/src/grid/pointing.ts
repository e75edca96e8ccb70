/** What a mouse or a finger does on the table. */
import { library } from "../state/library.svelte";
import { table } from "../state/table.svelte";
import { LongPress } from "./touch";

/** Side of the tick in a tile's corner, and height of its stars at the foot, in pixels; where they begin and their width. */
const TICK = 34;
const STARS = { height: 26, left: 7, width: 13 };

export interface Acts {
  open(index: number): void;
  menu(index: number, x: number, y: number): void;
  score(index: number, n: number): void;
  /** Show the stack that a picture is the cover of. */
  spread(index: number): void;
}

interface Hit {
  index: number;
  tile: HTMLElement;
}

export class Pointing {
  /** Index of the picture under the pointer, or -1. */
  hovered = -1;
  readonly press = new LongPress((event) => {
    const hit = under(event);
    if (hit) table.choose((chosen) => chosen.toggle(hit.index));
  });

  constructor(private readonly acts: Acts) {}

  over = (event: Event): void => {
    this.hovered = under(event)?.index ?? -1;
  };

  leave = (): void => {
    this.hovered = -1;
  };

  focusin = (event: FocusEvent): void => {
    const hit = under(event);
    if (hit) table.cursor = hit.index;
  };

  click = (event: MouseEvent): void => {
    const hit = under(event);
    if (!hit || this.press.swallow()) return;
    const { index } = hit;
    const stars = starsAt(event, hit.tile);
    table.cursor = index;
    if (event.shiftKey) table.choose((chosen) => chosen.reach(index));
    else if (event.ctrlKey || event.metaKey || onTick(event, hit.tile)) table.choose((chosen) => chosen.toggle(index));
    else if (event.target instanceof Element && event.target.matches(".bdg.stack")) this.acts.spread(index);
    else if (stars && !library.readonly) this.acts.score(index, stars);
    else if (table.selection.size) table.choose((chosen) => chosen.toggle(index));
    else this.acts.open(index);
  };

  contextmenu = (event: MouseEvent): void => {
    const hit = under(event);
    if (!hit) return;
    event.preventDefault();
    if (!this.press.touched) this.acts.menu(hit.index, event.clientX, event.clientY); // there a long press chooses
  };
}

function under(event: Event): Hit | null {
  const tile = event.target instanceof Element ? event.target.closest<HTMLElement>(".tile") : null;
  return tile ? { index: Number(tile.dataset.index), tile } : null;
}

function onTick(event: MouseEvent, tile: HTMLElement): boolean {
  const box = tile.getBoundingClientRect();
  return event.clientX - box.left < TICK && event.clientY - box.top < TICK;
}

/** Which of the stars was hit, 1 to 5, or 0. */
function starsAt(event: MouseEvent, tile: HTMLElement): number {
  if (!(event.target instanceof Element) || !event.target.matches(".stars")) return 0;
  const box = tile.getBoundingClientRect();
  if (box.bottom - event.clientY >= STARS.height) return 0;
  return Math.min(5, Math.max(1, Math.ceil((event.clientX - box.left - STARS.left) / STARS.width)));
}
