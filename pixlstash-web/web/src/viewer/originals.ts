/** What every browser we know shows in an `<img>`. Others would be downloaded only to fail. */
const SHOWN = new Set([
  "image/jpeg",
  "image/png",
  "image/apng",
  "image/webp",
  "image/gif",
  "image/avif",
  "image/bmp",
  "image/x-ms-bmp",
  "image/x-icon",
  "image/vnd.microsoft.icon",
  "image/svg+xml",
]);

/** Decoding needs four bytes a pixel: a picture beyond this is decoded only when somebody opens it. */
const AHEAD_AT_MOST = 80_000_000;

/** Whether a browser can show originals of this media type at all. */
export function shows(mime: string): boolean {
  return SHOWN.has(mime);
}

/** Whether decoding a picture of this size before it is asked for is worth the memory. */
export function worthAhead(width: number | null, height: number | null): boolean {
  return (width ?? 0) * (height ?? 0) <= AHEAD_AT_MOST;
}

/** Originals decoded off the page, each as the very element that will be shown, so that showing it never flashes. */
export class Originals {
  readonly #held = new Map<number, { image: HTMLImageElement; ready: Promise<HTMLImageElement> }>();

  constructor(private readonly address: (id: number) => string) {}

  /** Whether the original of picture `id` is held or on its way. */
  has(id: number): boolean {
    return this.#held.has(id);
  }

  /**
   * The decoded original of picture `id`; rejects where the browser cannot show it or the server has none.
   * One that is wanted only later lets everything else go first.
   */
  get(id: number, later = false): Promise<HTMLImageElement> {
    const held = this.#held.get(id);
    if (held) {
      if (!later) held.image.fetchPriority = "high";
      return held.ready;
    }
    const image = new Image();
    image.decoding = "async";
    image.draggable = false;
    image.fetchPriority = later ? "low" : "high";
    image.src = this.address(id);
    const ready = image.decode().then(() => image);
    ready.catch(() => this.#forget(id, image)); // asked again, it is tried again
    this.#held.set(id, { image, ready });
    return ready;
  }

  /** Keep only these; downloads of others are given up. */
  keep(ids: readonly number[]): void {
    for (const [id, { image }] of this.#held) {
      if (ids.includes(id)) continue;
      this.#held.delete(id);
      image.src = "";
    }
  }

  #forget(id: number, image: HTMLImageElement): void {
    if (this.#held.get(id)?.image === image) this.#held.delete(id);
  }
}
