/** A character: its faces, by which of them it is told, and who else may be it. */
import { get, query } from "../api/client";
import type { CharacterFaces, MaybeCharacter } from "../api/people";
import type { Done } from "../api/types";
import { because } from "../engines/engines.svelte";
import { organise } from "../state/actions";
import { library } from "../state/library.svelte";
import { assign, reject } from "./saying";

export class Character {
  known = $state.raw<CharacterFaces | null>(null);
  maybe = $state.raw<readonly MaybeCharacter[] | null>(null);
  problem = $state<string | null>(null);

  constructor(readonly id: number) {}

  async read(): Promise<void> {
    try {
      const [known, maybe] = await Promise.all([
        get<CharacterFaces>(`/characters/${this.id}/faces`),
        library.readonly ? [] : get<MaybeCharacter[]>(`/characters/${this.id}/suggestions${query({ limit: 60 })}`),
      ]);
      this.known = known;
      this.maybe = maybe;
      this.problem = null;
    } catch (error) {
      this.problem = because(error);
    }
  }

  /** Say whether it is; the card leaves at once, and comes back where that could not be said. */
  async decide(one: MaybeCharacter, yes: boolean): Promise<void> {
    const before = this.maybe;
    this.maybe = before?.filter((other) => other !== one) ?? null;
    const done = await this.#say(one, yes);
    if (!done) this.maybe = before;
    else if (!this.maybe?.length) await this.read();
  }

  async #say({ face, picture }: MaybeCharacter, yes: boolean): Promise<boolean> {
    if (face) return yes ? assign([face], { character: this.id }) : reject([face], this.id);
    const path = `/characters/${this.id}/${yes ? "add" : "take"}`;
    const done = await organise<Done>("POST", path, { ids: [picture.id] });
    if (done) await library.refresh();
    return done !== null;
  }
}
