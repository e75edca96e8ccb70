/**
 * What a reader does to pictures. Each is painted before the server is asked; requests go one after the other in the
 * order of the keys pressed. A failure takes the paint back and says what failed.
 */
import { type Answering, type Answers, ApiError, type Asks, call } from "../api/client";
import type { Done, Selection } from "../api/schema";
import { BLOCK, type Frozen, type Patch } from "../grid/frozen";
import type { Range } from "../grid/selection";
import { View, type ViewHandle } from "../grid/view";
import { counted } from "../ui/format";
import { toasts } from "../ui/toasts.svelte";
import { library } from "./library.svelte";
import { table } from "./table.svelte";

/** Half-open ranges of indices of a view. */
export type Ranges = readonly Range[];

/** Pictures to act on. `lost`: chosen ones whose index is not known, by id. */
export interface Selected {
  view: ViewHandle;
  ranges: Ranges;
  lost?: readonly number[];
}

/** Operations on pictures that a request names as a selection, and what they ask besides. */
export type Gathering = {
  [N in Answering<Done>]: "ranges" extends keyof Asks<N> ? N : never;
}[Answering<Done>];
export type With<N extends Gathering> = Omit<Asks<N>, keyof Selection>;

/** The one picture at index `i`. */
export function one(view: ViewHandle, i: number): Selected {
  return { view, ranges: [[i, i + 1]] };
}

/** Something done here that can be painted back and again. */
interface Step {
  /** The answer it was painted on; null where nothing of it shows on pictures. */
  frozen: Frozen | null;
  /** As of this revision nothing else has happened since. */
  revision: number;
  back(): unknown;
  again(): unknown;
}

const done: Step[] = [];
const undone: Step[] = [];
/** Steps done to the present while its past is looked at: only these are taken back from there, and done again. */
const fromPast = { undo: 0, redo: 0 };
/** Revisions of our own changes: their events bring no news. */
export const own = new Set<number>();

let queue: Promise<unknown> = Promise.resolve();

/** Run after everything asked before. */
function enqueue<T>(task: () => Promise<T>): Promise<T> {
  const next = queue.then(task);
  queue = next.catch(() => undefined);
  return next;
}

/** Resolves when every change made so far is answered. */
export function settled(): Promise<unknown> {
  return queue;
}

/** Give pictures a score, 0 to 5. */
export async function score(selected: Selected, n: number): Promise<void> {
  const { view, places } = resolve(selected);
  const patch = view.frozen.patch(places, n);
  const failed = n
    ? `${words(selected)} could not be scored ${n}`
    : `The score of ${words(selected)} could not be cleared`;
  await change({
    view,
    selected,
    places,
    name: "score",
    args: { score: n },
    failed,
    ...scored(view.frozen, patch),
  });
}

function scored(frozen: Frozen, patch: Patch): Painted {
  return {
    back: () => frozen.revert(patch),
    again: () => frozen.repaint(patch),
  };
}

/** To the scrapheap. */
export function remove(selected: Selected): Promise<void> {
  return move(selected, "delete", `${words(selected)} could not be moved to the scrapheap`);
}

/** Out of the scrapheap. */
export function restore(selected: Selected): Promise<void> {
  return move(selected, "restore", `${words(selected)} could not be restored`);
}

async function move(selected: Selected, name: "delete" | "restore", failed: string): Promise<void> {
  const { view, places } = resolve(selected);
  const { frozen } = view;
  // The scrapheap's own view loses what is restored, every other view what is thrown away.
  const leaves = (name === "delete") !== library.inScrapheap;
  const again = () => table.present(frozen, places, !leaves);
  again();
  const back = () => table.present(frozen, places, leaves);
  const elsewhere = frozen !== table.view?.frozen;
  await change({ view, selected, places, name, args: {}, failed, again, back });
  if (elsewhere) void table.renew(); // they may still lie on the table
}

/**
 * Change where pictures belong, which shows nowhere on them. `leave`: they belong to this view no longer. Answers
 * whether it was done.
 */
export function gather<N extends Gathering>(
  selected: Selected,
  name: N,
  { failed, leave = false, args }: { failed: string; leave?: boolean; args: With<N> },
): Promise<boolean> {
  const { view, places } = resolve(selected);
  const { frozen } = view;
  const again = () => leave && table.present(frozen, places, false);
  again();
  const back = () => leave && table.present(frozen, places, true);
  return change({ view, selected, places, name, args, failed, again, back });
}

/**
 * Change the library itself. Answers what was done, or null where it could not be: that has been said. `lies`: it
 * changes how pictures lie on the table, so that taking it back asks for the table anew.
 */
export async function organize<N extends Answering<Done>>(
  name: N,
  args: Asks<N>,
  lies = false,
): Promise<Answers<N> | null> {
  return enqueue(async () => {
    try {
      const answer = (await call(name, args)) as Answers<N> & Done;
      acknowledge(answer, lies ? null : { frozen: null, back: () => {}, again: () => {} });
      return answer;
    } catch (error) {
      toasts.bad(because(error));
      return null;
    }
  });
}

/** Pictures as a request names them. @throws ApiError */
export async function selectionOf(selected: Selected): Promise<Selection> {
  const { view, places } = resolve(selected);
  return selected.lost?.length ? { ids: await idsOf(selected) } : { view: view.key, ranges: places };
}

/** Ids of pictures, as a request may name them where it cannot name a view. @throws ApiError */
export function idsOf(selected: Selected): Promise<number[]> {
  const { view, places } = resolve(selected);
  return identify(view, places, selected.lost ?? []);
}

interface Painted {
  back(): unknown;
  again(): unknown;
}

interface Change extends Painted {
  view: View;
  selected: Selected;
  places: Range[];
  name: Gathering;
  args: object;
  failed: string;
}

/** Answers whether it was done; if not, that has been said. */
function change(asked: Change): Promise<boolean> {
  const answered = asked.view.frozen.unsure();
  return enqueue(async () => {
    try {
      acknowledge(await ask(asked), { frozen: asked.view.frozen, back: asked.back, again: asked.again });
      return true;
    } catch (error) {
      asked.back();
      toasts.bad(`${asked.failed}: ${because(error)}`);
      return false;
    } finally {
      answered();
    }
  });
}

/** Say what was done, and remember how to paint it back, if that can be. */
function acknowledge(answer: Done, step: Omit<Step, "revision"> | null): void {
  // What was not painted on the table is news to it.
  if (!step?.frozen || step.frozen === table.view?.frozen) own.add(answer.revision);
  library.reached(answer.revision);
  if (answer.undoable) {
    if (step) done.push({ ...step, revision: answer.revision });
    undone.length = 0;
  }
  const back = answer.undoable ? { label: "Undo", keys: "Ctrl+Z", run: () => void undo() } : undefined;
  toasts.done(answer.sentence, back);
  library.recount();
}

async function ask({ view, selected, places, name, args }: Change): Promise<Done> {
  const send = (which: Selection) => call(name, { ...which, ...args } as Asks<Gathering>);
  try {
    if (selected.lost?.length) return await send({ ids: await identify(view, places, selected.lost) });
    return await send({ view: view.key, ranges: places });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 410) throw error;
  }
  // The server forgot this view. What we know by id can still be named; the rest must be chosen again.
  const ids = await identify(view, places, selected.lost ?? []);
  const answer = await send({ ids });
  void table.renew();
  return answer;
}

/** Ids of places, loading their blocks. @throws ApiError 410 when one is not here and forgotten there */
async function identify({ frozen }: View, places: readonly Range[], lost: readonly number[]): Promise<number[]> {
  const ids = [...lost];
  for (const [from, to] of places)
    for (let place = from; place < to; place++) {
      const block = frozen.block(place) ?? (await frozen.load(place), frozen.block(place));
      if (block) ids.push(block.ids[place % BLOCK] as number);
    }
  return ids;
}

/** Everything may be different now: what was painted here cannot be painted back. */
export function forget(): void {
  done.length = undone.length = 0;
}

/** The present was changed while its past is looked at. */
export function changedFromPast(): void {
  fromPast.undo++;
  fromPast.redo = 0;
  library.changes++;
}

/** Take back what was done last, by whomever this library belongs to. */
export function undo(): Promise<void> {
  return step(
    "undo",
    done,
    undone,
    (one) => one.back(),
    (one) => one.again(),
  );
}

/** Do again what was undone last. */
export function redo(): Promise<void> {
  return step(
    "redo",
    undone,
    done,
    (one) => one.again(),
    (one) => one.back(),
  );
}

async function step(
  name: "undo" | "redo",
  from: Step[],
  to: Step[],
  paint: (one: Step) => void,
  unpaint: (one: Step) => void,
) {
  await enqueue(async () => {
    if (library.past && !fromPast[name]) {
      const text = `There is nothing to ${name}: the past can only be looked at`;
      return void toasts.add({ text, seconds: 4 });
    }
    const last = from.at(-1);
    // If something else happened since, the server's last change is not ours: then ask how things are instead.
    const shown = last && (!last.frozen || last.frozen === table.view?.frozen);
    const ours = shown && last.revision === library.revision ? last : null;
    const answered = ours?.frozen?.unsure();
    if (ours) paint(ours);
    try {
      const answer = await call(name);
      own.add(answer.revision);
      library.reached(answer.revision);
      if (ours) {
        from.pop();
        to.push({ ...ours, revision: answer.revision });
        const previous = from.at(-1);
        if (previous) previous.revision = answer.revision;
      } else if (library.past) {
        fromPast[name]--;
        fromPast[name === "undo" ? "redo" : "undo"]++;
        library.changes++;
      } else {
        from.length = 0;
        void table.renew();
      }
      const back = name === "undo" ? { label: "Redo", keys: "Ctrl+Shift+Z", run: () => void redo() } : undefined;
      toasts.done(answer.sentence, back ?? { label: "Undo", keys: "Ctrl+Z", run: () => void undo() });
      library.recount();
    } catch (error) {
      if (ours) unpaint(ours);
      if (error instanceof ApiError && error.status === 409) toasts.add({ text: error.detail, seconds: 4 });
      else toasts.bad(`${name === "undo" ? "Undo" : "Redo"} failed: ${because(error)}`);
    } finally {
      answered?.();
    }
  });
}

function resolve({ view, ranges }: Selected): { view: View; places: Range[] } {
  if (!(view instanceof View)) throw new TypeError("pictures are acted on in a view of the table");
  return { view, places: view.places(ranges) };
}

function words({ ranges, lost }: Selected): string {
  return counted(
    ranges.reduce((n, [from, to]) => n + to - from, lost?.length ?? 0),
    "picture",
  );
}

function because(error: unknown): string {
  return error instanceof ApiError ? error.detail : "something unexpected happened";
}
