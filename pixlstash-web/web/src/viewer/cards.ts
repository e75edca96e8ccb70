import { call } from "../api/client";
import type { PictureDetail } from "../api/schema";
import { hiding } from "../state/hiding.svelte";

const AT_MOST = 64;

/** The cards of pictures seen lately and of their neighbours. */
export class Cards {
  readonly #held = new Map<number, PictureDetail>();
  readonly #coming = new Map<number, Promise<PictureDetail>>();

  /** The card if it is already here. */
  peek(id: number): PictureDetail | undefined {
    return this.#held.get(id);
  }

  get(id: number): Promise<PictureDetail> {
    const held = this.#held.get(id);
    if (held) return Promise.resolve(held);
    const coming = this.#coming.get(id);
    if (coming) return coming;
    const asked: Promise<PictureDetail> = call("picture", { id, veil: hiding.parameter ?? false })
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

  #keep(card: PictureDetail): void {
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
