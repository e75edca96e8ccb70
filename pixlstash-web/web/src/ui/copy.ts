/** Put text and pictures on the clipboard, also where the page was opened over plain http. */

/** Why a picture could not be copied; `sentence` is for people. */
export class CopyError extends Error {
  constructor(readonly sentence: string) {
    super(sentence);
  }
}

/**
 * Copy `text`. Browsers hide the clipboard from pages opened over plain http, except on this machine; there a hidden
 * text area and the old copy command still work. `within` holds that text area: inside a dialog that keeps focus.
 * Answers whether it was copied.
 */
export async function copyText(text: string, within: HTMLElement = document.body): Promise<boolean> {
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard?.writeText) {
    try {
      await clipboard.writeText(text);
      return true;
    } catch {
      // refused (no focus, no permission): the old way may still do it
    }
  }
  return copyByCommand(text, within);
}

function copyByCommand(text: string, within: HTMLElement): boolean {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true; // no keyboard pops up on a phone
  area.setAttribute("aria-hidden", "true");
  Object.assign(area.style, { position: "fixed", top: "0", left: "0", opacity: "0" });
  within.append(area);
  try {
    area.focus({ preventScroll: true });
    area.setSelectionRange(0, text.length);
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}

/** Whether this page may copy pictures at all; a sentence why not, or null. */
export function whyNoPictureCopy(): string | null {
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard?.write && typeof ClipboardItem !== "undefined") return null;
  return window.isSecureContext
    ? "This browser cannot copy pictures."
    : "Browsers let a page copy pictures only over https or on this machine.";
}

/**
 * Copy what `image` shows, of a video the frame on the screen, as PNG: the one picture format every clipboard takes.
 * @throws CopyError with a sentence for people
 */
export async function copyPicture(image: HTMLImageElement | HTMLVideoElement): Promise<void> {
  const why = whyNoPictureCopy();
  if (why) throw new CopyError(why);
  try {
    // The promise goes in unresolved: Safari forgets the key press while we encode.
    await navigator.clipboard.write([new ClipboardItem({ "image/png": encode(image) })]);
  } catch (error) {
    if (error instanceof CopyError) throw error;
    throw new CopyError("The browser refused to copy the picture.");
  }
}

function encode(image: HTMLImageElement | HTMLVideoElement): Promise<Blob> {
  const canvas = document.createElement("canvas");
  const moving = image instanceof HTMLVideoElement;
  canvas.width = moving ? image.videoWidth : image.naturalWidth;
  canvas.height = moving ? image.videoHeight : image.naturalHeight;
  const context = canvas.getContext("2d");
  return new Promise((resolve, reject) => {
    const fail = () => reject(new CopyError("The picture is too large to copy."));
    if (!context || !canvas.width || !canvas.height) return fail();
    context.drawImage(image, 0, 0);
    canvas.toBlob((blob) => (blob ? resolve(blob) : fail()), "image/png");
  });
}
