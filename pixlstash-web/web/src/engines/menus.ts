/** The engines as a menu offers them for pictures: those that can be run, those to be fetched, those to be installed. */
import type { EngineInfo, UninstalledEngine } from "../api/schema";
import type { About } from "../grid/pictureMenu";
import type { Selected } from "../state/actions";
import { library } from "../state/library.svelte";
import { route } from "../state/route.svelte";
import { copyText } from "../ui/copy";
import { toasts } from "../ui/toasts.svelte";
import type { Item, Submenu } from "../ui/menu.svelte";
import { engines, REHEARSED } from "./engines.svelte";
import { OFFERED } from "./offered";
import { KINDS, type OutputKind, priced, standing } from "./words";

/**
 * Tag with and Describe with, for the pictures of a menu; other `kinds` where they are named.
 * @param keyed whether the default engines have keys there
 */
export function engineMenus(
  about: About,
  keyed: boolean,
  kinds: readonly OutputKind[] = ["tag", "caption"],
): Submenu[] {
  if (library.readonly || !library.owner) return [];
  return OFFERED.filter(({ kind }) => kinds.includes(kind)).map(({ kind, key }) => {
    const { verb, icon } = KINDS.find((one) => one.kind === kind)!;
    return {
      label: verb,
      icon,
      begin: () => void engines.read(),
      items: () => enginesOf(kind, about, keyed ? `Shift+${key.toUpperCase()}` : undefined),
    };
  });
}

const nothing = () => undefined;

function enginesOf(kind: OutputKind, about: About, keys: string | undefined): Item[] {
  const { list, away, problem } = engines;
  if (problem) return [{ label: "The engines could not be listed", note: problem, off: true, run: nothing }];
  if (!list) return [{ heading: "Asking which there are…" }];
  const all = list.filter((one) => one.kind === kind);
  const runs = all.filter((one) => standing(one).runs);
  const ready = runs.map((engine) => ran(engine, about, keys));
  const fetched = all.filter(({ state }) => state === "fetch").map((engine) => turned(engine, "Fetch"));
  const off = all
    .filter(({ state }) => state === "allow" || state === "set")
    .map((engine) => turned(engine, engine.state === "set" ? "Set up" : "Allow"));
  const others = away.filter((one) => one.kind === kind).map(installed);
  const items = [
    ...headed("Installed", [...ready, ...off]),
    ...headed("Not fetched", fetched),
    ...headed("Not installed", others),
  ];
  if (!items.length) items.push({ label: "There is none yet", note: "Plugins bring them", off: true, run: nothing });
  items.push("line");
  const first = runs.find((one) => one.default) ?? runs[0];
  if (first) {
    const rehearse = about((selected) => {
      route.turn("engines", first.id);
      return engines.rehearse(first, selected);
    });
    items.push({
      label: `Rehearse ${first.label}`,
      note: `On ${REHEARSED} of these at most; keeps nothing`,
      icon: "retry",
      run: rehearse,
    });
  }
  return [...items, { label: "Engines…", icon: "tune", run: () => route.turn("engines") }];
}

function headed(heading: string, items: Item[]): Item[] {
  return items.length ? [{ heading }, ...items] : [];
}

function ran(engine: EngineInfo, about: About, keys: string | undefined): Item {
  const { icon, note, word } = standing(engine);
  return {
    label: engine.label,
    icon: engine.default && icon !== "net" ? "tick" : icon,
    note: [word === "ready" ? "" : word, note].filter(Boolean).join(" · "),
    keys: engine.default ? keys : undefined,
    run: about((selected) => engines.run(engine, selected)),
  };
}

/** Its page says what that costs, or what is sent where, and begins it. */
function turned(engine: EngineInfo, does: string): Item {
  const { icon, note } = standing(engine);
  return { label: engine.label, icon, note, does, run: () => route.turn("engines", engine.id) };
}

/** PixlStash installs nothing itself: the command is there to be copied. */
function installed(engine: UninstalledEngine): Item {
  const note = [priced(engine), engine.pip].filter(Boolean).join("\n");
  return { label: engine.label, icon: "plus", note, does: "Copy", run: () => void copyPip(engine) };
}

export async function copyPip({ pip }: UninstalledEngine): Promise<void> {
  const copied = await copyText(pip);
  toasts.add({ text: copied ? `Copied: ${pip}. Run it, then start PixlStash again` : pip });
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
