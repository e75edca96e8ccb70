/** What a reader says of faces: whose they are, whose not, and by which a character is told. */
import type { Answering, Asks } from "../api/client";
import type { Done, FaceInfo } from "../api/schema";
import { type Option, picker } from "../dialogs/picker.svelte";
import { people } from "../dialogs/choices";
import { organize } from "../state/actions";
import { library } from "../state/library.svelte";
import { counted } from "../ui/format";
import { type Box, named } from "./boxes";

/** A character by its id, or a name that is made when it is new. */
export type Who = { character: number } | { name: string };

/** Whether something was done, and the sidebar with it. */
async function say<N extends Answering<Done>>(name: N, args: Asks<N>): Promise<boolean> {
  const done = await organize(name, args);
  if (done) await library.refresh();
  return done !== null;
}

export function assign(faces: readonly FaceInfo[], who: Who): Promise<boolean> {
  return say("assign_faces", { ...named(faces), ...who });
}

export function reject(faces: readonly FaceInfo[], character: number): Promise<boolean> {
  return say("reject_faces", { ...named(faces), character });
}

/** Say nothing of them any longer; what was drawn goes. */
export function forget(faces: readonly FaceInfo[]): Promise<boolean> {
  return say("forget_faces", named(faces));
}

export function refer(faces: readonly FaceInfo[], yes: boolean): Promise<boolean> {
  return say("refer_faces", { ...named(faces), yes });
}

export function draw(picture: number, box: Box, who: Who, time: number | null = null): Promise<boolean> {
  return say("draw_face", { picture, box, ...(time !== null && { time }), ...who });
}

export function merge(ids: readonly number[], into: number): Promise<boolean> {
  return say("merge_characters", { ids, into });
}

/** Ask who it is, with completion, and go on with the answer. */
export function ask(
  title: string,
  verb: string,
  then: (who: Who) => unknown,
  { without = null, near }: { without?: number | null; near?: DOMRect } = {},
): void {
  picker.open({
    title,
    near,
    ...people(without),
    verbs: { plain: verb },
    pick: ([option]) => void (option && then(whoOf(option))),
  });
}

/** Ask whose some faces are, and say so. */
export function askWho(
  faces: readonly FaceInfo[],
  then: (said: boolean) => unknown = () => undefined,
  near?: DOMRect,
): void {
  const title = faces.length === 1 ? "Who is this?" : `Who is in ${counted(faces.length, "face")}?`;
  ask(title, "says so", async (who) => then(await assign(faces, who)), { near });
}

function whoOf(option: Option): Who {
  return option.entry ? { character: option.entry.id } : { name: option.label };
}
