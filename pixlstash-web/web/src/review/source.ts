/** Pictures somebody chose, in the order chosen, as something that can be gone through like a view. */
import type { View, ViewHandle } from "../grid/view";

/** More do not go into an address. */
export const MOST = 5000;

export class Chosen implements ViewHandle {
  readonly key = "";
  readonly count: number;

  /** @param view tells what it knows of them */
  constructor(
    private readonly ids: readonly number[],
    private readonly view: View,
  ) {
    this.count = ids.length;
  }

  get thumbnails(): string {
    return this.view.thumbnails;
  }

  idAt(i: number): number | undefined {
    return this.ids[i];
  }

  ratioAt(i: number): number {
    const at = this.#at(i);
    return at < 0 ? 1 : this.view.ratioAt(at);
  }

  flagsAt(i: number): number | undefined {
    return this.view.flagsAt(this.#at(i));
  }

  colourAt(i: number): string | undefined {
    return this.view.colourAt(this.#at(i));
  }

  ensure(): Promise<void> {
    return Promise.resolve();
  }

  indexOf(id: number): number {
    return this.ids.indexOf(id);
  }

  #at(i: number): number {
    const id = this.ids[i];
    return id === undefined ? -1 : this.view.indexOf(id);
  }
}

/** Ids for an address: each as the step from the one before, which is short where they are near each other. */
export function packed(ids: readonly number[]): string {
  return ids.map((id, n) => (id - (n ? (ids[n - 1] as number) : 0)).toString(36)).join(".");
}

/** And back; what is not understood ends the list. */
export function unpacked(text: string): number[] {
  const ids: number[] = [];
  for (const step of text.split(".").slice(0, MOST)) {
    const id = (ids.at(-1) ?? 0) + (/^-?[0-9a-z]{1,8}$/.test(step) ? parseInt(step, 36) : NaN);
    if (!(id > 0 && id < 2 ** 32)) break;
    ids.push(id);
  }
  return ids;
}
