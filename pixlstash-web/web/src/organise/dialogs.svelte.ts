/** The pictures that a dialog is about, if one is open: their dates, their descriptions, or what of them to stack. */
import type { Selected } from "../state/actions";

class Dialogs {
  dates = $state.raw<Selected | null>(null);
  captions = $state.raw<Selected | null>(null);
  /** `chosen`: null where nothing was chosen. */
  stacks = $state.raw<{ chosen: Selected | null } | null>(null);
}

export const dialogs = new Dialogs();
