import { ApiError, request } from "../api/client";
import { original } from "../api/images";
import type { PictureDetail } from "../api/schema";
import { MOVING, type ViewHandle } from "../grid/view";
import { Camera } from "./camera.svelte";
import { Cards } from "./cards";
import { Originals, worthAhead } from "./originals";
import { Playback } from "./playback.svelte";
import type { Size } from "./zoom";
import { cannotPlay, cannotShow, whyThumbnail } from "./words";

/** An original is not asked for while somebody only passes by; in milliseconds. */
const REST = 60;
const AHEAD: readonly number[] = [1, -1, 2, -2];

/** The picture that is open: its thumbnail at once, then what is known about it, then the original. */
export class Showing {
  readonly camera = new Camera();
  readonly playback = new Playback();
  id = $state.raw<number>();
  /** The card of the open picture, or of the one before while its own is on the way. */
  card = $state.raw<PictureDetail | null>(null);
  original = $state.raw<HTMLImageElement | null>(null);
  /** The address of the open video. */
  video = $state.raw<string | null>(null);
  /** A sentence to lay over the picture. */
  notice = $state.raw<string | null>(null);

  readonly #cards = new Cards();
  readonly #originals = new Originals(original);
  #turns = 0;

  /** @param ahead steps to what is looked at next */
  constructor(private readonly ahead: () => readonly number[] = () => AHEAD) {}

  readonly current: PictureDetail | null = $derived(this.card?.id === this.id ? this.card : null);

  /** Quarters clockwise to turn what the file shows. */
  readonly quarters: number = $derived(this.current?.turn ?? 0);

  /** Open the picture at `index`; nothing happens while it is the one already open. */
  async turn(view: ViewHandle, index: number): Promise<void> {
    const id = view.idAt(index);
    if (id !== undefined && id === this.id) return;
    const ticket = ++this.#turns;
    const late = () => ticket !== this.#turns;
    this.id = id;
    this.original = null;
    this.video = null;
    this.notice = null;
    this.playback.open(null);
    this.camera.show({ width: 1000 * view.ratioAt(index), height: 1000 });
    try {
      if (id === undefined) {
        await view.ensure(index);
        if (late()) return;
        if (view.idAt(index) === undefined) throw new Error("This picture is no longer in the view.");
        return await this.turn(view, index);
      }
      await this.#develop(id, ((view.flagsAt(index) ?? 0) & MOVING) !== 0, late);
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
  paint(change: Partial<PictureDetail>): void {
    if (this.current) this.card = { ...this.current, ...change };
    this.#cards.clear();
  }

  /** The video does not play, or no longer: say why. */
  async fail(begun: boolean): Promise<void> {
    const { id, current } = this;
    if (id === undefined || !current) return;
    const why = await refusal(id);
    if (id !== this.id) return;
    this.notice = why ?? cannotPlay(current.format, current.facts.find((fact) => fact.name === "codec")?.value ?? null);
    if (begun) return; // it may go on: the last frame stays
    this.video = null;
    this.playback.open(null);
  }

  /** The file turned out to be of this size, in pixels. */
  measure({ width, height }: Size): void {
    this.camera.resize(this.quarters & 1 ? { width: height, height: width } : { width, height });
  }

  close(): void {
    this.#turns += 1;
    this.#originals.keep([]);
  }

  async #develop(id: number, moves: boolean, late: () => boolean): Promise<void> {
    const near = this.#originals.has(id);
    const card = this.#cards.peek(id) ?? (await this.#cards.get(id));
    if (late()) return;
    this.card = card;
    if (card.width && card.height) this.camera.resize({ width: card.width, height: card.height });
    this.notice = whyThumbnail(card);
    if (this.notice) return;
    if (!near) await new Promise((resolve) => setTimeout(resolve, REST));
    if (late()) return;
    if (card.kind === "video") {
      this.playback.open("video");
      this.video = original(id);
      return;
    }
    try {
      const image = await this.#originals.get(id);
      if (late()) return;
      if (image.naturalWidth) this.measure({ width: image.naturalWidth, height: image.naturalHeight });
      this.original = image;
      if (moves) this.playback.open("animation");
      this.notice = card.why;
    } catch {
      if (!late()) this.notice = card.why ?? cannotShow(card.format);
    }
  }

  /** Cards and originals of the neighbours, so that the next key finds them here. */
  #lookAhead(view: ViewHandle, index: number, id: number): void {
    const near: number[] = [];
    for (const step of this.ahead()) {
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
      if (card.kind !== "video" && !whyThumbnail(card) && worthAhead(card.width, card.height))
        await this.#originals.get(id, true);
    } catch {
      // asked again when it is opened
    }
  }
}

/** Why the server does not send the original, or null where it does. */
async function refusal(id: number): Promise<string | null> {
  try {
    await request("original", { id }, { method: "HEAD" });
    return null;
  } catch (error) {
    return error instanceof ApiError ? error.detail : null;
  }
}
