/** Whether the facts stand beside the picture, as the reader left them. A narrow screen is the picture's until asked. */

const KEPT = "pixlstash.info";

export function infoOpen(): boolean {
  try {
    return !narrow() && localStorage.getItem(KEPT) !== "closed";
  } catch {
    return !narrow();
  }
}

export function keepInfo(open: boolean): void {
  try {
    if (!narrow()) localStorage.setItem(KEPT, open ? "open" : "closed");
  } catch {
    // private windows may refuse: then it holds until the page is left
  }
}

function narrow(): boolean {
  return window.innerWidth <= 640;
}
