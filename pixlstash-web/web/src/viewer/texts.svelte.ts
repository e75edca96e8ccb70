/** The text in the open picture, and whether it is shown. */
import { call } from "../api/client";
import type { TextLineInfo } from "../api/schema";

const KEPT = "pixlstash.text";

export class Texts {
  lines = $state.raw<readonly TextLineInfo[]>([]);
  shown = $state(kept());
  picture = $state(0);
  /** Its lines were asked for and are here. */
  ready = $state(false);

  /** All of its text, a line each. */
  readonly text = $derived([...new Set(this.lines.map(({ text }) => text))].join("\n"));

  toggle(): void {
    this.shown = !this.shown;
    try {
      localStorage.setItem(KEPT, this.shown ? "shown" : "hidden");
    } catch {
      // private windows may refuse: then it holds until the page is left
    }
  }

  /** Read it, if it is to be shown: most people look at pictures without. */
  async read(picture: number): Promise<void> {
    if (picture !== this.picture) {
      this.lines = [];
      this.ready = false;
    }
    this.picture = picture;
    if (!this.shown) return;
    const answer = await call("picture_text", { id: picture }).catch(() => null);
    if (!answer || picture !== this.picture) return;
    this.lines = answer.lines;
    this.ready = true;
  }
}

function kept(): boolean {
  try {
    return localStorage.getItem(KEPT) === "shown";
  } catch {
    return false;
  }
}
