/** The faces of the open picture: whether they are shown, which has the focus, and drawing one by hand. */
import { library } from "../state/library.svelte";
import { call } from "../api/client";
import type { FaceInfo } from "../api/schema";
import { type Box, keyOf } from "../people/boxes";
import { type Who, ask, askWho, draw, forget, reject } from "../people/decisions";

const KEPT = "pixlstash.faces";

export class Faces {
  list = $state.raw<readonly FaceInfo[]>([]);
  shown = $state(kept());
  /** A box is being drawn by hand. */
  drawing = $state(false);
  /** Key of the one that has the focus, or is pointed at in the list. */
  current = $state<string | null>(null);
  picture = $state(0);

  toggle(shown = !this.shown): void {
    this.shown = shown;
    this.drawing = false;
    try {
      localStorage.setItem(KEPT, shown ? "shown" : "hidden");
    } catch {
      // private windows may refuse: then it holds until the page is left
    }
  }

  async read(picture: number): Promise<void> {
    if (picture !== this.picture) {
      this.list = [];
      this.drawing = false;
      this.current = null;
    }
    this.picture = picture;
    if (library.past) return; // who is in pictures is told of now only
    const found = await call("picture_faces", { id: picture }).catch(() => null);
    if (found && picture === this.picture) this.list = found;
  }

  at(key: string | null | undefined): FaceInfo | undefined {
    return this.list.find((face) => keyOf(face) === key);
  }

  /** The one that keys are about. */
  get focused(): FaceInfo | undefined {
    const box = document.activeElement?.closest<HTMLElement>("[data-face]");
    return this.at(box?.dataset.face);
  }

  who(face: FaceInfo): void {
    const box = document.querySelector(`.viewer [data-face="${keyOf(face)}"]`);
    askWho([face], () => this.read(face.picture), box?.getBoundingClientRect());
  }

  /** It is not who it is said to be; what was drawn by hand goes. */
  async not(face: FaceInfo): Promise<void> {
    if (face.id === null) await forget([face]);
    else if (face.character !== null) await reject([face], face.character);
    else return;
    await this.read(face.picture);
  }

  async forget(face: FaceInfo): Promise<void> {
    if (face.said === null) return;
    await forget([face]);
    await this.read(face.picture);
  }

  /** @param near where it is on the screen */
  drawn(box: Box, time: number | null, near: DOMRect): void {
    const picture = this.picture;
    this.drawing = false;
    const then = async (who: Who) => {
      await draw(picture, box, who, time);
      await this.read(picture);
    };
    ask("Who is this?", "says so", then, { near });
  }
}

function kept(): boolean {
  try {
    return localStorage.getItem(KEPT) === "shown";
  } catch {
    return false;
  }
}
