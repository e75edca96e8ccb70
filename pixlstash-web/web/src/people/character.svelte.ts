/** A character: its faces, by which of them it is told, and who else may be it. */
import { call } from "../api/client";
import type { CharacterFaces, MaybeCharacter } from "../api/schema";
import { organize } from "../state/actions";
import { Resource } from "../state/resource.svelte";
import { library } from "../state/library.svelte";
import { assign, reject } from "./decisions";

interface Known {
  known: CharacterFaces;
  maybe: readonly MaybeCharacter[];
}

export class Character extends Resource<Known> {
  constructor(readonly id: number) {
    super();
  }

  get known(): CharacterFaces | null {
    return this.answer?.known ?? null;
  }

  get maybe(): readonly MaybeCharacter[] | null {
    return this.answer?.maybe ?? null;
  }

  async read(): Promise<void> {
    await this.ask(async (signal) => {
      const [known, maybe] = await Promise.all([
        call("character_faces", { id: this.id }, signal),
        library.readonly ? [] : call("suggest_character", { id: this.id, limit: 60 }, signal),
      ]);
      return { known, maybe };
    });
  }

  /** Say whether it is; the card leaves at once, and comes back where that could not be said. */
  async decide(one: MaybeCharacter, yes: boolean): Promise<void> {
    const before = this.answer;
    if (before) this.answer = { ...before, maybe: before.maybe.filter((other) => other !== one) };
    const done = await this.#say(one, yes);
    if (!done) this.answer = before;
    else if (!this.maybe?.length) await this.read();
  }

  async #say({ face, picture }: MaybeCharacter, yes: boolean): Promise<boolean> {
    if (face) return yes ? assign([face], { character: this.id }) : reject([face], this.id);
    const done = await organize(yes ? "add_to_character" : "take_from_character", { id: this.id, ids: [picture.id] });
    if (done) await library.refresh();
    return done !== null;
  }
}
