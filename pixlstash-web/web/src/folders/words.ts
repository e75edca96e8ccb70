/** What is said about a folder. */
import type { FolderSize, ReferenceFolder, SidecarField } from "../api/schema";
import { ago, bytes, counted } from "../ui/format";

/** `12,431 files, 88 GB`. */
export function sizeOf({ files, bytes: size, complete }: FolderSize): string {
  return `${complete ? "" : "At least "}${counted(files, "file")}, ${bytes(size)}`;
}

export const FIELDS: Record<SidecarField, string> = {
  tags: "Tags",
  caption: "Description",
  rating: "Rating",
  faces: "Faces",
};

/** `txt and xmp sidecars are read and written`; empty without a policy. */
export function sidecarsOf({ sidecars }: ReferenceFolder): string {
  const { mode, formats, mirror } = sidecars;
  if (mode === "none") return "";
  const used = { read: "read", write: "read and written", mirror: `read, and written to ${mirror}` }[mode];
  return `${formats.join(" and ")} sidecars are ${used}`;
}

/** How changes of a folder are noticed, and when it was last scanned. */
export function watched({ watch, watching, note, scanned }: ReferenceFolder): string {
  const seen = scanned ? `scanned ${ago(scanned)}` : "not scanned yet";
  if (!watch) return `Not watched · ${seen}`;
  if (watching === "polling") return `Scanned periodically. ${note}`;
  return watching === "live" ? `Watched live · ${seen}` : `Not watched now · ${seen}`;
}
