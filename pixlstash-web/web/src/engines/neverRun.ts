/** Engines that can run now, of kinds that no engine of this library has run for yet. */
import type { EngineInfo } from "../api/schema";
import { ordered, type OutputKind, standing } from "./words";

/** @returns the first engine of the kind that can run without another machine; null if one ran already, or none can */
export function neverRun(list: readonly EngineInfo[], kind: OutputKind): EngineInfo | null {
  const some = list.filter((engine) => engine.kind === kind);
  if (some.some(({ done }) => done > 0)) return null;
  return ordered(some).find((engine) => standing(engine).runs && engine.lane !== "net") ?? null;
}
