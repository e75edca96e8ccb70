/** How the files of an import folder are imported, as a form has it and as the server takes it. */
import type { CaptionMeaning, CaptionRule, ImportFolder, ImportRule, SubfoldersAs } from "../api/schema";
import { ago, counted } from "../ui/format";

/** A rule in a form: tags are separated by commas. */
export interface RuleDraft {
  below: string;
  tags: string;
  set: number | null;
  project: number | null;
}

export interface ImportDraft {
  delete: boolean;
  subfolders: SubfoldersAs;
  ignore: string;
  /** The first one is for all pictures. */
  rules: RuleDraft[];
  captions: CaptionRule[];
}

export type ImportOptions = Pick<ImportFolder, "delete" | "subfolders" | "ignore" | "rules" | "captions">;

export const emptyRule = (): RuleDraft => ({ below: "", tags: "", set: null, project: null });

const list = (text: string) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);

export function draftOf(options?: ImportOptions): ImportDraft {
  const rules = (options?.rules ?? []).map(({ below, tags, set, project }) => ({
    below,
    tags: tags.join(", "),
    set,
    project,
  }));
  const all = rules.findIndex(({ below }) => !below);
  const [general] = all < 0 ? [emptyRule()] : rules.splice(all, 1);
  return {
    delete: options?.delete ?? false,
    subfolders: options?.subfolders ?? "nothing",
    ignore: (options?.ignore ?? []).join(", "),
    rules: [general ?? emptyRule(), ...rules],
    captions: [...(options?.captions ?? [])],
  };
}

export function optionsOf(draft: ImportDraft): ImportOptions {
  const rules: ImportRule[] = draft.rules
    .map(({ below, tags, set, project }) => ({ below: below.trim(), tags: list(tags), set, project }))
    .filter(({ tags, set, project }) => tags.length > 0 || set !== null || project !== null);
  return {
    delete: draft.delete,
    subfolders: draft.subfolders,
    ignore: list(draft.ignore),
    rules,
    captions: draft.captions,
  };
}

/** What happens with the files of an import folder, and when it was scanned. */
export function imported(folder: ImportFolder): string {
  const files = folder.delete ? "files are deleted after import" : "files stay";
  const seen = folder.scanned ? `scanned ${ago(folder.scanned)}` : "not scanned yet";
  const how =
    folder.watching === "live"
      ? "Watched live"
      : folder.watching === "polling"
        ? "Scanned periodically"
        : "Not watched";
  return `${how} · ${files} · ${seen}`;
}

/** `2 files refused, 1 not deleted`; empty without problems. */
export function trouble({ refused, left }: ImportFolder): string {
  const parts = [];
  if (refused) parts.push(`${counted(refused, "file")} refused`);
  if (left) parts.push(`${left} not deleted`);
  return parts.join(", ");
}

/** What files with a suffix are, as people chose; empty if they did not. */
export function chosenMeaning(captions: readonly CaptionRule[], suffix: string): CaptionMeaning | "" {
  return captions.find((rule) => rule.suffix === suffix)?.means ?? "";
}

/** The rules with another choice for a suffix. */
export function withMeaning(captions: readonly CaptionRule[], suffix: string, means: string): CaptionRule[] {
  const others = captions.filter((rule) => rule.suffix !== suffix);
  return means ? [...others, { suffix, means: means as CaptionMeaning }] : others;
}
