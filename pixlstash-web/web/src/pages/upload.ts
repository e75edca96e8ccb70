import { ApiError, query, request } from "../api/client";
import type { Uploaded } from "../api/types";

/** How far a drop of pictures has come. */
export interface Progress {
  total: number;
  done: number;
  imported: number;
  duplicates: number;
  /** Names with the reason why not. */
  refused: { name: string; reason: string }[];
}

const AT_ONCE = 3;
/** A dropped folder is read this deep; deeper ones are likelier a mistake than pictures. */
const DEPTH = 16;

/** The files in a drop, those in dropped folders too. Call it within the event: its data is gone afterwards. */
export async function dropped(data: DataTransfer): Promise<File[]> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found: File[] = [];
  for (const entry of entries) {
    if (entry instanceof File) found.push(entry);
    else if (entry) await collect(entry, found, 0);
  }
  return found;
}

async function collect(entry: FileSystemEntry, into: File[], depth: number): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((give, fail) => (entry as FileSystemFileEntry).file(give, fail));
    if (!file.name.startsWith(".")) into.push(file);
    return;
  }
  if (depth >= DEPTH) return;
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // a reader gives a hundred at a time, and none at its end
    const some = await new Promise<FileSystemEntry[]>((give, fail) => reader.readEntries(give, fail));
    if (some.length === 0) return;
    for (const one of some) await collect(one, into, depth + 1);
  }
}

/** Send `files`, a few at once; `tell` hears after each. @throws ApiError where the server takes none at all */
export async function upload(files: readonly File[], tell: (progress: Progress) => void): Promise<Progress> {
  let progress: Progress = { total: files.length, done: 0, imported: 0, duplicates: 0, refused: [] };
  const waiting = files.values();
  const count = (name: string, result: Uploaded) => {
    const taken = result.status === "imported" ? 1 : 0;
    const known = result.status === "duplicate" || result.status === "scrapheaped" ? 1 : 0;
    const refused = taken || known ? [] : [{ name, reason: result.reason ?? "refused" }];
    progress = {
      total: progress.total,
      done: progress.done + 1,
      imported: progress.imported + taken,
      duplicates: progress.duplicates + known,
      refused: [...progress.refused, ...refused],
    };
    tell(progress);
  };
  const lane = async () => {
    for (const file of waiting) count(file.name, await post(file));
  };
  tell(progress);
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return progress;
}

async function post(file: File): Promise<Uploaded> {
  try {
    const init = { method: "POST", body: file, headers: { "Content-Type": file.type || "application/octet-stream" } };
    const response = await request(`/uploads${query({ name: file.name })}`, init);
    return (await response.json()) as Uploaded;
  } catch (error) {
    // One file may be too large or broken; without rights or server none will pass.
    if (!(error instanceof ApiError) || [0, 401, 403, 507].includes(error.status)) throw error;
    return { status: "refused", id: null, reason: error.detail };
  }
}
