/** How far background work is, in words. */
import type { Job } from "../api/schema";
import { bytes, count, duration, rate } from "../ui/format";

export const WORDS: Readonly<Record<Job["state"], string>> = {
  waiting: "waiting",
  running: "running",
  paused: "paused",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
};

const OPEN: readonly Job["state"][] = ["running", "paused", "waiting"];

/** Work that goes on or will. A repeating job that waits for its next turn is nobody's business. */
export function isOpen(job: Job): boolean {
  return OPEN.includes(job.state) && !(job.state === "waiting" && job.every);
}

/** What counts bytes; all else counts pieces. */
const IN_BYTES: ReadonlySet<string> = new Set(["weights", "backup"]);

function amount(job: Job, n: number): string {
  return IN_BYTES.has(job.kind) ? bytes(n) : count(n);
}

/** Work a second. */
export function speed(job: Job): string {
  if (!job.rate || job.state !== "running") return "";
  return IN_BYTES.has(job.kind) ? `${bytes(job.rate)}/s` : rate(job.rate);
}

/** Seconds until it is done, as far as anybody can tell. */
export function seconds(job: Job): number | null {
  return job.rate && job.total !== null && job.state === "running"
    ? Math.max(0, job.total - job.done) / job.rate
    : null;
}

/** "9,310 left · 44 s" on one line at the sidebar's foot. */
export function left(job: Job): string {
  if (job.state === "paused" || job.state === "waiting") return WORDS[job.state];
  if (job.total === null) return `${amount(job, job.done)} done`;
  const rest = `${amount(job, Math.max(0, job.total - job.done))} left`;
  const wait = seconds(job);
  return wait === null ? rest : `${rest} · ${duration(wait)}`;
}

/** "38,906 of 48,216". */
export function far(job: Job): string {
  return job.total === null ? amount(job, job.done) : `${amount(job, job.done)} of ${amount(job, job.total)}`;
}

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** "44 s left · done 10:52", or the state it is in. */
export function until(job: Job, now: number = Date.now()): string {
  const wait = seconds(job);
  if (wait === null) return job.state === "running" ? "" : WORDS[job.state];
  return `${duration(wait)} left · done ${time.format(new Date(now + wait * 1000))}`;
}

/** Percent. */
export function share(job: Job): number {
  if (job.state === "done") return 100;
  return job.total ? Math.min(100, (100 * job.done) / job.total) : 0;
}

/** A run of an engine that is over and wrote something can be taken back. */
export function canRevert(job: Job): boolean {
  return job.kind === "engine" && !OPEN.includes(job.state) && job.done > 0 && !job.every;
}
