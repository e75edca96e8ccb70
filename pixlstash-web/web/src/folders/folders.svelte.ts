/** The reference and import folders of the library, and its stores of plugins, asked again when the server says that one of them changed. */
import { because, call } from "../api/client";
import type { ImportFolder, ReferenceFolder, StoreState } from "../api/schema";
import { library } from "../state/library.svelte";
import { Resource } from "../state/resource.svelte";
import { toasts } from "../ui/toasts.svelte";

class Folders {
  /** A dialog shows them. */
  open = false;
  readonly #resource = new Resource<ReferenceFolder[]>();
  readonly #imports = new Resource<ImportFolder[]>();
  readonly #stores = new Resource<StoreState[]>();

  get list(): readonly ReferenceFolder[] | null {
    return this.#resource.answer;
  }

  get imports(): readonly ImportFolder[] | null {
    return this.#imports.answer;
  }

  get stores(): readonly StoreState[] | null {
    return this.#stores.answer;
  }

  get problem(): string | null {
    return this.#resource.problem ?? this.#imports.problem ?? this.#stores.problem;
  }

  read(): Promise<unknown> {
    return Promise.all([
      this.#resource.ask((signal) => call("folders", {}, signal)),
      this.#imports.ask((signal) => call("import_folders", {}, signal)),
      this.#stores.ask((signal) => call("store_list", {}, signal)),
    ]);
  }

  /** Do something, say so if it failed, and read what came of it. */
  async act(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      toasts.bad(because(error));
    }
    await Promise.all([this.read(), library.read().catch(() => undefined)]);
  }

  /** Something about them is new. */
  heard(): void {
    if (this.open) void this.read();
  }
}

export const folders = new Folders();
