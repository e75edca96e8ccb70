/** The pictures that a dialog is about, if one is open: their dates, or their descriptions. */
import type { Selected } from "../state/actions";

class Dialogs {
  dates = $state.raw<Selected | null>(null);
  captions = $state.raw<Selected | null>(null);
}

export const dialogs = new Dialogs();
