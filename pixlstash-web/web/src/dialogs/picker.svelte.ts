/** The one box in which something is chosen by its name: whoever needs it says what there is and what becomes of it. */
import type { Entry } from "../sidebar/rows";
import type { IconName } from "../ui/icons";

export interface Option {
  key: string;
  label: string;
  /** Said behind it, receding. */
  hint?: string;
  entry?: Entry;
  icon?: IconName;
  /** What is pressed for it elsewhere. */
  keys?: string;
  /** Nothing is called so yet: choosing it makes it. */
  fresh?: boolean;
}

/** How it was chosen: by Enter alone, or with a key held. */
export type How = "plain" | "ctrl" | "shift";

export interface Choice {
  title: string;
  /** What it is about on the screen: the box opens beside it. */
  near?: DOMRect;
  placeholder: string;
  /** What is called something like `text`, the best first; for an empty text, what was used last. */
  find(text: string, signal: AbortSignal): readonly Option[] | Promise<readonly Option[]>;
  /** What each way to choose does, in words. */
  verbs: Partial<Record<How, string>> & { plain: string };
  /** It stays open for one choice after the other, and lists what was done. A comma chooses like Enter. */
  several?: boolean;
  /** Do it. Answers false where it could not be done. */
  pick(options: readonly Option[], how: How): Promise<boolean | void> | void;
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
