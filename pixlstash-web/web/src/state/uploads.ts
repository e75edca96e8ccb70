/** Files brought to the page: sent one by one, counted in a toast, and told what became of them. */
import { ApiError } from "../api/client";
import { type Progress, upload } from "../pages/upload";
import { count, counted } from "../ui/format";
import { LONG, toasts } from "../ui/toasts.svelte";
import { library } from "./library.svelte";

/** Add files to the library. */
export async function add(files: readonly File[]): Promise<void> {
  if (!files.length) return;
  const key = toasts.add({ text: `Adding ${counted(files.length, "file")}`, progress: 0 });
  let progress: Progress | null = null;
  try {
    await upload(files, (now) => {
      progress = now;
      toasts.change(key, { text: `Adding ${count(now.done)} of ${count(now.total)}`, progress: now.done / now.total });
    });
  } catch (error) {
    const why = error instanceof ApiError ? error.detail : "the files could not be read";
    toasts.bad(
      `Adding stopped after ${count((progress as Progress | null)?.done ?? 0)} of ${count(files.length)}: ${why}`,
    );
  } finally {
    toasts.drop(key);
    library.recount();
  }
  if (progress) report(progress);
}

function report({ imported, duplicates, refused, done, total }: Progress): void {
  if (done < total) return;
  const parts = [
    imported || !duplicates ? `${counted(imported, "picture")} added` : "",
    duplicates ? `${count(duplicates)} here already` : "",
    refused.length ? `${count(refused.length)} refused` : "",
  ].filter(Boolean);
  const first = refused[0];
  const text = parts.join(", ") + (first ? `: ${first.name}: ${first.reason}` : "");
  toasts.add({ text, bad: refused.length > 0, seconds: refused.length ? 2 * LONG : LONG });
}
