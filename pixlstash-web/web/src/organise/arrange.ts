/** Stacks, turns and dates: what changes how pictures lie on the table, which is asked for anew afterwards. */
import { get } from "../api/client";
import { gather, type Selected } from "../state/actions";
import { route } from "../state/route.svelte";
import { table } from "../state/table.svelte";
import { counted } from "../ui/format";
import { toasts } from "../ui/toasts.svelte";

/** Pictures of a choice. */
export function sizeOf({ ranges, lost }: Selected): number {
  return ranges.reduce((n, [from, to]) => n + to - from, lost?.length ?? 0);
}

async function ask(selected: Selected, path: string, what: string, body: Record<string, unknown> = {}): Promise<void> {
  await gather(selected, path, { failed: `${counted(sizeOf(selected), "picture")} could not be ${what}`, body });
  await table.renew();
}

/** Lay pictures on one stack. */
export function stack(selected: Selected): Promise<void> {
  return ask(selected, "/stacks", "stacked");
}

/** Lay the pictures of their stacks side by side again. */
export function unstack(selected: Selected): Promise<void> {
  return ask(selected, "/stacks/dissolve", "unstacked");
}

/** Show a stack by itself: everywhere else its leader stands for it. */
export async function spread(picture: number): Promise<void> {
  const found = await get<{ id: number }>(`/pictures/${picture}/stack`).catch(() => null);
  if (found) route.go({ q: `stack:${found.id}` });
  else toasts.add({ text: "That picture is in no stack", seconds: 4 });
}

/** By quarters: 1 is to the right. */
export function turn(selected: Selected, quarters: -1 | 1 | 2): Promise<void> {
  return ask(selected, "/pictures/turn", "turned", { quarters });
}

/** One of: the moment, so many seconds later, the zone their clocks showed, or what their files say. */
export type Redate = { set: string } | { shift: number } | { zone: string } | { reset: true };

export function date(selected: Selected, change: Redate): Promise<void> {
  return ask(selected, "/pictures/date", "dated", { ...change });
}
