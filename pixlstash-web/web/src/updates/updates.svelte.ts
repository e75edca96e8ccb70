/** The update check, as the notice above the grid and the settings show it. */
import { call } from "../api/client";
import type { SetUpdates, Updates } from "../api/schema";
import { Resource } from "../state/resource.svelte";

class UpdateCheck {
  readonly #state = new Resource<Updates>();

  get state(): Updates | null {
    return this.#state.answer;
  }
  get problem(): string | null {
    return this.#state.problem;
  }

  async read(): Promise<void> {
    await this.#state.ask((signal) => call("updates", {}, signal));
  }
  async set(change: SetUpdates): Promise<void> {
    await this.#state.ask((signal) => call("set_updates", change, signal));
  }
  async dismiss(version: string): Promise<void> {
    await this.#state.ask((signal) => call("dismiss_update", { version }, signal));
  }
}

export const updates = new UpdateCheck();
