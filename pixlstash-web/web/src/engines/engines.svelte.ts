/** The engines of this library, as the server knows them, and what is done with them. */
import { ApiError, get, query, send } from "../api/client";
import type {
  Combine,
  EngineDetail,
  EngineInfo,
  PluginInfo,
  Policy,
  Rehearsal,
  UninstalledEngine,
} from "../api/engines";
import type { Job } from "../api/types";
import { type Selected, selectionOf, undo } from "../state/actions";
import { library } from "../state/library.svelte";
import { toasts } from "../ui/toasts.svelte";
import { POLICIES } from "./words";

/** Pictures of a rehearsal. */
export const REHEARSED = 20;

export interface Change {
  params?: Record<string, unknown>;
  secrets?: Record<string, string>;
  default?: boolean;
  policy?: Policy;
  threshold?: number;
}

class Engines {
  list = $state.raw<readonly EngineInfo[] | null>(null);
  details = $state.raw<ReadonlyMap<string, EngineDetail>>(new Map());
  /** Those that are not installed. */
  away = $state.raw<readonly UninstalledEngine[]>([]);
  /** Id of the one whose page is open. */
  shown: string | null = null;
  /** Jobs of rehearsals begun here, and what came of them, by id of their engine. */
  rehearsing = $state.raw<ReadonlyMap<string, Job["id"]>>(new Map());
  rehearsed = $state.raw<ReadonlyMap<string, Rehearsal>>(new Map());
  plugins = $state.raw<readonly PluginInfo[]>([]);
  combine = $state<Combine>("union");
  problem = $state<string | null>(null);
  #asked = 0;

  /** Ask for all of it. Menus ask each time they open; an answer that comes late is not taken. */
  async read(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const [list, away] = await Promise.all([
        get<EngineInfo[]>("/engines"),
        get<UninstalledEngine[]>("/engines/uninstalled"),
      ]);
      const wanted = list.filter(({ id }) => id === this.shown);
      const details = await Promise.all(wanted.map(({ id }) => this.#detail(id)));
      if (asked !== this.#asked) return;
      this.list = list;
      this.away = away;
      this.details = new Map(details.flatMap((one) => (one ? [[one.engine.id, one]] : [])));
      this.problem = null;
    } catch (error) {
      if (asked === this.#asked) this.problem = because(error);
    }
  }

  /** The same with what only the page of engines shows. */
  async readAll(): Promise<void> {
    const [plugins, tagging] = await Promise.all([
      get<PluginInfo[]>("/plugins").catch(() => []),
      get<{ combine: Combine }>("/tags/combine").catch(() => null),
      this.read(),
    ]);
    this.plugins = plugins;
    if (tagging) this.combine = tagging.combine;
  }

  #detail(id: string): Promise<EngineDetail | null> {
    return get<EngineDetail>(`/engines/named${query({ id })}`).catch(() => null);
  }

  /** Set an engine up. @throws ApiError with what is wrong, where that is for its form to say */
  async change(engine: EngineInfo, change: Change, sentence: string): Promise<void> {
    await send<EngineInfo>("POST", "/engines/settings", { engine: engine.id, ...change });
    toasts.done(sentence, { label: "Undo", keys: "Ctrl+Z", run: () => void undo().then(() => this.readAll()) });
    library.recount();
    await this.readAll();
  }

  /** The same for a press of a button, which says itself what went wrong. */
  async set(engine: EngineInfo, change: Change, sentence: string): Promise<boolean> {
    try {
      await this.change(engine, change, sentence);
      return true;
    } catch (error) {
      toasts.bad(because(error));
      return false;
    }
  }

  async policy(engine: EngineInfo, policy: Policy): Promise<boolean> {
    const words = POLICIES.find((one) => one.policy === policy)?.label ?? "";
    return this.set(engine, { policy }, `${engine.label}: ${words}`);
  }

  async combineBy(combine: Combine): Promise<void> {
    const before = this.combine;
    this.combine = combine;
    try {
      await send("PUT", `/tags/combine${query({ combine })}`);
      library.recount();
    } catch (error) {
      this.combine = before;
      toasts.bad(because(error));
    }
  }

  /** Run one on pictures; without any, on all that it has not looked at. */
  async run(engine: EngineInfo, selected: Selected | null, more: Record<string, unknown> = {}): Promise<Job | null> {
    return this.#begin(engine, "/engines/run", async () => ({
      engine: engine.id,
      ...more,
      ...(selected && (await selectionOf(selected))),
    }));
  }

  /** Show one: what only its page shows is asked for. */
  async show(id: string): Promise<void> {
    this.shown = id;
    if (this.details.has(id)) return;
    const detail = await this.#detail(id);
    if (detail) this.details = new Map(this.details).set(id, detail);
  }

  /** Let it send pictures to a host, or no longer. */
  async allow(engine: EngineInfo, host: string, allowed: boolean): Promise<void> {
    try {
      await send("POST", "/engines/allow", { engine: engine.id, host, allowed });
      await this.readAll();
    } catch (error) {
      toasts.bad(because(error));
    }
  }

  /** Run it on some pictures and keep nothing: of a choice, or of all. */
  async rehearse(engine: EngineInfo, selected: Selected | null): Promise<void> {
    const job = await this.#begin(engine, "/engines/rehearse", async () => ({
      engine: engine.id,
      count: REHEARSED,
      ...(selected && (await selectionOf(selected))),
    }));
    if (job) this.rehearsing = new Map(this.rehearsing).set(engine.id, job.id);
  }

  /** A rehearsal is over: ask what came of it. */
  async told(engine: string, job: Job["id"]): Promise<void> {
    const found = await get<Rehearsal>(`/engines/rehearsals/${job}`).catch(() => null);
    this.rehearsing = new Map([...this.rehearsing].filter(([id]) => id !== engine));
    if (found) this.rehearsed = new Map(this.rehearsed).set(engine, found);
  }

  /** Fetch its weights; `agree` to their licence. */
  fetch(engine: EngineInfo, agree: boolean): Promise<Job | null> {
    return this.#begin(engine, "/engines/fetch", async () => ({ engine: engine.id, agree }));
  }

  async #begin(engine: EngineInfo, path: string, body: () => Promise<unknown>): Promise<Job | null> {
    try {
      const job = await send<Job>("POST", path, await body());
      library.heard(job);
      toasts.done(job.label);
      return job;
    } catch (error) {
      toasts.bad(`${engine.label}: ${because(error)}`);
      return null;
    }
  }
}

export function because(error: unknown): string {
  return error instanceof ApiError ? error.detail : "something unexpected happened";
}

export const engines = new Engines();
