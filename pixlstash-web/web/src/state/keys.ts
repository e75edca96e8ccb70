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

export class Keys {
  /** Where the reader is; null switches every key off. */
  where: Exclude<Where, "both"> | null = null;
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

  /** Handle a key press anywhere on the page. */
  handle = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || !this.where || busy(event.target)) return;
    const binding = this.find(pressed(event), event.altKey);
    if (binding && binding.run(event) !== false) event.preventDefault();
  };
}

/** Someone is typing, or a dialog or menu is in front. */
function busy(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest("textarea, select, [contenteditable=true]")) return true;
  const input = target.closest("input");
  if (input && !["checkbox", "radio", "button", "range"].includes(input.type)) return true;
  return document.querySelector("dialog:modal:not([data-keys]), .menu:popover-open") !== null;
}

export const keys = new Keys();
