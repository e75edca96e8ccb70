/** The files in a drop, those in dropped folders too. */

/** What a system leaves in folders for itself. */
const NOISE = /^(\..*|thumbs\.db|desktop\.ini)$/i;

export interface Found {
  file: File;
  /** With the folders it was dropped in. */
  path: string;
}

/**
 * Hand over what lies in a drop as it is found. Call it within the event: the drop's data is gone afterwards.
 * `unread` hears the path of what the browser may not read.
 */
export async function dropped(data: DataTransfer, take: (found: Found[]) => void, unread: (path: string) => void) {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  take(entries.filter((entry) => entry instanceof File).map((file) => ({ file, path: file.name })));
  for (const entry of entries) if (entry && !(entry instanceof File)) await walk(entry, take, unread);
}

/** Files chosen in a dialog; those of a chosen folder know their path in it. */
export function chosen(files: Iterable<File>): Found[] {
  return [...files]
    .filter((file) => !file.webkitRelativePath || !noise(file.webkitRelativePath))
    .map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

function noise(path: string): boolean {
  return path.split("/").some((part) => NOISE.test(part));
}

async function walk(top: FileSystemEntry, take: (found: Found[]) => void, unread: (path: string) => void) {
  const waiting = [top];
  for (let entry = waiting.pop(); entry; entry = waiting.pop()) {
    const path = entry.fullPath.replace(/^\//, "");
    try {
      if (entry.isFile) {
        if (entry === top || !NOISE.test(entry.name)) take([{ file: await read(entry as FileSystemFileEntry), path }]);
      } else if (entry === top || !NOISE.test(entry.name)) {
        waiting.push(...(await list(entry as FileSystemDirectoryEntry)).reverse());
      }
    } catch {
      unread(path);
    }
  }
}

function read(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((give, fail) => entry.file(give, fail));
}

async function list(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    // a reader gives a hundred at a time, and none at its end
    const some = await new Promise<FileSystemEntry[]>((give, fail) => reader.readEntries(give, fail));
    if (some.length === 0) return all.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
    all.push(...some);
  }
}
