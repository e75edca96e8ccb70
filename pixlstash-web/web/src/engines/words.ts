/** What engines are called and where they stand, in words. */
import type { Combine, EngineDetail, EngineInfo, OutputKind, Policy } from "../api/engines";
import { bytes } from "../ui/format";
import type { IconName } from "../ui/icons";

/** The kinds in the order of lists: heading, and what choosing one in a menu is called. */
export const KINDS: readonly { kind: OutputKind; heading: string; verb: string; icon: IconName }[] = [
  { kind: "tag", heading: "Taggers", verb: "Tag with", icon: "chip" },
  { kind: "caption", heading: "Captioners", verb: "Describe with", icon: "text" },
  { kind: "face", heading: "Face extractors", verb: "Find faces with", icon: "face" },
  { kind: "vector", heading: "Embedders", verb: "Look at with", icon: "like" },
  { kind: "region", heading: "Detectors", verb: "Find things with", icon: "fit" },
  { kind: "measure", heading: "Measurers", verb: "Measure with", icon: "statistics" },
];

export const POLICIES: readonly { policy: Policy; label: string }[] = [
  { policy: "all", label: "all" },
  { policy: "new", label: "new ones" },
  { policy: "asked", label: "only when asked" },
];

export const COMBINES: readonly { combine: Combine; label: string; means: string }[] = [
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
  word: "default" | "active" | "ready" | "fetch" | "ask" | "";
  icon: IconName;
  /** Below its name: what it costs, or where it comes from. */
  note: string;
  /** It can be run now. */
  runs: boolean;
}

export function isMissing(detail: EngineDetail | undefined): boolean {
  return Boolean(detail?.weights?.missing.length);
}

/** `detail`: undefined while nobody has asked for it. */
export function standing(engine: EngineInfo, detail: EngineDetail | undefined): Standing {
  const weights = detail?.weights;
  const from = engine.package === "pixlstash-core" ? "built in" : engine.package;
  const license = weights?.license ?? engine.license;
  if (weights && isMissing(detail)) {
    const note = [bytes(weights.size), license].filter(Boolean).join(" · ");
    return { word: weights.agree ? "ask" : "fetch", icon: weights.agree ? "lock" : "download", note, runs: false };
  }
  const word = engine.default ? "default" : engine.active ? "active" : "ready";
  const icon = engine.lane === "net" ? "net" : "chip";
  return { word, icon, note: [from, license].filter(Boolean).join(" · "), runs: true };
}
