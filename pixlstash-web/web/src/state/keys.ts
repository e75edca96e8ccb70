/** One registry of keys: it feeds the handler and the `?` sheet, so neither knows a key that the other does not. */

/** "both" is everywhere. */
export type Where = "grid" | "viewer" | "review" | "page" | "both";

export interface Binding {
  /** As `KeyboardEvent.key` names it, e.g. "Enter", "ArrowLeft", "u", "?", "4". Letters in lower case. */
  key: string;
  /** Ctrl, or ⌘ on a Mac. */
  ctrl?: boolean;
  shift?: boolean;
  alt?: boolean;
  where: Where;
  /** What it does, for the sheet. Bindings of one group with the same label share a line there. */
  label: string;
  group: string;
  /** What this key alone does, where several share a label. */
  does?: string;
  /** Also while somebody types into a field. */
  anywhere?: boolean;
  /** It changes the pictures that are chosen, focused or pointed at. */
  changes?: boolean;
  /** False where a key must stay the browser's own after all. */
  run(event: KeyboardEvent): boolean | void;
}

/** What a key press asks for, independent of the layout's way to type it. */
export interface Press {
  key: string;
  ctrl: boolean;
  shift: boolean;
}

const NAMED: Readonly<Record<string, string>> = {
  Backspace: "Delete",
  Add: "+",
  Subtract: "-",
  "=": "+",
  Spacebar: " ",
};

/** Shift+4 types "$" here and "¤" there, and "4" in France: the digits of scores are told by their place. */
export function pressed(event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "shiftKey">): Press {
  const digit = /^(?:Digit|Numpad)([0-5])$/.exec(event.code);
  const named = event.key.length > 1;
  const ctrl = event.ctrlKey || event.metaKey;
  if (digit?.[1] && !named) return { key: digit[1], ctrl, shift: event.shiftKey };
  const key = NAMED[event.key] ?? (named ? event.key : event.key.toLowerCase());
  const symbol = !named && event.key.toLowerCase() === event.key.toUpperCase() && event.key !== " ";
  return { key, ctrl, shift: event.shiftKey && !symbol };
}

/** Keys less than this many milliseconds apart are one burst of typing. */
const BURST = 150;
/** Keys that edit text, and keys that only modify or compose the next character. */
const EDITS: ReadonlySet<string> = new Set(["Enter", "Backspace", "Delete"]);
const SILENT: ReadonlySet<string> = new Set(["Shift", "CapsLock", "AltGraph", "Dead", "Process", "Unidentified"]);

export class Keys {
  /** Where the reader is; null switches every key off. */
  where: Exclude<Where, "both"> | null = null;
  /** Time of the last key of a burst that began in a text field, in ms since the page began. */
  #typed = -Infinity;
  /** The field it began in. */
  #field: HTMLElement | null = null;
  readonly #bindings: Binding[] = [];

  /** Register; returns how to take it back. A later binding wins over an earlier one for the same press. */
  add(...bindings: Binding[]): () => void {
    this.#bindings.push(...bindings);
    return () => {
      for (const binding of bindings) {
        const at = this.#bindings.indexOf(binding);
        if (at >= 0) this.#bindings.splice(at, 1);
      }
    };
  }

  /** What there is to press, in order of registration. */
  list(): readonly Binding[] {
    return this.#bindings;
  }

  find(press: Press, alt = false): Binding | undefined {
    return this.#bindings.findLast(
      (binding) =>
        binding.key === press.key &&
        Boolean(binding.ctrl) === press.ctrl &&
        Boolean(binding.shift) === press.shift &&
        Boolean(binding.alt) === alt &&
        (binding.where === "both" || binding.where === this.where),
    );
  }

  /**
   * See every key press before anything else does. A text field may go away while somebody types, as a dialog does on
   * Enter: the rest of a burst that began in it is dropped, because each letter of it would be a command.
   */
  watch = (event: KeyboardEvent): void => {
    const continues = event.timeStamp - this.#typed < BURST;
    const { key } = event;
    if (isTextField(event.target)) {
      this.#typed = key === "Escape" || key === "Tab" ? -Infinity : event.timeStamp;
      this.#field = event.target;
    } else if (continues && SILENT.has(key)) {
      this.#typed = event.timeStamp;
    } else if (continues && !this.#field?.checkVisibility() && (isCharacter(event) || EDITS.has(key))) {
      this.#typed = event.timeStamp;
      event.preventDefault();
      event.stopImmediatePropagation();
    } else {
      this.#typed = -Infinity;
    }
  };

  /** A pointer press is deliberate: keys after it are, too. */
  pressed = (): void => {
    this.#typed = -Infinity;
  };

  /** Handle a key press anywhere on the page. */
  handle = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || !this.where || covered()) return;
    const binding = this.find(pressed(event), event.altKey);
    if (binding && !binding.anywhere && typing(event.target)) return;
    if (binding && binding.run(event) !== false) event.preventDefault();
  };
}

/** A letter, digit or sign that is typed, not one that a modifier turns into a command. */
function isCharacter(event: KeyboardEvent): boolean {
  if ([...event.key].length !== 1) return false;
  return event.getModifierState("AltGraph") || !(event.ctrlKey || event.metaKey || event.altKey);
}

function isTextField(target: EventTarget | null): target is HTMLElement {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest("textarea, [contenteditable=true]")) return true;
  const input = target.closest("input");
  return input !== null && !["checkbox", "radio", "button", "submit", "range", "file", "color"].includes(input.type);
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.closest("select") !== null || isTextField(target));
}

/** A dialog or menu is in front. */
function covered(): boolean {
  return document.querySelector("dialog:modal:not([data-keys]), .menu:popover-open") !== null;
}

export const keys = new Keys();
