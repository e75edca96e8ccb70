/** The reference folders of the library, asked again when the server says that one of them changed. */
import { call } from "../api/client";
import type { ReferenceFolder } from "../api/schema";
import { Resource } from "../state/resource.svelte";

class Folders {
  /** A dialog shows them. */
  open = false;
  readonly #resource = new Resource<ReferenceFolder[]>();

  get list(): readonly ReferenceFolder[] | null {
    return this.#resource.answer;
  }

  get problem(): string | null {
    return this.#resource.problem;
  }

  read(): Promise<unknown> {
    return this.#resource.ask((signal) => call("folders", {}, signal));
  }

  /** Something about them is new. */
  heard(): void {
    if (this.open) void this.read();
  }
}

export const folders = new Folders();
