/**
 * One file on its way to the library. Small ones go in one request, others in pieces that the server keeps: after a
 * dropped connection, a restart of the server or a closed tab it goes on where it stopped.
 */
import { ApiError, call, transmit, watch } from "../api/client";
import type { Upload, Uploaded } from "../api/schema";
import { fileKey } from "./fileKey";

/** Files from this size on go in pieces. */
const WHOLE = 16 << 20;
const PIECE = 8 << 20;
/** Something on the way may take no larger ones. */
const SMALLEST_PIECE = 256 << 10;
const POLL = 1000;
const FIRST_WAIT = 500;
const LAST_WAIT = 15_000;
/** So often a server that is there may fail in a row. */
const TRIES = 6;

/** `waiting`: the server cannot be reached. `taking`: all is there, and it has yet to say what became of it. */
export type Phase = "sending" | "waiting" | "taking";

export interface Listener {
  phase(phase: Phase): void;
  /** So much was there before. */
  there(bytes: number): void;
  /** So much is there or on its way. */
  sent(bytes: number): void;
  /** What is known so far of a zip file. */
  sofar(result: Uploaded): void;
}

/** The file changed, or is gone, since it was chosen. */
class Unreadable extends Error {
  override name = "Unreadable";
}

export class Delivery {
  /** The server's name for what came so far. */
  #id: string | null = null;
  #piece = PIECE;
  #failures = 0;
  /** All was sent and the answer got lost: the server may have it. */
  #unanswered = false;

  constructor(
    private readonly file: File,
    private readonly listener: Listener,
    private readonly signal: AbortSignal,
  ) {}

  /** @throws ApiError where the server refuses; Unreadable; DOMException AbortError when cancelled */
  async run(): Promise<Uploaded> {
    this.listener.phase("sending");
    try {
      const result = (this.file.size < WHOLE ? await this.#whole() : null) ?? (await this.#pieces());
      if (this.#unanswered && result.status === "duplicate") return { ...result, status: "imported" };
      return await this.#finished(result);
    } finally {
      // What came of a cancelled file is removed; where that fails it expires by itself.
      if (this.signal.aborted && this.#id) await call("cancel_upload", { id: this.#id }).catch(() => undefined);
    }
  }

  async #whole(): Promise<Uploaded | null> {
    let all = false;
    const progress = (sent: number) => {
      all = sent >= this.file.size;
      this.#progress(sent);
    };
    try {
      return await transmit("upload", { name: this.file.name }, this.file, this.signal, progress);
    } catch (error) {
      await this.#bear(error);
      this.#unanswered = all;
      return null;
    }
  }

  async #pieces(): Promise<Uploaded> {
    let upload = await this.#begin();
    while (upload.state === "receiving") upload = await this.#next(upload);
    this.listener.there(this.file.size); // whatever was not sent just now was there
    while (upload.state !== "done" || !upload.result) {
      this.listener.phase("taking");
      await this.#sleep(POLL);
      upload = await this.#look(upload.id);
    }
    return upload.result;
  }

  async #begin(): Promise<Upload> {
    const { name, size } = this.file;
    const key = await fileKey(this.file).catch(() => {
      throw new Unreadable();
    });
    const upload = await this.#patiently(() => call("begin_upload", { name, size, key }));
    this.#id = upload.id;
    return upload;
  }

  /** Send the next piece; what is there afterwards. */
  async #next(upload: Upload): Promise<Upload> {
    const at = upload.received;
    this.listener.there(at);
    this.listener.phase("sending");
    const piece = this.file.slice(at, at + this.#piece);
    const place = { id: upload.id, offset: at };
    try {
      const progress = (sent: number) => this.#progress(at + sent);
      const now = await transmit("continue_upload", place, piece, this.signal, progress);
      this.#failures = 0;
      this.#piece = Math.min(PIECE, 2 * this.#piece);
      return now;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return this.#begin();
      if (error instanceof ApiError && error.status === 409) {
        await this.#sleep(FIRST_WAIT); // another tab sends the same file
        return this.#look(upload.id);
      }
      const shrinks = error instanceof ApiError && error.status === 413 && this.#piece > SMALLEST_PIECE;
      if (!shrinks) await this.#bear(error);
      this.#piece = Math.max(SMALLEST_PIECE, this.#piece / 2);
      const now = await this.#look(upload.id);
      if (now.received > at) this.#failures = 0;
      return now;
    }
  }

  async #look(id: string): Promise<Upload> {
    try {
      return await this.#patiently(() => call("find_upload", { id }, this.signal));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return this.#begin();
      throw error;
    }
  }

  /** A zip file takes its time to unpack. */
  async #finished(result: Uploaded): Promise<Uploaded> {
    while (result.archive && !result.archive.finished) {
      this.listener.sofar(result);
      this.listener.phase("taking");
      await this.#sleep(POLL);
      const { upload } = result.archive;
      const now = await this.#patiently(() => call("find_upload", { id: upload }, this.signal));
      result = now.result ?? result;
    }
    return result;
  }

  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      this.signal.throwIfAborted();
      try {
        const answer = await ask();
        return answer;
      } catch (error) {
        await this.#bear(error);
      }
    }
  }

  /** Wait where trying again makes sense. @throws what was given where it does not */
  async #bear(error: unknown): Promise<void> {
    if (!(error instanceof ApiError) || !passes(error.status)) throw error;
    // A file that was changed on the disk fails as a connection does.
    await this.file
      .slice(0, 1)
      .arrayBuffer()
      .catch(() => {
        throw new Unreadable();
      });
    this.#failures += 1;
    if (away(error.status)) this.listener.phase("waiting");
    else if (this.#failures >= TRIES) throw error;
    await this.#sleep(Math.min(LAST_WAIT, FIRST_WAIT * 2 ** (this.#failures - 1)), away(error.status));
    this.listener.phase("sending");
  }

  /** `listening`: until the server has answered anybody, if that is sooner. */
  async #sleep(time: number, listening = false): Promise<void> {
    const waker = new AbortController();
    const awake = AbortSignal.any([this.signal, waker.signal]);
    const unwatch = listening ? watch((outcome) => outcome === "answered" && waker.abort()) : () => undefined;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, time);
      awake.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
    unwatch();
    this.signal.throwIfAborted();
  }

  #progress(sent: number): void {
    this.listener.sent(Math.min(sent, this.file.size));
  }
}

/** Whether what failed may succeed when it is tried again. */
function passes(status: number): boolean {
  return away(status) || status === 408 || status === 429 || (status >= 500 && status !== 507);
}

function away(status: number): boolean {
  return [0, 502, 503, 504].includes(status);
}
