/** The pictures of a download or export, and what the file with them is called. */
import type { Selected } from "../state/actions";

export interface Chosen {
  pictures: Selected;
  /** Of a set, character, project or query; "pictures" for a selection. */
  name: string;
}
