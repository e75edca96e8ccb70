import { thumbnail } from "../api/images";

/** Bit of a picture's flags: a person turned it. */
const TURNED = 128;

/** What a still is asked for by: the version of all stills, and the answer of the server that a picture is shown in. */
interface Versions {
  readonly thumbnails: string;
  readonly key: string;
}

/** The address of a picture's still. One that was turned may be turned again: every answer asks for it anew. */
export function still(id: number, flags: number | undefined, { thumbnails, key }: Versions): string {
  return thumbnail(id, thumbnails, (flags ?? 0) & TURNED ? key : undefined);
}
