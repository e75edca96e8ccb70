import { address } from "../api/client";
import type { Picture } from "../api/types";
import type { ViewHandle } from "../grid/view";
import { Camera } from "./camera.svelte";
import { Cards } from "./cards";
import { Originals, worthAhead } from "./originals";
import { cannotShow, whyThumbnail } from "./words";

/** An original is not asked for while somebody only passes by; in milliseconds. */
const REST = 60;
const AHEAD = [1, -1, 2, -2] as const;

/** The picture that is open: its thumbnail at once, then what is known about it, then the original. */
export class Showing {
  readonly camera = new Camera();
  id = $state.raw<number>();
  /** The card of the open picture, or of the one before while its own is on the way. */
  card = $state.raw<Picture | null>(null);
  original = $state.raw<HTMLImageElement | null>(null);
  /** A sentence to lay over the picture. */
  notice = $state.raw<string | null>(null);

  readonly #cards = new Cards();
  readonly #originals = new Originals((id) => address(`/pictures/${id}/original`));
  #turns = 0;

  readonly current: Picture | null = $derived(this.card?.id === this.id ? this.card : null);

  /** Open the picture at `index`; nothing happens while it is the one already open. */
  async turn(view: ViewHandle, index: number): Promise<void> {
    const id = view.idAt(index);
    if (id !== undefined && id === this.id) return;
    const ticket = ++this.#turns;
    const late = () => ticket !== this.#turns;
    this.id = id;
    this.original = null;
    this.notice = null;
    this.camera.show({ width: 1000 * view.ratioAt(index), height: 1000 });
    try {
      if (id === undefined) {
        await view.ensure(index);
        if (late()) return;
        if (view.idAt(index) === undefined) throw new Error("This picture is no longer in the view.");
        return await this.turn(view, index);
      }
      await this.#develop(id, late);
      if (!late()) this.#lookAhead(view, index, id);
    } catch (error) {
      if (!late()) this.notice = error instanceof Error ? error.message : "The picture could not be read.";
    }
  }

  /** Something in the library changed: ask about the open picture again. */
  async refresh(): Promise<void> {
    this.#cards.clear();
    const id = this.id;
    if (id === undefined) return;
    const card = await this.#cards.get(id).catch(() => null); // gone or unreachable: what is shown stays
    if (card && id === this.id) this.card = card;
  }

  /** Show a change before the server has answered. */
  paint(change: Partial<Picture>): void {
    if (this.current) this.card = { ...this.current, ...change };
    this.#cards.clear();
  }

  close(): void {
    this.#turns += 1;
    this.#originals.keep([]);
  }

  async #develop(id: number, late: () => boolean): Promise<void> {
    const near = this.#originals.has(id);
    const card = this.#cards.peek(id) ?? (await this.#cards.get(id));
    if (late()) return;
    this.card = card;
    if (card.width && card.height) this.camera.resize({ width: card.width, height: card.height });
    this.notice = whyThumbnail(card);
    if (this.notice) return;
    if (!near) await new Promise((resolve) => setTimeout(resolve, REST));
    if (late()) return;
    try {
      const image = await this.#originals.get(id);
      if (late()) return;
      if (image.naturalWidth) this.camera.resize({ width: image.naturalWidth, height: image.naturalHeight });
      this.original = image;
      this.notice = card.why;
    } catch {
      if (!late()) this.notice = card.why ?? cannotShow(card.format);
    }
  }

  /** Cards and originals of the neighbours, so that the next key finds them here. */
  #lookAhead(view: ViewHandle, index: number, id: number): void {
    const near: number[] = [];
    for (const step of AHEAD) {
      const at = index + step;
      if (at < 0 || at >= view.count) continue;
      const neighbour = view.idAt(at);
      if (neighbour !== undefined) near.push(neighbour);
      else view.ensure(at).catch(() => undefined); // asked again when it is opened
    }
    this.#originals.keep([id, ...near]);
    for (const neighbour of near) void this.#developAhead(neighbour);
  }

  async #developAhead(id: number): Promise<void> {
    try {
      const card = await this.#cards.get(id);
      if (!whyThumbnail(card) && worthAhead(card.width, card.height)) await this.#originals.get(id, true);
    } catch {
      // asked again when it is opened
    }
  }
}
