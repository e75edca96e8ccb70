/** What engines are called and where they stand, in words. */
import type { Agreement, EngineInfo, Policy, Rehearsal, Tagging, UninstalledEngine } from "../api/schema";
import { bytes, counted } from "../ui/format";
import type { IconName } from "../ui/icons";

/** What an engine makes. */
export type OutputKind = "tag" | "caption" | "vector" | "face" | "region" | "measure" | "text";

/** The kinds in the order of lists: heading, and what choosing one in a menu is called. */
export const KINDS: readonly { kind: OutputKind; heading: string; verb: string; icon: IconName }[] = [
  { kind: "tag", heading: "Taggers", verb: "Tag with", icon: "chip" },
  { kind: "caption", heading: "Captioners", verb: "Describe with", icon: "text" },
  { kind: "face", heading: "Face extractors", verb: "Find faces with", icon: "face" },
  { kind: "vector", heading: "Embedders", verb: "Look at with", icon: "like" },
  { kind: "text", heading: "Text readers", verb: "Read text with", icon: "text" },
  { kind: "region", heading: "Detectors", verb: "Find things with", icon: "fit" },
  { kind: "measure", heading: "Measurers", verb: "Measure with", icon: "statistics" },
];

export const POLICIES: readonly { policy: Policy; label: string }[] = [
  { policy: "all", label: "all" },
  { policy: "new", label: "new ones" },
  { policy: "asked", label: "only when asked" },
];

export const COMBINES: readonly { combine: Tagging["combine"]; label: string; means: string }[] = [
  { combine: "union", label: "any", means: "A tag counts where any of them finds it." },
  { combine: "vote", label: "most", means: "A tag counts where most of those that looked find it." },
  {
    combine: "preferred",
    label: "the preferred one",
    means: "The preferred one decides; others fill what it has not seen.",
  },
];

/** Where an engine stands. */
export interface Standing {
  word: "default" | "active" | "ready" | "set" | "fetch" | "off";
  icon: IconName;
  /** Below its name: what it costs, or where it comes from. */
  note: string;
  /** It can be run now. */
  runs: boolean;
}

const listed = (...parts: (string | false)[]) => parts.filter(Boolean).join(" · ");

/** A size in bytes; nothing where nobody knows it. */
export function sized(size: number): string {
  return size ? bytes(size) : "";
}

export function standing(engine: EngineInfo): Standing {
  const { state, license, lane } = engine;
  const net = lane === "net" && "net: asks another machine";
  if (state === "set") return { word: "set", icon: "tune", note: listed(net, engine.unset), runs: false };
  if (state === "fetch")
    return { word: "fetch", icon: "download", note: listed(net, sized(engine.size), license), runs: false };
  if (state === "allow") return { word: "off", icon: "net", note: listed(net, license), runs: false };
  const word = engine.default ? "default" : engine.active ? "active" : "ready";
  const from = engine.package === "pixlstash-core" ? "built in" : engine.package;
  return { word, icon: lane === "net" ? "net" : "chip", note: listed(net || from, license), runs: true };
}

/** The engines of a list: those that can run first, the default one of them before all, then the smaller downloads. */
export function ordered(list: readonly EngineInfo[]): EngineInfo[] {
  const rank = (engine: EngineInfo) => (standing(engine).runs ? (engine.default ? 0 : 1) : 2);
  return list.toSorted((one, other) => rank(one) - rank(other) || one.size - other.size);
}

/** What an engine that is not installed costs. */
export function priced({ size, license, lane }: UninstalledEngine): string {
  return listed(lane === "net" && "net: asks another machine", sized(size), license);
}

/** How an engine agrees with what people said: a share, null where there is none; and of what. */
export function agreed({ agreement }: Rehearsal): { share: number | null; of: string } {
  if (!agreement) return { share: null, of: "people do not say what this should be" };
  const { accepted, rejected, found, again } = agreement;
  const of = accepted + rejected;
  const [said, nothing] = SAID[agreement.of];
  return of ? { share: (found + rejected - again) / of, of: said(of) } : { share: null, of: nothing };
}

const SAID: Record<Agreement["of"], readonly [said: (count: number) => string, nothing: string]> = {
  tags: [(of) => `agree with ${counted(of, "decided tag")}`, "no tag of these was decided on yet"],
  faces: [(of) => `found of ${counted(of, "face")} drawn or named`, "no face of these was drawn or named yet"],
  words: [(of) => `found of ${counted(of, "word")} in people's captions`, "nobody wrote captions of these yet"],
};
