/** Going about in a menu: arrows, Home, End, and the letters an item begins with. */

/** The items of a panel itself, not of one that is open beside it. */
export function itemsOf(panel: HTMLElement): HTMLElement[] {
  return [...panel.querySelectorAll<HTMLElement>("[role^=menuitem]")].filter(
    (one) => one.closest(".menu") === panel && one.checkVisibility(),
  );
}

const PAUSE = 700;

/** Remembers what was typed in a panel a moment ago. Answers whether the key was about going. */
export function walker(): (event: KeyboardEvent, panel: HTMLElement) => boolean {
  let typed = "";
  let typedAt = 0;
  let typedIn: HTMLElement | null = null;

  function jump(key: string, all: readonly HTMLElement[], at: number): void {
    typed = Date.now() - typedAt > PAUSE ? key : typed + key;
    typedAt = Date.now();
    const order = [...all.slice(at + (typed.length === 1 ? 1 : 0)), ...all];
    order.find((one) => one.textContent?.trim().toLowerCase().startsWith(typed.toLowerCase()))?.focus();
  }

  return (event, panel) => {
    const all = itemsOf(panel);
    if (panel !== typedIn) [typed, typedIn] = ["", panel];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const go: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
    const to = go[event.key];
    const stars = document.activeElement?.closest(".stars5");
    if (stars && ["ArrowRight", "ArrowLeft"].includes(event.key)) {
      const near = event.key === "ArrowRight" ? all[at + 1] : all[at - 1];
      if (near && stars.contains(near)) near.focus();
    } else if (to !== undefined) all.at(to % all.length)?.focus();
    else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey) jump(event.key, all, at);
    else return false;
    return true;
  };
}
