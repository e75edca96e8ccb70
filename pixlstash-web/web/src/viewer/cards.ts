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
    if (held) return Promise.resolve(held);
    const coming = this.#coming.get(id);
    if (coming) return coming;
    const asked: Promise<Picture> = get<Picture>(`/pictures/${id}`)
      .then((card) => {
        // an answer from before a change is not kept
        if (this.#coming.get(id) === asked) this.#keep(card);
        return card;
      })
      .finally(() => {
        if (this.#coming.get(id) === asked) this.#coming.delete(id);
      });
    this.#coming.set(id, asked);
    return asked;
  }

  #keep(card: Picture): void {
    this.#held.set(card.id, card);
    const oldest = this.#held.keys().next().value;
    if (this.#held.size > AT_MOST && oldest !== undefined) this.#held.delete(oldest);
  }

  /** Something changed: what is held may be old. */
  clear(): void {
    this.#held.clear();
    this.#coming.clear();
  }
}
