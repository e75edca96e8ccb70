/** Opens the palette. What is in it is loaded then; what is typed meanwhile belongs to it already. */
import { tick } from "svelte";
import { picker } from "../dialogs/picker.svelte";
import type { Around, Command } from "./palette";

export function openPalette(around: Around): void {
  const loading = import("./palette").then((palette) => ({ ...palette, all: palette.commands(around) }));
  picker.open({
    title: "Commands",
    placeholder: "Search actions, pages, sets, characters…",
    verbs: { plain: "runs" },
    find: async (text) => {
      const { find, all } = await loading;
      return find(all, text);
    },
    async pick([option]) {
      const { run } = await loading;
      await tick(); // the dialog is closed, and the focus is where it was
      run(option as Command);
    },
  });
}
