/** The engines of this library, as the server knows them, and what is done with them. */
import { ApiError, get, query, send } from "../api/client";
import type { Combine, EngineDetail, EngineInfo, PluginInfo, Policy } from "../api/engines";
import type { Job } from "../api/types";
import { type Selected, selectionOf, undo } from "../state/actions";
import { library } from "../state/library.svelte";
import { toasts } from "../ui/toasts.svelte";
import { POLICIES } from "./words";

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
  plugins = $state.raw<readonly PluginInfo[]>([]);
  combine = $state<Combine>("union");
  problem = $state<string | null>(null);
  #asked = 0;

  /** Ask for all of it. Menus ask each time they open; an answer that comes late is not taken. */
  async read(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const list = await get<EngineInfo[]>("/engines");
      const details = await Promise.all(list.map(({ id }) => this.#detail(id)));
      if (asked !== this.#asked) return;
      this.list = list;
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
