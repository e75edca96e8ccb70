/** Faces that may be a character's, as a queue. */
import { call } from "../api/client";
import type { MaybeCharacter } from "../api/schema";
import { named } from "../people/boxes";
import { organize } from "../state/actions";
import { library } from "../state/library.svelte";
import { hiding } from "../state/hiding.svelte";
import { AT_ONCE, type Source } from "./queue.svelte";

export const suggestedFaces: Source<MaybeCharacter> = {
  subjects: async () => {
    const characters = await call("review_characters", { limit: 200, veil: hiding.parameter });
    return characters.map(({ id, ...rest }) => ({ key: String(id), ...rest }));
  },
  of: async (key, subject) => {
    const found = await call("review_faces", { character: Number(key), limit: AT_ONCE, veil: hiding.parameter });
    const name = subject?.name ?? library.sidebar?.characters.find(({ id }) => String(id) === key)?.name ?? "";
    return { name, waiting: subject?.waiting ?? found.length, found };
  },
  say: async (key, ones, yes) => {
    const faces = named(ones.flatMap(({ face }) => face ?? []));
    const done = await organize("decide_faces", { character: Number(key), [yes ? "yes" : "no"]: faces });
    if (done) await library.refresh();
    return done !== null;
  },
};
