/** Restores that are asked for here: how far they are, what became of them, and the way back. */
import { ApiError, call } from "../api/client";
import type { Resource, RestoreSnapshot, Snapshot } from "../api/schema";
import { changedFromPast, forget, settled, undo } from "../state/actions";
import { library } from "../state/library.svelte";
import { table } from "../state/table.svelte";
import { toasts } from "../ui/toasts.svelte";
import { called } from "./points";
import { shelf } from "./shelf.svelte";

/** Why it was not done, and what may be said to have it done all the same. */
export interface Refusal {
  detail: string;
  allow: "allow_missing_files" | "allow_without_safety" | null;
}

/** Seconds in which the way back is offered. */
const LONG = 20;

class Restoring {
  /** One that was asked for here goes on. */
  going = $state(false);

  /** Restore everything; null when it is done. */
  async whole(one: Snapshot, ask: RestoreSnapshot): Promise<Refusal | null> {
    if (this.going) return { detail: "Another restore is going on.", allow: null };
    this.going = true;
    await settled();
    try {
      const report = await call("restore_snapshot", { id: one.id, ...ask });
      await this.#renewed();
      this.#say(one, report.safety_snapshot_id);
      return null;
    } catch (error) {
      return refusal(error);
    } finally {
      this.going = false;
    }
  }

  #say(one: Snapshot, safety: number | null): void {
    const back = safety === null ? undefined : { label: "Back", run: () => void this.#back(safety) };
    toasts.drop(this.#said);
    this.#said = toasts.add({ text: `Restored to snapshot ${called(one)}`, action: back, seconds: LONG });
  }

  #said = 0;

  /** To how it was before a restore. */
  async #back(safety: number): Promise<void> {
    await shelf.read();
    const one = shelf.find(safety);
    if (!one) return toasts.bad("The safety snapshot is not there any more");
    const refused = await this.whole(one, { keep_added: true, kinds: null, allow_missing_files: true });
    if (refused) toasts.bad(refused.detail);
  }

  /** Restore some things in one step; null when it is done, "missing" where sets and the like are needed too. */
  async some(
    one: Snapshot,
    resources: readonly Resource[],
    complete: boolean,
    words: string,
  ): Promise<Refusal | "missing" | null> {
    this.going = true;
    await settled();
    try {
      await call("restore_resources", { id: one.id, resources, confirm_restore_dependencies: complete });
      await this.#renewed();
      toasts.done(`${words} restored from snapshot ${called(one)}`, {
        label: "Undo",
        keys: "Ctrl+Z",
        run: () => void undo(),
      });
      return null;
    } catch (error) {
      if (error instanceof ApiError && error.data.code === "missing_dependencies") return "missing";
      return refusal(error);
    } finally {
      this.going = false;
    }
  }

  /** Nothing that was known of the library need still be so; the past stays what it was. */
  async #renewed(): Promise<void> {
    if (library.past) return changedFromPast();
    forget();
    await Promise.all([library.read().catch(() => undefined), table.renew(), shelf.read()]);
  }
}

function refusal(error: unknown): Refusal {
  if (!(error instanceof ApiError)) return { detail: "Something unexpected happened", allow: null };
  const { code } = error.data;
  const allow = code === "files_missing" ? "allow_missing_files" : error.status === 412 ? "allow_without_safety" : null;
  return { detail: error.detail, allow };
}

export const restoring = new Restoring();
