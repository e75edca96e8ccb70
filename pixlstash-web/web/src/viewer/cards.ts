import { get } from "../api/client";
import type { Picture } from "../api/types";

const AT_MOST = 64;

/** The cards of pictures seen lately and of their neighbours. */
export class Cards {
  readonly #held = new Map<number, Picture>();
  readonly #coming = new Map<number, Promise<Picture>>();

  /** The card if it is already here. */
  peek(id: number): Picture | undefined {
    return this.#held.get(id);
  }

  get(id: number): Promise<Picture> {
    const held = this.#held.get(id);
    return held ? Promise.resolve(held) : this.read(id);
  }

  /** Ask the server again. */
  read(id: number): Promise<Picture> {
    const coming = this.#coming.get(id);
    if (coming) return coming;
    const asked = get<Picture>(`/pictures/${id}`)
      .then((card) => {
        this.#held.delete(id);
        this.#held.set(id, card);
        for (const oldest of this.#held.keys()) {
          if (this.#held.size <= AT_MOST) break;
          this.#held.delete(oldest);
        }
        return card;
      })
      .finally(() => this.#coming.delete(id));
    this.#coming.set(id, asked);
    return asked;
  }

  /** Something changed: what is held may be old. */
  forget(id: number): void {
    this.#held.delete(id);
    this.#coming.delete(id);
  }
}
