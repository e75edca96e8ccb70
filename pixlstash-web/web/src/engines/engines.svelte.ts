/** The engines of this library, as the server knows them, and what is done with them. */
import { type Answering, type Answers, type Asks, because, call } from "../api/client";
import type {
  EngineDetail,
  EngineInfo,
  Job,
  PluginInfo,
  Policy,
  Rehearsal,
  SetEngine,
  Tagging,
  UninstalledEngine,
} from "../api/schema";
import { type Selected, selectionOf, undo } from "../state/actions";
import { library } from "../state/library.svelte";
import { Resource } from "../state/resource.svelte";
import { toasts } from "../ui/toasts.svelte";
import { ordered, POLICIES } from "./words";

/** Pictures of a rehearsal. */
export const REHEARSED = 20;

export type Change = Omit<SetEngine, "engine">;

interface Lists {
  list: readonly EngineInfo[];
  /** Those that are not installed. */
  away: readonly UninstalledEngine[];
}

class Engines extends Resource<Lists> {
  details = $state.raw<ReadonlyMap<string, EngineDetail>>(new Map());
  /** Id of the one whose page is open. */
  shown: string | null = null;
  /** Jobs of rehearsals begun here, and what came of them, by id of their engine. */
  rehearsing = $state.raw<ReadonlyMap<string, Job["id"]>>(new Map());
  rehearsed = $state.raw<ReadonlyMap<string, Rehearsal>>(new Map());
  plugins = $state.raw<readonly PluginInfo[]>([]);
  combine = $state<Tagging["combine"]>("union");

  get list(): readonly EngineInfo[] | null {
    return this.answer?.list ?? null;
  }

  /** The one to show first: the default of a kind, or else one that can run. */
  get first(): EngineInfo | null {
    const [first] = ordered(this.list ?? []);
    return first ?? null;
  }

  get away(): readonly UninstalledEngine[] {
    return this.answer?.away ?? [];
  }

  /** Ask for all of it. Menus ask each time they open; an answer that comes late is not taken. */
  async read(): Promise<void> {
    let detail: EngineDetail | null = null;
    const found = await this.ask(async (signal) => {
      const [list, away] = await Promise.all([call("engines", {}, signal), call("uninstalled_engines", {}, signal)]);
      const shown = list.find(({ id }) => id === this.shown);
      if (shown) detail = await this.#detail(shown.id);
      return { list, away };
    });
    if (found) this.details = new Map(detail ? [[(detail as EngineDetail).engine.id, detail]] : []);
  }

  /** The same with what only the page of engines shows. */
  async readAll(): Promise<void> {
    const [plugins, tagging] = await Promise.all([
      call("plugin_list").catch(() => []),
      call("tagging").catch(() => null),
      this.read(),
    ]);
    this.plugins = plugins;
    if (tagging) this.combine = tagging.combine;
  }

  #detail(id: string): Promise<EngineDetail | null> {
    return call("engine", { id }).catch(() => null);
  }

  /** Set an engine up; silently without a sentence. @throws ApiError with what is wrong, where that is for its form to say */
  async change(engine: EngineInfo, change: Change, sentence = ""): Promise<void> {
    await call("set_engine", { engine: engine.id, ...change });
    if (!sentence) return;
    toasts.done(sentence, { label: "Undo", keys: "Ctrl+Z", run: () => void undo().then(() => this.readAll()) });
    library.recount();
    await this.readAll();
  }

  /** The same for a press of a button, which says itself what went wrong. */
  async set(engine: EngineInfo, change: Change, sentence = ""): Promise<boolean> {
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

  async combineBy(combine: Tagging["combine"]): Promise<void> {
    const before = this.combine;
    this.combine = combine;
    try {
      await call("set_tagging", { combine });
      library.recount();
    } catch (error) {
      this.combine = before;
      toasts.bad(because(error));
    }
  }

  /** Run one on pictures; without any, on all that it has not looked at. */
  async run(engine: EngineInfo, selected: Selected | null, more: Record<string, unknown> = {}): Promise<Job | null> {
    return this.#begin(engine, "run_engine", async () => ({
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
      await call("allow_host", { engine: engine.id, host, allowed });
      await this.readAll();
    } catch (error) {
      toasts.bad(because(error));
    }
  }

  /** Run it on some pictures and keep nothing: of a choice, or of all. */
  async rehearse(engine: EngineInfo, selected: Selected | null): Promise<void> {
    const job = await this.#begin(engine, "rehearse_engine", async () => ({
      engine: engine.id,
      count: REHEARSED,
      ...(selected && (await selectionOf(selected))),
    }));
    if (job) this.rehearsing = new Map(this.rehearsing).set(engine.id, job.id);
  }

  /** A rehearsal is over: ask what came of it. */
  async told(engine: string, job: Job["id"]): Promise<void> {
    const found = await call("rehearsal", { id: job }).catch(() => null);
    this.rehearsing = new Map([...this.rehearsing].filter(([id]) => id !== engine));
    if (found) this.rehearsed = new Map(this.rehearsed).set(engine, found);
  }

  /** Fetch its weights; `agree` to their licence. */
  fetch(engine: EngineInfo, agree: boolean): Promise<Job | null> {
    return this.#begin(engine, "fetch_weights", async () => ({ engine: engine.id, agree }));
  }

  async #begin<N extends Answering<Job>>(engine: EngineInfo, name: N, args: () => Promise<Asks<N>>) {
    try {
      const job: Job = (await call(name, await args())) as Answers<N> & Job;
      library.heard(job);
      toasts.done(job.label);
      return job;
    } catch (error) {
      toasts.bad(`${engine.label}: ${because(error)}`);
      return null;
    }
  }
}

export const engines = new Engines();
