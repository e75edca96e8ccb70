/** Stacks, turns and dates: what changes how pictures lie on the table, which is asked for anew afterwards. */
import { call } from "../api/client";
import { gather, type Gathering, type Selected, type With } from "../state/actions";
import { route } from "../state/route.svelte";
import { table } from "../state/table.svelte";
import { counted } from "../ui/format";
import { toasts } from "../ui/toasts.svelte";

/** Pictures of a choice. */
export function sizeOf({ ranges, lost }: Selected): number {
  return ranges.reduce((n, [from, to]) => n + to - from, lost?.length ?? 0);
}

async function ask<N extends Gathering>(selected: Selected, name: N, what: string, args: With<N>): Promise<void> {
  await gather(selected, name, { failed: `${counted(sizeOf(selected), "picture")} could not be ${what}`, args });
  await table.renew();
}

/** Lay pictures on one stack. */
export function stack(selected: Selected): Promise<void> {
  return ask(selected, "stack", "stacked", {});
}

/** Lay the pictures of their stacks side by side again. */
export function unstack(selected: Selected): Promise<void> {
  return ask(selected, "unstack", "unstacked", {});
}

/** Show a stack by itself: everywhere else its leader stands for it. */
export async function spread(picture: number | undefined): Promise<void> {
  if (picture === undefined) return;
  const found = await call("picture_stack", { id: picture }).catch(() => null);
  if (found) route.go({ q: `stack:${found.id}` });
  else toasts.add({ text: "That picture is in no stack", seconds: 4 });
}

/** By quarters: 1 is to the right. */
export function turn(selected: Selected, quarters: -1 | 1 | 2): Promise<void> {
  return ask(selected, "turn", "turned", { quarters });
}

/** One of: the moment, so many seconds later, the zone their clocks showed, or what their files say. */
export type Redate = { set: string } | { shift: number } | { zone: string } | { reset: true };

export function date(selected: Selected, change: Redate): Promise<void> {
  return ask(selected, "date", "dated", { ...change });
}
