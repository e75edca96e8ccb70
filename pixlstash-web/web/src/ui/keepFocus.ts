/** Keep Tab inside an element that covers what lies below. */
export function keepFocus(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  if (event.key !== "Tab") return;
  const frame = event.currentTarget;
  const stops = [...frame.querySelectorAll<HTMLElement>("button, input, a[href], [tabindex='0']")].filter(
    (one) => one.tabIndex >= 0 && !one.hasAttribute("disabled") && one.checkVisibility(),
  );
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  const outside = document.activeElement === frame && event.shiftKey;
  if (!edge || (document.activeElement !== edge && !outside)) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
}
