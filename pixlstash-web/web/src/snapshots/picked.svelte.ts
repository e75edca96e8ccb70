/** What a restore shall be about, instead of everything: pictures, or a set, character or project. */
import { ApiError } from "../api/client";
import type { Entry } from "../sidebar/rows";
import { idsOf, type Selected } from "../state/actions";
import { route } from "../state/route.svelte";
import { count, counted } from "../ui/format";
import { toasts } from "../ui/toasts.svelte";
import type { Resource } from "./restoring.svelte";

/** More than this nobody looks through: whole kinds are restored then. */
const MOST = 10_000;

export interface Pick {
  /** "the 14 selected pictures" */
  title: string;
  resources: readonly Resource[];
}

class Picked {
  pick = $state.raw<Pick | null>(null);

  /** Look at what some pictures were, on the page of snapshots. */
  async pictures(selected: Selected): Promise<void> {
    try {
      const ids = await idsOf(selected);
      if (ids.length > MOST) {
        toasts.bad(`Choose ${count(MOST)} pictures at most, or restore some kinds for all of them`);
        return;
      }
      const title = ids.length === 1 ? "the selected picture" : `the ${counted(ids.length, "selected picture")}`;
      this.#show({ title, resources: ids.map((id) => ({ type: "picture", id })) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toasts.bad(error.detail);
    }
  }

  entry({ kind, id, name }: Entry): void {
    if (kind === "query") return;
    const type = kind === "set" ? "picture_set" : kind;
    this.#show({ title: `the ${kind} ${name}`, resources: [{ type, id }] });
  }

  #show(pick: Pick): void {
    this.pick = pick;
    route.turn("snapshots");
  }
}

export const picked = new Picked();
