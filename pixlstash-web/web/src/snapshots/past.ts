/** Ways into the library as it was in a snapshot, and out of it. */
import type { Snapshot } from "../api/snapshots";
import { type Place, write } from "../state/address";

const TOP: Place = { q: "", sort: "", at: null, open: null, size: null, mode: null };

/** The address of the library as it was then. */
export function pastOf({ id }: Pick<Snapshot, "id">): string {
  return write({ ...TOP, asof: id });
}

/** The address of the same view now. */
export function presentOf({ q, sort }: Pick<Place, "q" | "sort">): string {
  return write({ ...TOP, q, sort });
}

/** The address of a restore point on the page of snapshots. */
export function pointOf(id: number): string {
  return write({ ...TOP, page: "snapshots", about: String(id) });
}
