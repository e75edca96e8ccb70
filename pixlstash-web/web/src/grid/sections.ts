/** Headings of an order as the scrubber shows them. */
import type { Section } from "../api/schema";

export interface Heading {
  /** Pixels from the top of the scrubber. */
  top: number;
  text: string;
  strong: boolean;
}

const MONTH = /^(\d{4})-(\d{2})$/;
const short = new Intl.DateTimeFormat(undefined, { month: "short", timeZone: "UTC" });
const long = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric", timeZone: "UTC" });

function month(label: string): Date | null {
  const parts = MONTH.exec(label);
  return parts ? new Date(Date.UTC(Number(parts[1]), Number(parts[2]) - 1, 1)) : null;
}

/** A section's label in full: "November 2026" for 2026-11, others as they are. */
export function labelOf(label: string): string {
  const date = month(label);
  return date ? long.format(date) : label;
}

/**
 * Those headings that fit, at least `apart` pixels from each other. Years go before months.
 * @param at pixels from the top of each section
 */
export function headings(sections: readonly Section[], at: readonly number[], apart: number): Heading[] {
  const all = sections.map(({ label }, n): Heading => {
    const date = month(label);
    const year = label.slice(0, 4);
    const first = date !== null && sections[n - 1]?.label.slice(0, 4) !== year;
    return { top: at[n] ?? 0, text: date && !first ? short.format(date) : date ? year : label, strong: first };
  });
  const kept: Heading[] = [];
  for (const strong of [true, false])
    for (const one of all)
      if (one.strong === strong && kept.every((other) => Math.abs(other.top - one.top) >= apart)) kept.push(one);
  return kept.sort((a, b) => a.top - b.top);
}

/** The outline of how many pictures a section holds, as SVG points in a field 48 wide. */
export function silhouette(
  sections: readonly Section[],
  count: number,
  tops: readonly number[],
  end: number,
  track: number,
  edge: number,
): string {
  if (sections.length < 2) return "";
  const sizes = sections.map(({ start }, n) => (sections[n + 1]?.start ?? count) - start);
  const most = Math.max(...sizes);
  const points = sizes.map((size, n) => {
    const from = tops[n] ?? 0;
    const to = Math.min(end, tops[n + 1] ?? end);
    const y = edge + (track * (Math.min(end, from) + to)) / 2 / Math.max(1, end);
    return `${(45 - 30 * Math.sqrt(size / most)).toFixed(1)},${y.toFixed(1)}`;
  });
  return `48,${edge} 44,${edge} ${points.join(" ")} 44,${edge + track} 48,${edge + track}`;
}
