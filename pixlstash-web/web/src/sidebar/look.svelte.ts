/** The entry whose looks and note are being edited, if any: one dialog for all. */
import type { Entry } from "./rows";

class Look {
  entry = $state.raw<Entry | null>(null);
}

export const look = new Look();

export function lookOf(entry: Entry): void {
  look.entry = entry;
}
