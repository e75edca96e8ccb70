/** One stop for Tab in a group of buttons; arrows, Home and End go about in it. */
export function roving(group: HTMLElement): () => void {
  const buttons = () => [...group.querySelectorAll<HTMLButtonElement>("button[data-bar]")];

  const settle = (current?: HTMLButtonElement) => {
    const all = buttons();
    const stop = current ?? all.find((one) => one.tabIndex === 0) ?? all[0];
    for (const one of all) one.tabIndex = one === stop ? 0 : -1;
  };

  const onkeydown = (event: KeyboardEvent) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowRight: at + 1,
      ArrowUp: at - 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: all.length - 1,
    };
    const to = steps[event.key];
    if (at < 0 || to === undefined) return;
    const next = all[Math.min(all.length - 1, Math.max(0, to))];
    settle(next);
    next?.focus();
    event.preventDefault();
  };
  const onfocusin = (event: FocusEvent) => {
    if (event.target instanceof HTMLButtonElement && event.target.dataset.bar !== undefined) settle(event.target);
  };

  // bars come and go with the view
  const observer = new MutationObserver(() => settle());
  observer.observe(group, { childList: true, subtree: true });
  group.addEventListener("keydown", onkeydown);
  group.addEventListener("focusin", onfocusin);
  settle();
  return () => {
    observer.disconnect();
    group.removeEventListener("keydown", onkeydown);
    group.removeEventListener("focusin", onfocusin);
  };
}
