/** The restore points there are, what is being done with them, and what went wrong last. The owner's alone. */
import { address, ApiError, call } from "../api/client";
import type { Snapshot, SnapshotStatus, SnapshotWork } from "../api/schema";
import { library } from "../state/library.svelte";
import type { Item } from "../ui/menu.svelte";
import { toasts } from "../ui/toasts.svelte";
import { called } from "./points";

class Shelf {
  /** The newest first; null until they are known. */
  list = $state.raw<readonly Snapshot[] | null>(null);
  status = $state.raw<SnapshotStatus | null>(null);
  problem = $state<string | null>(null);
  /** Verified here without a problem, by id: when. */
  sound = $state.raw<ReadonlyMap<number, number>>(new Map());
  /** Called when a restore that somebody asked for is over. */
  onrestored: () => void = () => {};
  #reading: Promise<void> | null = null;
  #again = false;

  get work(): SnapshotWork | null {
    return this.status?.active_job ?? null;
  }

  /** Nothing of the library is worth asking until it is over. */
  get restoring(): boolean {
    return this.work?.kind === "RESTORE";
  }

  find(id: number | null): Snapshot | undefined {
    return id === null ? undefined : this.list?.find((one) => one.id === id);
  }

  /** Ask how things are. Asked meanwhile, it asks once more. */
  read(): Promise<void> {
    if (!library.owner || library.past) return Promise.resolve();
    if (this.#reading) this.#again = true;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
      if (!this.#again) return;
      this.#again = false;
      void this.read();
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    try {
      const status = await call("snapshot_status");
      // While one goes on only its progress changes.
      const going = status.active_job && this.status?.active_job?.started_at === status.active_job.started_at;
      const restored = this.restoring && status.active_job?.kind !== "RESTORE" && status.active_job?.kind !== "TAKE";
      this.status = status;
      if (restored) this.onrestored();
      if (!going || !this.list) this.list = await call("snapshots");
      this.problem = null;
    } catch (error) {
      if (error instanceof ApiError && error.status !== 0) this.problem = error.detail;
    }
  }

  async take(label: string): Promise<Snapshot | null> {
    const taken = await this.#ask(() => call("take_snapshot", { label: label.trim() || null }));
    if (taken) toasts.done(`Snapshot ${called(taken)} taken and verified`);
    return taken;
  }

  rename(one: Snapshot, label: string): Promise<Snapshot | null> {
    return this.#ask(() => call("edit_snapshot", { id: one.id, label: label.trim() || null }));
  }

  async delete(one: Snapshot): Promise<boolean> {
    const gone = await this.#ask(async () => {
      await call("delete_snapshot", { id: one.id });
      return true;
    });
    if (gone) toasts.done(`Snapshot ${called(one)} deleted`);
    return gone === true;
  }

  async verify(one: Snapshot): Promise<void> {
    const check = await this.#ask(() => call("verify_snapshot", { id: one.id }));
    if (check?.problem) toasts.bad(`Snapshot ${called(one)}: ${check.problem}`);
    else if (check) {
      this.sound = new Map(this.sound).set(one.id, Date.now());
      toasts.done(`Snapshot ${called(one)} was read back: every byte is sound`);
    }
  }

  async automatic(on: boolean): Promise<void> {
    const status = await this.#ask(() => call("set_snapshots", { automatic: on }));
    if (status) this.status = status;
  }

  /** Do something; null where it could not be done: that has been said. */
  async #ask<T>(act: () => Promise<T>): Promise<T | null> {
    try {
      return await act();
    } catch (error) {
      toasts.bad(error instanceof ApiError ? error.detail : "Something unexpected happened");
      return null;
    } finally {
      await this.read();
    }
  }
}

export const shelf = new Shelf();

export interface Acts {
  rename(one: Snapshot): void;
  remove(one: Snapshot): void;
}

export function pointMenu(one: Snapshot, acts: Acts): Item[] {
  const save: Item = { label: "Save as a SQLite file", icon: "download", run: () => download(one) };
  if (library.readonly) return [save];
  return [
    { label: one.label ? "Change the label…" : "Label…", icon: "pencil", keys: "F2", run: () => acts.rename(one) },
    { label: "Verify: read it all back", icon: "tick", run: () => void shelf.verify(one) },
    save,
    "line",
    { label: "Delete…", icon: "scrapheap", keys: "Del", run: () => acts.remove(one) },
  ];
}

function download({ id }: Snapshot): void {
  const link = document.createElement("a");
  link.href = address("export_snapshot", { id });
  link.download = "";
  link.click();
}
