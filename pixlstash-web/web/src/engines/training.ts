/** What an engine that learns from tags reports of each, by cross-validation. */
import type { TrainingInfo } from "../api/schema";
import { count } from "../ui/format";

/** A share with the ends of its interval of 95 %. */
export type Share = readonly [share: number, low: number, high: number];

/** Of examples with similar probabilities: the mean of these, the share of accepted ones, and the number. */
export type Bin = readonly [probability: number, share: number, count: number];

export interface TagReport {
  id: number;
  yes: number;
  no: number;
  learned?: boolean;
  precision?: Share | null;
  recall?: Share | null;
  error?: Share | null;
  bins?: readonly Bin[];
}

export interface Row {
  id: number;
  name: string;
  yes: number;
  no: number;
  /** Why it has not been learned; empty if it has. */
  why: string;
  report?: TagReport;
}

/** From so many decisions on, intervals are no longer shown. */
const CERTAIN = 500;

/** The tags that have been learned, then those that will be, then those with too few decisions. */
export function rows(info: TrainingInfo): Row[] {
  const given: unknown = info.report["tags"];
  const reports = new Map((Array.isArray(given) ? (given as TagReport[]) : []).map((tag) => [tag.id, tag]));
  return info.tags
    .map(({ id, name, yes, no, enough }) => {
      const report = reports.get(id);
      const why = enough ? waiting(report) : missing(yes, no, info);
      return { id, name, yes, no, why, ...(report?.learned !== false && report ? { report } : {}) };
    })
    .sort((a, b) => Number(!a.report) - Number(!b.report));
}

function waiting(report: TagReport | undefined): string {
  if (!report) return "Not learned yet";
  return report.learned === false ? "No suggestions: your decisions follow no pattern that it could find" : "";
}

function missing(yes: number, no: number, { fewest, of_each }: TrainingInfo): string {
  const parts = [
    yes + no < fewest ? `${count(yes + no)} of ${count(fewest)} decisions` : "",
    yes < of_each ? `${count(yes)} of ${count(of_each)} accepted` : "",
    no < of_each ? `${count(no)} of ${count(of_each)} rejected` : "",
  ];
  return `Not enough decisions yet: ${parts.filter(Boolean).join(", ")}`;
}

const percent = (share: number) => `${Math.round(share * 100)}%`;

/** As "92%", and of few decisions with its interval. */
export function shown(share: Share | null | undefined, { yes, no }: TagReport): string {
  if (!share) return "–";
  const [value, low, high] = share;
  return yes + no < CERTAIN ? `${percent(value)} (${percent(low)}–${percent(high)})` : percent(value);
}

/** What the chart of its calibration shows, in words. */
export function inWords(bins: readonly Bin[]): string {
  return bins.map(([probability, share]) => `of ${percent(probability)}, ${percent(share)} accepted`).join("; ");
}
