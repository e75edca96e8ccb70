/** What a restore shall be about, instead of everything: pictures, or a set, character or project. */
import { ApiError, call } from "../api/client";
import type { Resource } from "../api/schema";
import type { Entry } from "../sidebar/rows";
import { dialogs } from "../dialogs/dialogs.svelte";
import { idsOf, type Selected } from "../state/actions";
import { route } from "../state/route.svelte";
import { count, counted } from "../ui/format";
import { toasts } from "../ui/toasts.svelte";

/** More than this nobody looks through: whole kinds are restored then. */
const MOST = 10_000;

export interface Pick {
  /** "the 14 selected pictures" */
  title: string;
  resources: readonly Resource[];
}

/** Pictures as what a restore is about; null where that cannot be, which has been said. */
async function pickOf(selected: Selected): Promise<Pick | null> {
  try {
    const ids = await idsOf(selected);
    if (ids.length > MOST) {
      toasts.bad(`Choose ${count(MOST)} pictures at most, or restore some kinds for all of them`);
      return null;
    }
    const title = ids.length === 1 ? "the selected picture" : `the ${counted(ids.length, "selected picture")}`;
    return { title, resources: ids.map((id) => ({ type: "picture", id })) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toasts.bad(error.detail);
    return null;
  }
}

class Picked {
  /** On the page of snapshots. */
  pick = $state.raw<Pick | null>(null);

  /** It was asked for by a command that turns to the page. */
  #asked = false;

  /** Look at what some pictures were: on the page of snapshots, or, in the past, over what is looked at. */
  async pictures(selected: Selected): Promise<void> {
    const pick = await pickOf(selected);
    if (pick) await this.#show(pick);
  }

  /** The page of snapshots is there: it is about what a command named, else about what is selected in the grid. */
  async arrive(selected: Selected | null): Promise<void> {
    const asked = this.#asked;
    this.#asked = false;
    if (asked) return;
    this.pick = null;
    if (selected) this.pick = await pickOf(selected);
  }

  entry({ kind, id, name }: Entry): void {
    if (kind === "query") return;
    const type = kind === "set" ? "picture_set" : kind;
    void this.#show({ title: `the ${kind} ${name}`, resources: [{ type, id }] });
  }

  /** Look at what one picture was by a snapshot, over what is looked at. */
  picture(id: number, snapshot: number): Promise<void> {
    return this.#lay(snapshot, { title: "this picture", resources: [{ type: "picture", id }] });
  }

  async #show(pick: Pick): Promise<void> {
    if (route.asof !== null) return this.#lay(route.asof, pick);
    this.pick = pick;
    this.#asked = route.page !== "snapshots";
    route.turn("snapshots");
  }

  async #lay(snapshot: number, pick: Pick): Promise<void> {
    try {
      dialogs.open("restore", { one: await call("snapshot", { id: snapshot }), pick });
    } catch (error) {
      toasts.bad(error instanceof ApiError ? error.detail : "The snapshot could not be read");
    }
  }
}

export const picked = new Picked();

/** Whether the history of pictures through snapshots is unfolded: it stays so from picture to picture. */
export const past = $state({ open: false });
