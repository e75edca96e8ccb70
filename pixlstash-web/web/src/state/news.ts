/** What news mean for the table: its order stays until the reader asks, except while a library fills for the first time. */
import { call } from "../api/client";
import type { PicturesAdded, PicturesChanged, PicturesRemoved } from "../api/schema";
import { Frozen } from "../grid/frozen";
import { own, settled } from "./actions";
import { listen } from "./events";
import { library } from "./library.svelte";
import { route } from "./route.svelte";
import { table } from "./table.svelte";
import { restoring } from "../snapshots/restoring.svelte";
import { shelf } from "../snapshots/shelf.svelte";
import { uploads } from "../uploads/uploads.svelte";
import { hiding } from "./hiding.svelte";

/** Milliseconds between two looks at a table that fills by itself, and between two counts of a narrowed view. */
const LIVE = 1000;
const COUNT = 5000;

/** Follow the news until the returned function is called. `untouched`: the reader is at the top and has done nothing. */
export function follow(untouched: () => boolean): () => void {
  let looking: ReturnType<typeof setTimeout> | undefined;

  /** Whether new pictures may appear by themselves. Once they do, the last of them do so too. */
  function live(): boolean {
    table.live = untouched() && (table.live || table.view?.count === 0 || library.filling);
    return table.live;
  }

  function soon(delay: number): void {
    looking ??= setTimeout(async () => {
      await look();
      looking = undefined;
      if (table.added && live()) soon(LIVE);
      else if (!library.filling && !uploads.going && table.view?.count) table.live = false;
    }, delay);
  }

  async function look(): Promise<void> {
    if (live()) await table.renew(true);
    else if (route.q) await compare();
  }

  /** How many more the view would hold: new pictures need not belong to a narrowed one. */
  async function compare(): Promise<void> {
    const view = table.view;
    const asked = { q: route.q, sort: route.sort, veil: hiding.parameter };
    const answer = await call("view", asked).catch(() => null);
    if (!answer || !view || table.view?.frozen !== view.frozen) return;
    table.added = Math.max(0, Frozen.decode(answer).count - view.count);
  }

  function added({ revision, count }: PicturesAdded): void {
    library.reached(revision);
    library.recount();
    if (route.q && !live()) return soon(COUNT);
    table.arrived(revision, count);
    if (live()) soon(table.view?.count ? LIVE : 0);
  }

  async function changed(event: PicturesChanged | PicturesRemoved): Promise<void> {
    const { revision, count, ids } = event;
    await settled(); // an own change may be heard of before it is answered
    library.reached(revision);
    if (own.delete(revision) || shelf.restoring || restoring.going) return; // all is asked anew when it is over
    library.recount();
    table.view?.frozen.doubt(ids.length < count ? undefined : ids);
    if (!("fields" in event) || event.fields.includes("deleted")) table.changed += count;
  }

  async function missed(): Promise<void> {
    void shelf.read();
    await library.read().catch(() => undefined);
    if (!table.view || table.view.frozen.header.revision === library.revision) return;
    table.view.frozen.doubt();
    await compare();
    if (live()) soon(0);
  }

  shelf.onrestored = () => {
    if (restoring.going) return;
    library.recount();
    void table.renew();
  };
  const stop = listen({
    added,
    changed: (event) => void changed(event),
    job: (job) => library.heard(job),
    snapshots: () => void shelf.read(),
    folders: () => {
      void import("../folders/folders.svelte").then(({ folders }) => folders.heard());
      library.recount();
    },
    missed: () => void missed(),
    // Asking anything finds out what is wrong: the bar at the top or the login page say it.
    down: () => void library.read().catch(() => undefined),
  });
  return () => {
    clearTimeout(looking);
    stop();
  };
}
