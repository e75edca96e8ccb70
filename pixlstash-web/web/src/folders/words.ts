/** What is said about a folder. */
import type { FolderSize, ReferenceFolder } from "../api/schema";
import { ago, bytes, counted } from "../ui/format";

/** `12,431 files, 88 GB`. */
export function sizeOf({ files, bytes: size, complete }: FolderSize): string {
  return `${complete ? "" : "At least "}${counted(files, "file")}, ${bytes(size)}`;
}

/** How changes of a folder are noticed, and when it was last scanned. */
export function watched({ watch, watching, note, scanned }: ReferenceFolder): string {
  const seen = scanned ? `scanned ${ago(scanned)}` : "not scanned yet";
  if (!watch) return `Not watched · ${seen}`;
  if (watching === "polling") return `Scanned periodically. ${note}`;
  return watching === "live" ? `Watched live · ${seen}` : `Not watched now · ${seen}`;
}
