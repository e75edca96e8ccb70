/** The engines as a menu offers them for pictures: those that can be run, those to be fetched, those to be installed. */
import type { EngineInfo, OutputKind } from "../api/engines";
import type { About } from "../grid/pictureMenu";
import type { Selected } from "../state/actions";
import { library } from "../state/library.svelte";
import { route } from "../state/route.svelte";
import { toasts } from "../ui/toasts.svelte";
import type { Item, Submenu } from "../ui/menu.svelte";
import { engines } from "./engines.svelte";
import { KINDS, standing } from "./words";

/** The kinds that people choose from a menu, and the key that, with Shift, runs the default one. */
export const OFFERED: readonly { kind: OutputKind; key: string; label: string }[] = [
  { kind: "tag", key: "t", label: "Tag with the default engine" },
  { kind: "caption", key: "d", label: "Describe with the default engine" },
  { kind: "face", key: "f", label: "Find faces with the default engine" },
];

/** Tag with…, describe with…, find faces with…, for the pictures of a menu. */
export function engineMenus(about: About): Submenu[] {
  if (library.readonly || !library.owner) return [];
  return OFFERED.map(({ kind, key }) => {
    const { verb, icon } = KINDS.find((one) => one.kind === kind)!;
    return {
      label: verb,
      icon,
      begin: () => void engines.read(),
      items: () => enginesOf(kind, about, `Shift+${key.toUpperCase()}`),
    };
  });
}

function enginesOf(kind: OutputKind, about: About, keys: string): Item[] {
  if (engines.problem)
    return [{ label: "The engines could not be listed", note: engines.problem, off: true, run() {} }];
  if (!engines.list) return [{ heading: "Asking which there are…" }];
  const all = engines.list.filter((one) => one.kind === kind);
  const runs = all.filter((one) => standing(one, engines.details.get(one.id)).runs);
  const ready = runs.map((engine): Item => {
    const { icon, note, word } = standing(engine, engines.details.get(engine.id));
    return {
      label: engine.label,
      icon: engine.default ? "tick" : icon,
      note: [word === "ready" ? "" : word, note].filter(Boolean).join(" · "),
      keys: engine.default ? keys : undefined,
      run: about((selected) => engines.run(engine, selected)),
    };
  });
  const away = all.filter((one) => !runs.includes(one)).map(fetched);
  const items: Item[] = ready.length ? [{ heading: "Installed" }, ...ready] : [];
  if (away.length) items.push({ heading: "Not fetched" }, ...away);
  if (!items.length) items.push({ label: "None is installed", note: "Plugins bring them", off: true, run() {} });
  return [...items, "line", { label: "Engines…", icon: "tune", run: () => route.turn("engines") }];
}

/** Its page says what that costs, and begins it. */
function fetched(engine: EngineInfo): Item {
  const { icon, note } = standing(engine, engines.details.get(engine.id));
  return { label: engine.label, icon, note, does: "Fetch", run: () => route.turn("engines", engine.id) };
}

/** What the keys do: run the default engine of a kind. */
export async function runDefault(kind: OutputKind, selected: Selected): Promise<void> {
  if (!engines.list) await engines.read();
  const engine = engines.list?.find((one) => one.kind === kind && one.default);
  if (engine) return void engines.run(engine, selected);
  const heading = KINDS.find((one) => one.kind === kind)?.heading.toLowerCase() ?? "engines";
  const choose = { label: "Choose one", run: () => route.turn("engines") };
  toasts.add({ text: `None of the ${heading} is the default`, action: choose });
}
