/** Who is looking, at which library, and whether the server is there. */
import { call, watch } from "../api/client";
import type { Job, LibraryInfo, SessionInfo, Sidebar } from "../api/schema";
import { route } from "./route.svelte";
import { hiding } from "./hiding.svelte";

/** Milliseconds between two attempts to reach a server that is gone. */
const RETRY = 2500;
/** Milliseconds until counts are asked for again that the server does not know yet. */
const UNKNOWN = 1500;

class Library {
  session = $state.raw<SessionInfo | null>(null);
  info = $state.raw<LibraryInfo | null>(null);
  jobs = $state.raw<readonly Job[]>([]);
  sidebar = $state.raw<Sidebar | null>(null);
  /** The server cannot be reached. */
  lost = $state(false);
  /** Somebody must log in (again); the address stays. */
  locked = $state(false);
  /** How often the present was changed from here while its past is looked at. */
  changes = $state(0);
  /** The latest revision known here. */
  revision = 0;

  #counting: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** The library can be changed from here, whether it or its past is looked at. */
  get changeable(): boolean {
    return this.session !== null && !this.session.read_only && this.session.rights !== "read";
  }

  /** What is looked at cannot be changed. */
  get readonly(): boolean {
    return !this.changeable || this.past;
  }

  /** What is looked at can be brought back into the present. */
  get returnable(): boolean {
    return this.past && this.owner && this.changeable;
  }

  /** It is looked at as it was in a snapshot. */
  get past(): boolean {
    return route.asof !== null;
  }

  get owner(): boolean {
    return this.session?.rights === "owner";
  }

  /** The query asks for pictures in the scrapheap. */
  get inScrapheap(): boolean {
    return /(^|\s)is:scrapheap(\s|$)/.test(route.q);
  }

  /** Everything there is, or nearly, came by an import that still runs. */
  get filling(): boolean {
    const most = (this.info?.pictures ?? 0) * 0.98 - 50;
    return this.jobs.some((job) => job.lane === "io" && job.state === "running" && job.done >= most);
  }

  /** Keep track of whether requests arrive, and ask again while they do not; returns how to stop. */
  start(): () => void {
    let retry: ReturnType<typeof setTimeout> | undefined;
    const stop = watch((outcome) => {
      this.lost = outcome === "unreachable";
      if (outcome === "unauthorised") this.locked = true;
      clearTimeout(retry);
      if (this.lost && this.session) retry = setTimeout(() => void this.read().catch(() => undefined), RETRY);
    });
    return () => {
      clearTimeout(retry);
      stop();
    };
  }

  reached(revision: number): void {
    this.revision = Math.max(this.revision, revision);
  }

  async read(): Promise<void> {
    const [info, sidebar, jobs] = await Promise.all([call("info"), this.#bar(), call("jobs").catch(() => null)]);
    this.info = info;
    this.sidebar = sidebar;
    this.jobs = jobs ?? info.running;
    this.reached(info.revision);
  }

  /** Ask for the sidebar again, now: something in it was made, changed or deleted here. */
  async refresh(): Promise<void> {
    const sidebar = await this.#bar().catch(() => null); // the bar at the top says it
    if (sidebar) this.sidebar = sidebar;
  }

  async #bar(): Promise<Sidebar> {
    const veil = hiding.parameter;
    const bar = await call("sidebar", { veil });
    if (veil !== hiding.parameter) return this.#bar(); // it was lifted or let down meanwhile
    const { waiting } = bar;
    clearTimeout(this.#again);
    if (waiting && (waiting.faces === null || waiting.tags === null))
      this.#again = setTimeout(() => void this.refresh(), UNKNOWN);
    return bar;
  }

  /** Ask for the counts again, soon and once for many changes. */
  recount(): void {
    this.#counting ??= setTimeout(async () => {
      this.#counting = undefined;
      await this.read().catch(() => undefined); // the bar at the top says it
    }, 400);
  }

  heard(job: Job): void {
    const at = this.jobs.findIndex((one) => one.id === job.id);
    this.jobs = at < 0 ? [job, ...this.jobs] : this.jobs.with(at, job);
    if (job.state !== "running" && job.state !== "waiting") this.recount();
  }
}

export const library = new Library();
