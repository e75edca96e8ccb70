/** Faces that may be a character's, as a queue. */
import { get, query } from "../api/client";
import type { CharacterToReview, MaybeCharacter } from "../api/people";
import type { Done } from "../api/types";
import { named } from "../people/boxes";
import { organise } from "../state/actions";
import { library } from "../state/library.svelte";
import { veiling } from "../state/veiling.svelte";
import { AT_ONCE, type Source } from "./queue.svelte";

export const suggestedFaces: Source<MaybeCharacter> = {
  subjects: async () => {
    const asked = query({ limit: 200, veil: veiling.parameter });
    const characters = await get<CharacterToReview[]>(`/review/characters${asked}`);
    return characters.map(({ id, ...rest }) => ({ key: String(id), ...rest }));
  },
  of: async (key, subject) => {
    const asked = query({ character: Number(key), limit: AT_ONCE, veil: veiling.parameter });
    const found = await get<MaybeCharacter[]>(`/review/faces${asked}`);
    const name = subject?.name ?? library.sidebar?.characters.find(({ id }) => String(id) === key)?.name ?? "";
    return { name, waiting: subject?.waiting ?? found.length, found };
  },
  say: async (key, ones, yes) => {
    const faces = named(ones.flatMap(({ face }) => face ?? []));
    const done = await organise<Done>("POST", "/review/faces", { character: Number(key), [yes ? "yes" : "no"]: faces });
    if (done) await library.refresh();
    return done !== null;
  },
};
