/** The one box in which something is chosen by its name: whoever needs it says what there is and what becomes of it. */
import type { Entry } from "../sidebar/rows";

export interface Option {
  key: string;
  label: string;
  /** Said behind it, receding. */
  hint?: string;
  entry?: Entry;
  /** Nothing is called so yet: choosing it makes it. */
  fresh?: boolean;
}

/** How it was chosen: by Enter alone, or with a key held. */
export type How = "plain" | "ctrl" | "shift";

export interface Choice {
  title: string;
  placeholder: string;
  /** What is called something like `text`, the best first; for an empty text, what was used last. */
  find(text: string, signal: AbortSignal): readonly Option[] | Promise<readonly Option[]>;
  /** What each way to choose does, in words. */
  verbs: Partial<Record<How, string>> & { plain: string };
  /** Several can be named, with commas between them. */
  several?: boolean;
  pick(options: readonly Option[], how: How): void;
}

class Picker {
  choice = $state.raw<Choice | null>(null);

  open(choice: Choice): void {
    this.choice = choice;
  }

  close(): void {
    this.choice = null;
  }
}

export const picker = new Picker();
