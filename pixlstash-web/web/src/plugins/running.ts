/** Runs a module of a plugin: loads it, gives it an element and the page's functions, and catches what it throws. */
import { type ApiError, decoded, send } from "../api/client";
import { original, thumbnail } from "../api/images";
import type { PageModuleInfo, Selection } from "../api/schema";
import { keys } from "../state/keys";
import { library } from "../state/library.svelte";
import { route } from "../state/route.svelte";
import { table } from "../state/table.svelte";
import { toasts } from "../ui/toasts.svelte";

/** What a module is about, as of now. */
export interface Context {
  /** The picture that is open, or under the cursor of the grid; null if there is none. */
  picture: { id: number; kind: string; format: string; width: number; height: number } | null;
  query: string;
  /** Changes when anything in the library changes. */
  revision: number;
}

/** The pictures of a menu, in the form in which requests name pictures. */
export type Chosen = Selection & { count: number };

/** What a module is given of the page. `docs/page-modules.md` describes it. */
export interface PluginPage {
  readonly context: Context;
  watch(listener: (context: Context) => void): void;
  request(method: string, path: string, body?: unknown): Promise<unknown>;
  thumbnail(id: number): string;
  original(id: number): string;
  search(query: string): void;
  open(id: number): void;
  toast(text: string): void;
  button(label: string, run: () => unknown): HTMLButtonElement;
  key(key: string, label: string, run: () => unknown): void;
}

type Stop = (() => void) | undefined;
type Shown = (element: HTMLElement, page: PluginPage) => Stop | Promise<Stop>;
type Chooses = (chosen: Chosen, page: PluginPage) => unknown;
type Failed = (problem: string) => void;

/** A failed load is kept by the browser, so each further try has an address of its own. */
let tries = 0;

async function load<F>(module: PageModuleInfo, again: boolean): Promise<F> {
  const address = again ? `${module.address}?try=${++tries}` : module.address;
  const { default: main } = (await import(/* @vite-ignore */ address)) as { default?: unknown };
  if (typeof main !== "function") throw new TypeError("The module has no default export that is a function.");
  return main as F;
}

/** An error of a module, as a sentence. */
export function sentence(error: unknown): string {
  return (error as ApiError | undefined)?.detail ?? (error instanceof Error ? error.message : String(error));
}

/** One module in one element, until `close`. */
export class Running {
  readonly #module: PageModuleInfo;
  readonly #failed: Failed;
  readonly #watchers: ((context: Context) => void)[] = [];
  readonly #undo: (() => void)[] = [];
  #context: Context;
  #closed = false;

  constructor(module: PageModuleInfo, context: Context, failed: Failed) {
    this.#module = module;
    this.#context = context;
    this.#failed = failed;
    this.#listen();
  }

  /** @param again after a failure */
  show(element: HTMLElement, again = false): Promise<void> {
    return this.#guard(async () => {
      const show = await load<Shown>(this.#module, again);
      if (this.#closed) return;
      const stop = await show(element, this.page);
      if (!stop) return;
      if (this.#closed) stop();
      else this.#undo.push(stop);
    });
  }

  update(context: Context): void {
    this.#context = context;
    for (const watcher of this.#watchers) void this.#guard(() => watcher(context));
  }

  close(): void {
    this.#closed = true;
    for (const undo of this.#undo.splice(0)) void this.#guard(undo);
  }

  get page(): PluginPage {
    const guard = (run: () => unknown) => () => void this.#guard(run);
    const current = () => this.#context;
    return {
      get context() {
        return current();
      },
      watch: (listener) => {
        this.#watchers.push(listener);
        void this.#guard(() => listener(this.#context));
      },
      request,
      thumbnail: (id) => thumbnail(id),
      original: (id) => original(id),
      search: (q) => route.go({ q }),
      open: (id) => void table.find(id).then((there) => (there ? route.show(id) : route.go({ q: `id:${id}` }))),
      toast: (text) => void toasts.add({ text }),
      button: (label, run) => {
        const button = document.createElement("button");
        Object.assign(button, { type: "button", className: "b line", textContent: label, onclick: guard(run) });
        return button;
      },
      key: (key, label, run) => {
        if (keys.list().some((binding) => binding.key === key && !binding.ctrl && !binding.shift && !binding.alt))
          throw new Error(`The key ${key} is already in use.`);
        const group = this.#module.title;
        this.#undo.push(keys.add({ key, where: "both", label, group, run: guard(run) }));
      },
    };
  }

  async #guard(run: () => unknown): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!this.#closed) this.#failed(sentence(error));
    }
  }

  /** What is thrown in handlers that the module adds by itself reaches only the window. */
  #listen(): void {
    const folder = this.#module.address.slice(0, this.#module.address.lastIndexOf("/") + 1);
    const of = (trace: unknown) => typeof trace === "string" && trace.includes(folder);
    const thrown = (event: ErrorEvent) => {
      if (of(event.filename)) this.#caught(event, event.error ?? event.message);
    };
    const rejected = (event: PromiseRejectionEvent) => {
      if (event.reason instanceof Error && of(event.reason.stack)) this.#caught(event, event.reason);
    };
    addEventListener("error", thrown);
    addEventListener("unhandledrejection", rejected);
    this.#undo.push(() => {
      removeEventListener("error", thrown);
      removeEventListener("unhandledrejection", rejected);
    });
  }

  #caught(event: Event, error: unknown): void {
    event.preventDefault();
    this.#failed(sentence(error));
  }
}

/** Run the module of a menu entry for the chosen pictures; a failure becomes a toast. */
export async function choose(module: PageModuleInfo, chosen: Chosen): Promise<void> {
  const context = { picture: null, query: route.q, revision: library.info?.revision ?? 0 };
  const running = new Running(module, context, (problem) => toasts.bad(`${module.title}: ${problem}`));
  try {
    const run = await load<Chooses>(module, false);
    await run(chosen, running.page);
  } catch (error) {
    toasts.bad(`${module.title}: ${sentence(error)}`);
  } finally {
    running.close();
  }
}

/** A request to any path of the API; JSON comes decoded, other text as text, and everything else as bytes. */
async function request(method: string, path: string, body?: unknown): Promise<unknown> {
  const init: RequestInit = { method };
  if (body !== undefined) Object.assign(init, jsonBody(body));
  return decoded(await send(path, init));
}

function jsonBody(body: unknown): RequestInit {
  return { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}
